using System.Buffers.Binary;

namespace Phoenix.Telemetry;

/// <summary>
/// Writes one OTLP <c>ExportMetricsServiceRequest</c> into a reused buffer, in the order
/// <c>BeginResource</c> <c>ResourceAttribute</c>* (<c>BeginScope</c> (<c>Begin…</c> metric (<c>BeginPoint</c> <c>Attribute</c>*
/// <c>End…Point</c>)* <c>EndMetric</c>)* <c>EndScope</c>)* <c>EndResource</c>. Another order throws
/// <see cref="InvalidOperationException"/>.
/// </summary>
public sealed class OtlpWriter
{
    private enum Level
    {
        Batch,
        ResourceAttributes,
        Resource,
        Scope,
        Metric,
        Point,
    }

    private const int MetricMetadata = 12;

    private readonly ProtoBuffer buffer = new();
    private Level level;
    private MetricType type;
    private int resource, attributes, scope, metric, data, point;

    public ReadOnlySpan<byte> WrittenSpan => level == Level.Batch ? buffer.Span : throw Misplaced(nameof(WrittenSpan));

    public bool IsEmpty => buffer.Length == 0;

    /// <summary>Data points written since the last <see cref="Clear"/>.</summary>
    public int Points { get; private set; }

    public void Clear()
    {
        buffer.Clear();
        level = Level.Batch;
        Points = 0;
    }

    public void BeginResource()
    {
        Enter(Level.Batch, Level.ResourceAttributes, nameof(BeginResource));
        resource = buffer.Begin(1);
        attributes = buffer.Begin(1);
    }

    public void ResourceAttribute(string key, string value)
    {
        Require(Level.ResourceAttributes, nameof(ResourceAttribute));
        KeyValue.Write(buffer, Attributes.OfResource, key, value);
    }

    public void ResourceAttribute(string key, long value)
    {
        Require(Level.ResourceAttributes, nameof(ResourceAttribute));
        KeyValue.Write(buffer, Attributes.OfResource, key, value);
    }

    public void ResourceAttribute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Require(Level.ResourceAttributes, nameof(ResourceAttribute));
        KeyValue.Write(buffer, Attributes.OfResource, key, value);
    }

    public void BeginScope(string name, string version)
    {
        if (level == Level.ResourceAttributes)
        {
            buffer.End(attributes);
            level = Level.Resource;
        }

        Enter(Level.Resource, Level.Scope, nameof(BeginScope));
        scope = buffer.Begin(2);
        var header = buffer.Begin(1);
        buffer.Text(1, name);
        buffer.Text(2, version);
        buffer.End(header);
    }

    public void BeginGauge(string name, string unit, string description) => BeginMetric(MetricType.Gauge, name, unit, description);

    public void BeginSum(string name, string unit, string description, bool monotonic, Temporality temporality)
    {
        BeginMetric(MetricType.Sum, name, unit, description);
        WriteTemporality(temporality);
        if (monotonic)
        {
            buffer.Tag(3, WireType.Varint);
            buffer.Varint(1);
        }
    }

    public void BeginHistogram(string name, string unit, string description, Temporality temporality)
    {
        BeginMetric(MetricType.Histogram, name, unit, description);
        WriteTemporality(temporality);
    }

    public void BeginSummary(string name, string unit, string description) => BeginMetric(MetricType.Summary, name, unit, description);

    /// <summary>Begins a metric whose name, unit and description are UTF-8 already.</summary>
    public void BeginMetric(
        MetricType metricType, ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit, ReadOnlySpan<byte> description, bool monotonic, Temporality temporality)
    {
        Enter(Level.Scope, Level.Metric, nameof(BeginMetric));
        metric = buffer.Begin(2);
        WriteHeader(1, name);
        WriteHeader(2, description);
        WriteHeader(3, unit);
        type = metricType;
        data = buffer.Begin((int)metricType);
        if (metricType is MetricType.Sum or MetricType.Histogram or MetricType.ExponentialHistogram)
            WriteTemporality(temporality);
        if (metricType == MetricType.Sum && monotonic)
        {
            buffer.Tag(3, WireType.Varint);
            buffer.Varint(1);
        }
    }

    /// <param name="startUnixNanos">0 where unknown, and for gauges.</param>
    public void BeginPoint(ulong startUnixNanos, ulong unixNanos)
    {
        Enter(Level.Metric, Level.Point, nameof(BeginPoint));
        point = buffer.Begin(1);
        if (startUnixNanos != 0)
            buffer.Fixed64(2, startUnixNanos);
        buffer.Fixed64(3, unixNanos);
    }

    public void Attribute(string key, string value)
    {
        Require(Level.Point, nameof(Attribute));
        KeyValue.Write(buffer, Attributes.FieldOf(type), key, value);
    }

    public void Attribute(string key, long value)
    {
        Require(Level.Point, nameof(Attribute));
        KeyValue.Write(buffer, Attributes.FieldOf(type), key, value);
    }

    public void Attribute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Require(Level.Point, nameof(Attribute));
        KeyValue.Write(buffer, Attributes.FieldOf(type), key, value);
    }

    public void EndPoint(double value)
    {
        buffer.Double(4, value);
        ClosePoint(MetricType.Gauge, MetricType.Sum, nameof(EndPoint));
    }

    public void EndPoint(long value)
    {
        buffer.Fixed64(6, (ulong)value);
        ClosePoint(MetricType.Gauge, MetricType.Sum, nameof(EndPoint));
    }

    /// <summary>Ends a number point that says "no recorded value".</summary>
    public void EndPointWithoutValue()
    {
        buffer.Tag(8, WireType.Varint);
        buffer.Varint(1);
        ClosePoint(MetricType.Gauge, MetricType.Sum, nameof(EndPointWithoutValue));
    }

    /// <summary>Appends attributes or exemplars of the current point that are encoded already, with their tags.</summary>
    internal void Raw(ReadOnlySpan<byte> fields)
    {
        Require(Level.Point, nameof(Raw));
        buffer.Append(fields);
    }

    /// <param name="sum">Null where it is not known.</param>
    /// <param name="bucketCounts">One more than there are bounds; each counts its own bucket only.</param>
    public void EndHistogramPoint(ulong count, double? sum, ReadOnlySpan<ulong> bucketCounts, ReadOnlySpan<double> bounds)
    {
        buffer.Fixed64(4, count);
        if (sum is { } known)
            buffer.Double(5, known);
        var packed = buffer.Begin(6);
        Span<byte> eight = stackalloc byte[8];
        foreach (var bucket in bucketCounts)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(eight, bucket);
            buffer.Append(eight);
        }

        buffer.End(packed);
        packed = buffer.Begin(7);
        foreach (var bound in bounds)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(eight, bound);
            buffer.Append(eight);
        }

        buffer.End(packed);
        ClosePoint(MetricType.Histogram, MetricType.Histogram, nameof(EndHistogramPoint));
    }

    public void EndSummaryPoint(ulong count, double sum, ReadOnlySpan<double> quantiles, ReadOnlySpan<double> values)
    {
        buffer.Fixed64(4, count);
        buffer.Double(5, sum);
        for (var i = 0; i < quantiles.Length; i++)
        {
            var quantile = buffer.Begin(6);
            buffer.Double(1, quantiles[i]);
            buffer.Double(2, values[i]);
            buffer.End(quantile);
        }

        ClosePoint(MetricType.Summary, MetricType.Summary, nameof(EndSummaryPoint));
    }

    public void EndMetric() => EndMetric(default);

    /// <summary>Ends a metric that was read from Prometheus.</summary>
    /// <param name="prometheusType">Its type there, for the metadata key <c>prometheus.type</c>; empty for none.</param>
    internal void EndMetric(ReadOnlySpan<byte> prometheusType)
    {
        Enter(Level.Metric, Level.Scope, nameof(EndMetric));
        buffer.End(data);
        if (prometheusType.Length > 0)
            KeyValue.Write(buffer, MetricMetadata, "prometheus.type"u8, prometheusType);
        buffer.End(metric);
    }

    public void EndScope()
    {
        Enter(Level.Scope, Level.Resource, nameof(EndScope));
        buffer.End(scope);
    }

    public void EndResource()
    {
        if (level == Level.ResourceAttributes)
        {
            buffer.End(attributes);
            level = Level.Resource;
        }

        Enter(Level.Resource, Level.Batch, nameof(EndResource));
        buffer.End(resource);
    }

    private void BeginMetric(MetricType metricType, string name, string unit, string description)
    {
        Enter(Level.Scope, Level.Metric, nameof(BeginMetric));
        metric = buffer.Begin(2);
        buffer.Text(1, name);
        buffer.Text(2, description);
        buffer.Text(3, unit);
        type = metricType;
        data = buffer.Begin((int)metricType);
    }

    private void WriteHeader(int field, ReadOnlySpan<byte> text)
    {
        if (text.Length > 0)
            buffer.Bytes(field, text);
    }

    private void WriteTemporality(Temporality temporality)
    {
        buffer.Tag(2, WireType.Varint);
        buffer.Varint((uint)temporality);
    }

    private void ClosePoint(MetricType one, MetricType other, string call)
    {
        Enter(Level.Point, Level.Metric, call);
        if (type != one && type != other)
            throw new InvalidOperationException($"{call} does not end a point of a {type}.");
        buffer.End(point);
        Points++;
    }

    private void Enter(Level from, Level to, string call)
    {
        Require(from, call);
        level = to;
    }

    private void Require(Level expected, string call)
    {
        if (level != expected)
            throw Misplaced(call);
    }

    private InvalidOperationException Misplaced(string call) => new($"{call} is out of order: the writer is at {level}.");
}
