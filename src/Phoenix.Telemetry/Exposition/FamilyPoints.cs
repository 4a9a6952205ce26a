using System.Runtime.InteropServices;

namespace Phoenix.Telemetry;

/// <summary>
/// Gathers the samples of a family whose points take several lines: histograms, summaries, and OpenMetrics counters with
/// their <c>_created</c>. One point a label set and time, whatever the order of the lines. Reused; what it holds is encoded
/// already, without an object a label.
/// </summary>
internal sealed class FamilyPoints
{
    // 2^64 nanoseconds after 1970.
    private const double LatestSecond = 18_446_744_074;

    private readonly IdentityTable sets = new();
    private readonly IdentityTable creations = new();
    private readonly List<ulong> starts = [];
    private readonly List<FamilyPoint> points = [];
    private readonly ProtoBuffer attributes = new();
    private readonly ProtoBuffer exemplars = new();
    private readonly List<ulong> buckets = [];
    private readonly List<double> bounds = [];
    private readonly List<double> values = [];
    private int used;

    public void Clear()
    {
        sets.Clear();
        creations.Clear();
        starts.Clear();
        attributes.Clear();
        exemplars.Clear();
        used = 0;
    }

    /// <returns>False where the sample is not one of such a family.</returns>
    public bool Take(ExpositionLine line, ReadOnlySpan<byte> suffix, MetricType type, ulong time, out string? problem)
    {
        problem = null;
        var part = PartOf(suffix, type);
        if (part == Part.None)
            return false;
        var edgeLabel = part != Part.Edge ? default : type == MetricType.Histogram ? "le"u8 : "quantile"u8;
        UInt128 key = 0;
        var edge = double.NaN;
        foreach (var label in line.Labels)
        {
            var name = line.Text(label, value: false);
            var value = line.Text(label, value: true);
            if (edgeLabel.Length > 0 && name.SequenceEqual(edgeLabel))
            {
                if (!ExpositionLine.TryNumber(value, out edge))
                    edge = double.NaN;
            }
            else
            {
                key += Identity.OfAttribute(new AttributeField(name, value, default), ofResource: false);
            }
        }

        problem = part switch
        {
            Part.Edge when double.IsNaN(edge) => type == MetricType.Histogram ? "a bucket without a number in le" : "a quantile without a number in quantile",
            // Bucket counts and counts are whole; a negative or fractional one cannot become a uint64.
            Part.Count or Part.Edge when (part == Part.Count || type == MetricType.Histogram) && !IsCount(line.Value) => "a count that is not a whole number",
            Part.Created when !(line.Value >= 0 && line.Value <= LatestSecond) => "a time of creation that is not in seconds since 1970",
            _ => null,
        };
        if (problem is not null)
            return true;
        if (part == Part.Created)
        {
            TakeCreation(key, line.Value);
            return true;
        }

        var point = Point(key, line, edgeLabel, type, time);
        switch (part)
        {
            case Part.Edge:
                point.Edges.Add((edge, line.Value));
                break;
            case Part.Sum:
                point.Sum = line.Value;
                break;
            case Part.Count:
                point.Count = (ulong)line.Value;
                break;
            case Part.Value:
                point.Value = line.Value;
                break;
        }

        if (line.HasExemplar)
            TakeExemplar(line, point, type);
        return true;
    }

    /// <summary>Writes the family and forgets it.</summary>
    public void Write(OtlpWriter writer, MetricType type, PrometheusType prometheus, ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit, ReadOnlySpan<byte> help)
    {
        if (used == 0)
        {
            Clear();
            return;
        }

        writer.BeginMetric(type, name, unit, help, monotonic: type == MetricType.Sum, Temporality.Cumulative);
        for (var i = 0; i < used; i++)
        {
            var point = points[i];
            var creation = creations.Find(point.Labels);
            writer.BeginPoint(creation < 0 ? 0 : starts[creation], point.Time);
            writer.Raw(attributes.Span.Slice(point.AttributesAt, point.AttributesLength));
            foreach (var (at, length) in point.Exemplars)
                writer.Raw(exemplars.Span.Slice(at, length));
            point.Edges.Sort(static (a, b) => a.Edge.CompareTo(b.Edge));
            if (type == MetricType.Histogram)
                EndHistogram(writer, point);
            else if (type == MetricType.Summary)
                EndSummary(writer, point);
            else
                writer.EndPoint(point.Value!.Value);
        }

        writer.EndMetric(PrometheusTypes.Word(prometheus));
        Clear();
    }

    private enum Part
    {
        None,
        Edge,
        Sum,
        Count,
        Value,
        Created,
    }

    private static Part PartOf(ReadOnlySpan<byte> suffix, MetricType type)
    {
        if (suffix.SequenceEqual("_created"u8))
            return Part.Created;
        if (type == MetricType.Sum)
            return suffix.SequenceEqual("_total"u8) ? Part.Value : Part.None;
        if (suffix.SequenceEqual("_sum"u8))
            return Part.Sum;
        if (suffix.SequenceEqual("_count"u8))
            return Part.Count;
        return type == MetricType.Histogram ? (suffix.SequenceEqual("_bucket"u8) ? Part.Edge : Part.None) : suffix.Length == 0 ? Part.Edge : Part.None;
    }

    private static bool IsCount(double value) => value >= 0 && value < ulong.MaxValue && value == Math.Floor(value);

    // It has no timestamp of its own and is meant for every point of the label set.
    private void TakeCreation(UInt128 labels, double seconds)
    {
        if (creations.Find(labels) >= 0)
            return;
        creations.Add(labels, starts.Count);
        starts.Add((ulong)Math.Min((decimal)seconds * 1_000_000_000, ulong.MaxValue));
    }

    private void TakeExemplar(ExpositionLine line, FamilyPoint point, MetricType type)
    {
        var at = exemplars.Length;
        ExemplarLabels.Write(exemplars, line, OtlpExemplars.FieldOf(type));
        point.Exemplars.Add((at, exemplars.Length - at));
    }

    private void EndHistogram(OtlpWriter writer, FamilyPoint point)
    {
        buckets.Clear();
        bounds.Clear();
        ulong below = 0;
        foreach (var (edge, cumulative) in point.Edges)
        {
            // A scrape that races with observations may show a falling run; a bucket cannot hold fewer than none.
            var count = Math.Max((ulong)cumulative, below);
            if (!double.IsPositiveInfinity(edge))
            {
                // The same bound twice, written in two ways, is one bucket.
                if (bounds.Count > 0 && bounds[^1] == edge)
                {
                    buckets[^1] += count - below;
                }
                else
                {
                    buckets.Add(count - below);
                    bounds.Add(edge);
                }

                below = count;
            }
            else
            {
                point.Count ??= count;
            }
        }

        var total = Math.Max(point.Count ?? below, below);
        buckets.Add(total - below);
        writer.EndHistogramPoint(total, point.Sum, CollectionsMarshal.AsSpan(buckets), CollectionsMarshal.AsSpan(bounds));
    }

    private void EndSummary(OtlpWriter writer, FamilyPoint point)
    {
        bounds.Clear();
        values.Clear();
        foreach (var (quantile, value) in point.Edges)
        {
            bounds.Add(quantile);
            values.Add(value);
        }

        writer.EndSummaryPoint(point.Count ?? 0, point.Sum ?? 0, CollectionsMarshal.AsSpan(bounds), CollectionsMarshal.AsSpan(values));
    }

    private FamilyPoint Point(UInt128 labels, ExpositionLine line, ReadOnlySpan<byte> edgeLabel, MetricType type, ulong time)
    {
        var key = labels + time;
        var number = sets.Find(key);
        if (number >= 0)
            return points[number];
        if (used == points.Count)
            points.Add(new FamilyPoint());
        sets.Add(key, used);
        var point = points[used++];
        var at = attributes.Length;
        foreach (var label in line.Labels)
        {
            var name = line.Text(label, value: false);
            if (edgeLabel.Length == 0 || !name.SequenceEqual(edgeLabel))
                KeyValue.Write(attributes, Attributes.FieldOf(type), name, line.Text(label, value: true));
        }

        point.Begin(labels, time, at, attributes.Length - at);
        return point;
    }
}

/// <summary>A point in the making.</summary>
internal sealed class FamilyPoint
{
    /// <summary>Identity of the label set.</summary>
    public UInt128 Labels { get; private set; }

    public ulong Time { get; private set; }

    /// <summary>Place of the encoded attributes in the family's store.</summary>
    public int AttributesAt { get; private set; }

    public int AttributesLength { get; private set; }

    /// <summary>Cumulative counts by bound, or values by quantile.</summary>
    public List<(double Edge, double Value)> Edges { get; } = [];

    public List<(int At, int Length)> Exemplars { get; } = [];

    public ulong? Count { get; set; }

    public double? Sum { get; set; }

    public double? Value { get; set; }

    public void Begin(UInt128 labels, ulong time, int attributesAt, int attributesLength)
    {
        Edges.Clear();
        Exemplars.Clear();
        (Labels, Time, AttributesAt, AttributesLength) = (labels, time, attributesAt, attributesLength);
        (Count, Sum, Value) = (null, null, null);
    }
}
