using System.Globalization;

namespace Phoenix.Telemetry;

/// <summary>Writes families as Prometheus text 0.0.4 or OpenMetrics 1.0.</summary>
internal sealed class ExpositionWriter(PrometheusExpositionOptions options, bool openMetrics)
{
    private readonly ProtoBuffer text = new();
    private readonly ProtoBuffer edge = new();
    private readonly PrometheusLabels labels = new(options.Labels);
    private readonly PrometheusTarget target = new();
    private readonly HashSet<UInt128> shown = [];
    private readonly ExpositionExemplars exemplars = new();
    private ExpositionOwner? current;
    private byte[] name = [];
    private bool hasExemplars;
    private long milliseconds;

    public int Length => text.Length;

    /// <summary>What was written since the last time.</summary>
    public byte[] Take()
    {
        var taken = text.Span.ToArray();
        text.Clear();
        return taken;
    }

    public void End()
    {
        if (openMetrics)
            text.Append("# EOF\n"u8);
    }

    public void Write(ExpositionFamily family)
    {
        if (family.Streams.Count == 0)
            return;
        shown.Clear();
        name = family.Name;
        var total = name.AsSpan().EndsWith("_total"u8);
        // In OpenMetrics a counter's family goes without _total, and one whose samples lack it is no counter.
        var familyName = openMetrics && family.Type == PrometheusType.Counter && total ? name.AsSpan(0, name.Length - "_total"u8.Length) : name;
        var type = openMetrics && family.Type == PrometheusType.Counter && !total ? PrometheusType.Unknown : family.Type;
        // Only counters and buckets may have exemplars.
        hasExemplars = openMetrics && type is PrometheusType.Counter or PrometheusType.Histogram;
        Head(familyName, PrometheusTypes.Word(type), family.Help);
        foreach (var stream in family.Streams.Values)
            Stream(stream);
    }

    /// <summary>One <c>target_info</c> for each resource that says more than <c>job</c> and <c>instance</c>.</summary>
    public void TargetInfo(IEnumerable<ExpositionOwner> owners)
    {
        if (options.Labels.ResourceAttributes)
            return;
        shown.Clear();
        var begun = false;
        foreach (var owner in owners)
        {
            target.Read(owner.Resource);
            if (!target.HasMore || target.Job.Length + target.Instance.Length == 0 || !shown.Add(owner.ResourceIdentity))
                continue;
            labels.BeginResource(owner.Resource, target);
            labels.BeginScope(default);
            labels.BeginPoint(default);
            labels.AddResource(owner.Resource);
            if (!labels.IsValid)
                continue;
            labels.Finish();
            if (!begun)
                Head(openMetrics ? "target"u8 : "target_info"u8, openMetrics ? "info"u8 : "gauge"u8, "Target metadata"u8);
            begun = true;
            name = "target_info"u8.ToArray();
            Sample(default, default, 1, timestamp: false);
        }

        current = null;
    }

    private void Head(ReadOnlySpan<byte> familyName, ReadOnlySpan<byte> type, ReadOnlySpan<byte> help)
    {
        if (help.Length > 0)
        {
            text.Append("# HELP "u8);
            text.Append(familyName);
            text.Append(" "u8);
            Escape(help, quotes: openMetrics);
            text.Append("\n"u8);
        }

        text.Append("# TYPE "u8);
        text.Append(familyName);
        text.Append(" "u8);
        text.Append(type);
        text.Append("\n"u8);
    }

    private void Stream(ExpositionStream stream)
    {
        if (!ReferenceEquals(current, stream.Owner))
        {
            current = stream.Owner;
            target.Read(current.Resource);
            labels.BeginResource(current.Resource, target);
            labels.BeginScope(current.Scope);
        }

        labels.BeginPoint(stream.Type switch { MetricType.Histogram => "le"u8, MetricType.Summary => "quantile"u8, _ => default });
        labels.AddAttributes(stream.Point, Attributes.FieldOf(stream.Type));
        if (!labels.IsValid)
            return;
        labels.Finish();
        // Streams that differ in what Prometheus does not see would be the same series twice, which it refuses.
        if (!shown.Add(SeriesIdentity()))
            return;
        var point = PointFields.Read(stream.Point, stream.Type, 0);
        milliseconds = PrometheusTime.Milliseconds(point.UnixNanos);
        if (hasExemplars)
            exemplars.Begin(stream.Point, stream.Type);
        switch (stream.Type)
        {
            case MetricType.Histogram:
                Histogram(point);
                break;
            case MetricType.Summary:
                Summary(stream.Point, point);
                break;
            default:
                Line(default, default, point.Number);
                EndLine(double.NegativeInfinity, double.PositiveInfinity, lowest: true);
                break;
        }
    }

    private void Histogram(in PointFields point)
    {
        ulong cumulative = 0;
        var below = double.NegativeInfinity;
        var bounds = point.ExplicitBounds.Length / 8;
        for (var i = 0; i < bounds; i++)
        {
            cumulative = unchecked(cumulative + point.Bucket(i));
            Edge(point.Bound(i));
            Line("_bucket"u8, edge.Span, cumulative);
            EndLine(below, point.Bound(i), lowest: i == 0);
            below = point.Bound(i);
        }

        Edge(double.PositiveInfinity);
        Line("_bucket"u8, edge.Span, point.Count);
        EndLine(below, double.PositiveInfinity, lowest: bounds == 0);
        if (point.HasSum)
            Sample("_sum"u8, default, point.Sum);
        Sample("_count"u8, default, point.Count);
    }

    private void Summary(ReadOnlySpan<byte> bytes, in PointFields point)
    {
        var quantiles = new SummaryQuantiles(bytes);
        while (quantiles.Next())
        {
            Edge(quantiles.Quantile);
            Sample(default, edge.Span, quantiles.Value);
        }

        Sample("_sum"u8, default, point.Sum);
        Sample("_count"u8, default, point.Count);
    }

    private void Edge(double bound)
    {
        edge.Clear();
        PrometheusNumber.Append(edge, bound);
        // OpenMetrics writes bounds as real numbers: le="1.0".
        if (openMetrics && double.IsFinite(bound) && edge.Span.IndexOfAny(".eE"u8) < 0)
            edge.Append(".0"u8);
    }

    private void Sample(ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> edgeValue, double value, bool timestamp = true)
    {
        Line(suffix, edgeValue, value, timestamp);
        text.Append("\n"u8);
    }

    /// <summary>Ends a sample that may have an exemplar with a value in a range.</summary>
    private void EndLine(double above, double upTo, bool lowest)
    {
        if (hasExemplars)
            exemplars.Append(text, above, upTo, lowest);
        text.Append("\n"u8);
    }

    private void Line(ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> edgeValue, double value, bool timestamp = true)
    {
        text.Append(name);
        text.Append(suffix);
        var open = "{"u8;
        for (var i = 0; i < labels.Count; i++)
        {
            if (i == labels.NameSlot || (i == labels.EdgeSlot && edgeValue.IsEmpty))
                continue;
            text.Append(open);
            text.Append(labels.Name(i));
            text.Append("=\""u8);
            Escape(i == labels.EdgeSlot ? edgeValue : labels.Value(i), quotes: true);
            text.Append("\""u8);
            open = ","u8;
        }

        text.Append(open.SequenceEqual("{"u8) ? " "u8 : "} "u8);
        PrometheusNumber.Append(text, value);
        if (timestamp && options.Timestamps)
            Timestamp();
    }

    private void Timestamp()
    {
        Span<byte> digits = stackalloc byte[32];
        int length;
        if (openMetrics)
            (milliseconds / 1000.0).TryFormat(digits, out length, "F3", CultureInfo.InvariantCulture);
        else
            milliseconds.TryFormat(digits, out length, provider: CultureInfo.InvariantCulture);
        text.Append(" "u8);
        text.Append(digits[..length]);
    }

    private UInt128 SeriesIdentity()
    {
        UInt128 identity = 0;
        for (var i = 0; i < labels.Count; i++)
        {
            if (i != labels.NameSlot && i != labels.EdgeSlot)
                identity += Identity.OfAttribute(new AttributeField(labels.Name(i), labels.Value(i), default), ofResource: false);
        }

        return identity;
    }

    private void Escape(ReadOnlySpan<byte> value, bool quotes)
    {
        while (!value.IsEmpty)
        {
            var plain = value.IndexOfAny((byte)'\\', (byte)'\n', (byte)'"');
            if (plain < 0)
            {
                text.Append(value);
                return;
            }

            text.Append(value[..plain]);
            text.Append(value[plain] switch
            {
                (byte)'\\' => "\\\\"u8,
                (byte)'\n' => "\\n"u8,
                _ when quotes => "\\\""u8,
                _ => "\""u8,
            });
            value = value[(plain + 1)..];
        }
    }
}
