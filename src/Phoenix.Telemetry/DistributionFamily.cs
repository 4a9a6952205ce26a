using System.Runtime.InteropServices;

namespace Phoenix.Telemetry;

/// <summary>
/// Gathers the samples of one Prometheus histogram or summary into points, one a label set, whatever the order of its lines.
/// </summary>
internal sealed class DistributionFamily
{
    private readonly IdentityTable sets = new();
    private readonly List<LabelSet> points = [];
    private readonly List<ulong> buckets = [];
    private readonly List<double> bounds = [];
    private readonly List<double> values = [];
    private int used;

    public void Clear()
    {
        sets.Clear();
        used = 0;
    }

    /// <returns>False where the sample is not one of a histogram or summary, such as <c>_created</c>.</returns>
    public bool Take(ExpositionLine line, ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> edgeLabel, ulong time, out string? problem)
    {
        problem = null;
        var histogram = edgeLabel.SequenceEqual("le"u8);
        var isEdge = histogram ? suffix.SequenceEqual("_bucket"u8) : suffix.Length == 0;
        var isSum = suffix.SequenceEqual("_sum"u8);
        var isCount = suffix.SequenceEqual("_count"u8);
        if (!isEdge && !isSum && !isCount)
            return false;

        UInt128 key = time;
        var edge = double.NaN;
        foreach (var label in line.Labels)
        {
            var name = line.Text(label.Name, label.NameLength);
            var value = line.Text(label.Value, label.ValueLength);
            if (isEdge && name.SequenceEqual(edgeLabel))
            {
                if (!ExpositionLine.TryNumber(value, out edge))
                    edge = double.NaN;
            }
            else
            {
                key += Identity.OfAttribute(new AttributeField(name, value, default), ofResource: false);
            }
        }

        if (isEdge && double.IsNaN(edge))
        {
            problem = histogram ? "a bucket without a number in le" : "a quantile without a number in quantile";
            return true;
        }

        // Cumulative bucket counts and counts are whole; a negative or fractional one cannot become a uint64.
        if ((isCount || (isEdge && histogram)) && (!(line.Value >= 0) || line.Value > ulong.MaxValue || line.Value != Math.Floor(line.Value)))
        {
            problem = "a count that is not a whole number";
            return true;
        }

        var point = Point(key, line, edgeLabel, time);
        if (isSum)
            point.Sum = line.Value;
        else if (isCount)
            point.Count = (ulong)line.Value;
        else
            point.Edges.Add((edge, line.Value));
        return true;
    }

    public void Write(OtlpWriter writer, MetricType type, ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit, ReadOnlySpan<byte> help)
    {
        if (used == 0)
            return;
        writer.BeginMetric(type, name, unit, help, monotonic: false, Temporality.Cumulative);
        for (var i = 0; i < used; i++)
        {
            var point = points[i];
            writer.BeginPoint(0, point.Time);
            foreach (var (labelName, labelValue) in point.Labels)
                writer.Attribute(labelName, labelValue);
            point.Edges.Sort(static (a, b) => a.Edge.CompareTo(b.Edge));
            if (type == MetricType.Histogram)
                EndHistogram(writer, point);
            else
                EndSummary(writer, point);
        }

        writer.EndMetric();
        Clear();
    }

    private void EndHistogram(OtlpWriter writer, LabelSet point)
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
                buckets.Add(count - below);
                bounds.Add(edge);
                below = count;
            }
            else if (point.Count is null)
            {
                point.Count = count;
            }
        }

        var total = Math.Max(point.Count ?? below, below);
        buckets.Add(total - below);
        writer.EndHistogramPoint(total, point.Sum, CollectionsMarshal.AsSpan(buckets), CollectionsMarshal.AsSpan(bounds));
    }

    private void EndSummary(OtlpWriter writer, LabelSet point)
    {
        bounds.Clear();
        values.Clear();
        foreach (var (quantile, value) in point.Edges)
        {
            bounds.Add(quantile);
            values.Add(value);
        }

        writer.EndSummaryPoint(point.Count ?? 0, point.Sum, CollectionsMarshal.AsSpan(bounds), CollectionsMarshal.AsSpan(values));
    }

    private LabelSet Point(UInt128 key, ExpositionLine line, ReadOnlySpan<byte> edgeLabel, ulong time)
    {
        var number = sets.Find(key);
        if (number >= 0)
            return points[number];
        if (used == points.Count)
            points.Add(new LabelSet());
        sets.Add(key, used);
        var point = points[used++];
        point.Begin(line, edgeLabel, time);
        return point;
    }

    private sealed class LabelSet
    {
        public List<(byte[] Name, byte[] Value)> Labels { get; } = [];

        public List<(double Edge, double Value)> Edges { get; } = [];

        public ulong Time { get; private set; }

        public ulong? Count { get; set; }

        public double Sum { get; set; }

        public void Begin(ExpositionLine line, ReadOnlySpan<byte> edgeLabel, ulong time)
        {
            Labels.Clear();
            Edges.Clear();
            (Time, Count, Sum) = (time, null, 0);
            foreach (var label in line.Labels)
            {
                var name = line.Text(label.Name, label.NameLength);
                if (!name.SequenceEqual(edgeLabel))
                    Labels.Add((name.ToArray(), line.Text(label.Value, label.ValueLength).ToArray()));
            }
        }
    }
}
