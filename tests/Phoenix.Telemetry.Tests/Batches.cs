using System.Globalization;

namespace Phoenix.Telemetry.Tests;

/// <summary>Collects what a processor writes.</summary>
internal sealed class Sink : IBatchSink
{
    public List<byte[]> Batches { get; } = [];

    public void Write(ReadOnlySpan<byte> batch) => Batches.Add(batch.ToArray());

    public List<byte[]> Drain()
    {
        List<byte[]> drained = [.. Batches];
        Batches.Clear();
        return drained;
    }
}

/// <summary>One decoded number point, for assertions.</summary>
internal sealed record Seen(
    string Metric, string Labels, ulong Start, ulong Time, double Value, bool IsInteger, bool Ends, ulong Count, string Buckets, string Resource);

internal static class Batches
{
    public const ulong Second = 1_000_000_000;

    /// <summary>A time in whole seconds, far enough from zero to be a real one.</summary>
    public static ulong At(double seconds) => 1_700_000_000 * Second + (ulong)(seconds * Second);

    public static byte[] Write(Action<OtlpWriter> metrics, params (string Key, object Value)[] resource)
    {
        var writer = new OtlpWriter();
        writer.BeginResource();
        foreach (var (key, value) in resource)
        {
            if (value is string text)
                writer.ResourceAttribute(key, text);
            else
                writer.ResourceAttribute(key, Convert.ToInt64(value, CultureInfo.InvariantCulture));
        }

        writer.BeginScope("test", "1");
        metrics(writer);
        writer.EndScope();
        writer.EndResource();
        return writer.WrittenSpan.ToArray();
    }

    public static byte[] Counter(string name, double at, params (string Labels, long Value)[] points) =>
        Write(w => w.CounterPoints(name, at, 0, points), ("service.name", "shop"));

    public static void CounterPoints(this OtlpWriter writer, string name, double at, ulong start, params (string Labels, long Value)[] points)
    {
        writer.BeginSum(name, "1", "", monotonic: true, Temporality.Cumulative);
        foreach (var (labels, value) in points)
        {
            writer.BeginPoint(start, At(at));
            writer.Labels(labels);
            writer.EndPoint(value);
        }

        writer.EndMetric();
    }

    /// <summary>A point that says "no recorded value".</summary>
    public static void CounterEnds(this OtlpWriter writer, string name, double at, string labels)
    {
        writer.BeginSum(name, "1", "", monotonic: true, Temporality.Cumulative);
        writer.BeginPoint(0, At(at));
        writer.Labels(labels);
        writer.EndPointWithoutValue();
        writer.EndMetric();
    }

    public static byte[] Level(string name, double at, params (string Labels, long Value)[] points) =>
        Write(
            w =>
            {
                w.BeginSum(name, "1", "", monotonic: false, Temporality.Cumulative);
                foreach (var (labels, value) in points)
                {
                    w.BeginPoint(0, At(at));
                    w.Labels(labels);
                    w.EndPoint(value);
                }

                w.EndMetric();
            },
            ("service.name", "shop"));

    public static byte[] Gauge(string name, double at, params (string Labels, double Value)[] points) =>
        Write(
            w =>
            {
                w.BeginGauge(name, "1", "");
                foreach (var (labels, value) in points)
                {
                    w.BeginPoint(0, At(at));
                    w.Labels(labels);
                    w.EndPoint(value);
                }

                w.EndMetric();
            },
            ("service.name", "shop"));

    public static byte[] Histogram(string name, double at, params (string Labels, ulong[] Buckets, double[] Bounds)[] points) =>
        Write(
            w =>
            {
                w.BeginHistogram(name, "s", "", Temporality.Cumulative);
                foreach (var (labels, buckets, bounds) in points)
                {
                    w.BeginPoint(0, At(at));
                    w.Labels(labels);
                    ulong count = 0;
                    foreach (var bucket in buckets)
                        count += bucket;
                    w.EndHistogramPoint(count, count * 0.5, buckets, bounds);
                }

                w.EndMetric();
            },
            ("service.name", "shop"));

    /// <summary>Labels as <c>a=1,b=2</c>.</summary>
    public static void Labels(this OtlpWriter writer, string labels)
    {
        foreach (var pair in labels.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            writer.Attribute(pair[..at], pair[(at + 1)..]);
        }
    }

    public static List<Seen> Read(IEnumerable<byte[]> batches)
    {
        var seen = new List<Seen>();
        foreach (var batch in batches)
        {
            OtlpReader.Validate(batch);
            var reader = new OtlpReader(batch);
            while (reader.NextResource())
            {
                var resource = Text(reader.Resource, Attributes.OfResource);
                while (reader.NextScope())
                {
                    while (reader.NextMetric())
                    {
                        var name = System.Text.Encoding.UTF8.GetString(reader.MetricName);
                        while (reader.NextPoint())
                        {
                            var p = reader.ReadPoint();
                            var buckets = new List<ulong>();
                            for (var i = 0; i < p.BucketCounts.Length / 8; i++)
                                buckets.Add(p.Bucket(i));
                            seen.Add(new Seen(
                                name, Text(reader.Point, Attributes.FieldOf(reader.Type)), p.StartUnixNanos, p.UnixNanos, p.Number, p.IsInteger,
                                p.NoRecordedValue, p.Count, string.Join(' ', buckets), resource));
                        }
                    }
                }
            }
        }

        return seen;
    }

    private static string Text(ReadOnlySpan<byte> owner, int field)
    {
        var pairs = new List<string>();
        var attributes = new Attributes(owner, field);
        while (attributes.Next())
        {
            var value = new ProtoCursor(attributes.Current.Value, 0);
            var text = !value.Next() ? "" : value.Field == 1 ? System.Text.Encoding.UTF8.GetString(value.Content) : ((long)value.Scalar).ToString(CultureInfo.InvariantCulture);
            pairs.Add($"{System.Text.Encoding.UTF8.GetString(attributes.Current.Key)}={text}");
        }

        pairs.Sort(StringComparer.Ordinal);
        return string.Join(',', pairs);
    }
}

/// <summary>Components that take decoded batches, given bytes.</summary>
internal static class Decoding
{
    public static void Process(this IMetricProcessor processor, ReadOnlySpan<byte> batch, long unixNanos, IBatchSink output, bool isFolded = false)
    {
        var decoder = new BatchDecoder();
        processor.Process(decoder.Decode(batch) with { IsFolded = isFolded }, unixNanos, output);
    }

    public static void ObserveInput(this ArmMeter meter, ReadOnlySpan<byte> batch) => meter.ObserveInput(batch, (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100);

    public static void ObserveInput(this ArmMeter meter, ReadOnlySpan<byte> batch, long unixNanos)
    {
        var decoder = new BatchDecoder();
        meter.ObserveInput(decoder.Decode(batch), unixNanos);
    }
}

/// <summary>A pipeline of one reducer between two meters' eyes, as a collector arm runs it.</summary>
internal sealed class Arm
{
    private readonly IMetricProcessor[] processors;
    private readonly Sink sink = new();

    public Arm(params IMetricProcessor[] processors)
        : this([], processors)
    {
    }

    public Arm(string[] guarded, params IMetricProcessor[] processors)
    {
        this.processors = processors;
        Meter = new ArmMeter(new ArmMeterOptions
        {
            Folds = [.. processors.SelectMany(p => p.Folds)],
            Processors = processors,
            ProtectedMetrics = guarded,
        });
    }

    public ArmMeter Meter { get; }

    public List<byte[]> Output { get; } = [];

    /// <summary>Changes what leaves, to plant a fault.</summary>
    public Func<byte[], byte[]?> Fault { get; set; } = batch => batch;

    public void Send(double at, byte[] batch)
    {
        Meter.ObserveInput(batch, (long)Batches.At(at));
        Chain(0, sink => processors[0].Process(batch, (long)Batches.At(at), sink), at);
    }

    public void Flush(double at)
    {
        for (var i = 0; i < processors.Length; i++)
        {
            var index = i;
            Chain(index, sink => processors[index].Flush((long)Batches.At(at), sink), at, isFolded: true);
        }
    }

    public MeterWindow Cut(double at)
    {
        Flush(at);
        return Meter.Cut();
    }

    /// <summary>Others of the same configuration go on from what the reducers wrote after a flush.</summary>
    public void Restart(double at, params IMetricProcessor[] successors)
    {
        Flush(at);
        using var kept = new MemoryStream();
        var writer = new StateWriter(kept);
        foreach (var reducer in processors.OfType<IReducer>())
            reducer.Save(writer);
        writer.Finish();
        var reader = new StateReader(kept);
        successors.CopyTo(processors, 0);
        foreach (var reducer in processors.OfType<IReducer>())
            reducer.Restore(reader);
    }

    private void Chain(int index, Action<IBatchSink> call, double at, bool isFolded = false)
    {
        call(sink);
        foreach (var batch in sink.Drain())
        {
            if (index + 1 < processors.Length)
            {
                Chain(index + 1, next => processors[index + 1].Process(batch, (long)Batches.At(at), next, isFolded), at, isFolded);
            }
            else if (Fault(batch) is { } left)
            {
                Meter.ObserveOutput(left);
                Output.Add(left);
            }
        }
    }
}
