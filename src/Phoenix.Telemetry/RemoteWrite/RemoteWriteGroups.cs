using System.IO.Hashing;

namespace Phoenix.Telemetry;

/// <summary>
/// Puts the series of a request into the order that OTLP asks: by resource, then by metric. Series are linked, not sorted;
/// whatever the order of the input, each resource and metric is written once.
/// </summary>
internal sealed class RemoteWriteGroups
{
    /// <param name="SamplesAt">Where its samples may begin.</param>
    /// <param name="FirstLabel">The first of its labels that become attributes, in <see cref="Labels"/>.</param>
    public record struct OneSeries(
        int Start, int Length, int Number, int Next, int SamplesAt, int Samples, int Histograms, int Exemplars, int FirstLabel, int EndOfLabels);

    /// <summary>The series of one name in one resource that are all samples or all native histograms.</summary>
    public record struct Metric(LabelRange Name, bool Native, bool Edged, int FirstSeries, int LastSeries, int Next);

    public record struct Resource(LabelRange Job, LabelRange Instance, int FirstMetric, int LastMetric);

    private readonly IdentityTable resourceNumbers = new();
    private readonly IdentityTable metricNumbers = new();

    public List<OneSeries> Series { get; } = [];

    /// <summary>Labels that become attributes, series by series.</summary>
    public List<LabelRange> Labels { get; } = [];

    public List<Metric> Metrics { get; } = [];

    public List<Resource> Resources { get; } = [];

    /// <summary>Whether any series has exemplars.</summary>
    public bool Exemplars { get; private set; }

    public void Clear()
    {
        Series.Clear();
        Labels.Clear();
        Metrics.Clear();
        Resources.Clear();
        resourceNumbers.Clear();
        metricNumbers.Clear();
        Exemplars = false;
    }

    public void Add(ReadOnlySpan<byte> request, RemoteWriteSeries series, int start, int length, int number)
    {
        Exemplars |= series.Exemplars > 0;
        var first = Labels.Count;
        foreach (var label in series.Labels)
        {
            if (label.ValueLength > 0 && label != series.Name && label != series.Job && label != series.Instance)
                Labels.Add(label);
        }

        var entry = new OneSeries(start, length, number, -1, series.SamplesAt, series.Samples, series.Histograms, series.Exemplars, first, Labels.Count);
        // A series may have both; what is not of its group is passed over when the group is written.
        if (series.Histograms > 0)
            Add(request, series, entry, native: true);
        if (series.Samples > 0 || series.Histograms == 0)
            Add(request, series, entry, native: false);
    }

    private void Add(ReadOnlySpan<byte> request, RemoteWriteSeries series, OneSeries entry, bool native)
    {
        var metric = Find(request, series, native);
        Series.Add(entry);
        var at = Series.Count - 1;
        var of = Metrics[metric];
        if (of.FirstSeries < 0)
            of.FirstSeries = at;
        else
            Series[of.LastSeries] = Series[of.LastSeries] with { Next = at };
        of.LastSeries = at;
        of.Edged |= series.Edged;
        Metrics[metric] = of;
    }

    private int Find(ReadOnlySpan<byte> request, RemoteWriteSeries series, bool native)
    {
        // Most senders write the series of a metric next to each other.
        if (Metrics.Count > 0 && Metrics[^1].Native == native && Same(request, Metrics[^1].Name, series.Name)
            && Same(request, Resources[^1].Job, series.Job) && Same(request, Resources[^1].Instance, series.Instance)
            && Resources[^1].LastMetric == Metrics.Count - 1)
            return Metrics.Count - 1;

        var target = XxHash128.HashToUInt128(Value(request, series.Job), 1) + XxHash128.HashToUInt128(Value(request, series.Instance), 2);
        var resource = resourceNumbers.Find(target);
        if (resource < 0)
        {
            resource = Resources.Count;
            Resources.Add(new Resource(series.Job, series.Instance, -1, -1));
            resourceNumbers.Add(target, resource);
        }

        var key = target + XxHash128.HashToUInt128(Value(request, series.Name), native ? 3 : 4);
        var metric = metricNumbers.Find(key);
        if (metric >= 0)
            return metric;
        metric = Metrics.Count;
        Metrics.Add(new Metric(series.Name, native, false, -1, -1, -1));
        metricNumbers.Add(key, metric);
        var of = Resources[resource];
        if (of.FirstMetric < 0)
            of.FirstMetric = metric;
        else
            Metrics[of.LastMetric] = Metrics[of.LastMetric] with { Next = metric };
        of.LastMetric = metric;
        Resources[resource] = of;
        return metric;
    }

    private static bool Same(ReadOnlySpan<byte> request, LabelRange a, LabelRange b) => Value(request, a).SequenceEqual(Value(request, b));

    private static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> request, LabelRange label) => request.Slice(label.Value, label.ValueLength);
}
