using System.IO.Hashing;
using System.Text;

namespace Phoenix.Telemetry;

/// <summary>
/// Turns OTLP batches into remote write 1.0 requests. Not thread-safe. What Prometheus cannot hold (deltas above all) is
/// refused and counted under its reason.
/// </summary>
/// <remarks>
/// The mapping is OpenTelemetry's ("Prometheus and OpenMetrics compatibility", §OTLP Metric points to Prometheus): monotonic
/// sums are counters, explicit histograms their <c>_bucket</c>, <c>_sum</c> and <c>_count</c> series, exponential histograms
/// native ones, and a resource that says more than <c>job</c> and <c>instance</c> is a <c>target_info</c>. "No recorded value"
/// becomes the stale marker. Each point is a series of its own in the request, in the order of the batch: points of one
/// series must come in the order of time.
/// </remarks>
public sealed class RemoteWriteEncoder
{
    private const int RememberedTargets = 100_000;

    private readonly RemoteWriteEncoderOptions options;
    private readonly RemoteWriteRequestBuilder request;
    private readonly PrometheusLabels labels;
    private readonly PrometheusTarget target = new();
    private readonly ProtoBuffer name = new();
    private readonly ProtoBuffer edge = new();
    private readonly ProtoBuffer unit = new();
    private readonly NativeHistogramWriter native = new();
    private readonly RemoteWriteExemplarWriter exemplars = new();
    private readonly RefusalCounts refused = new();
    private readonly Pace? targetInfo;
    private readonly Pace? metadata;
    private readonly byte[] prefix;

    public RemoteWriteEncoder(RemoteWriteEncoderOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        request = new RemoteWriteRequestBuilder(options.MaxRequestBytes);
        labels = new PrometheusLabels(options.Labels);
        prefix = options.Namespace.Length > 0 ? Encoding.UTF8.GetBytes(options.Namespace + "_") : [];
        targetInfo = options.TargetInfoInterval is { } info ? new Pace(info, RememberedTargets) : null;
        metadata = options.MetadataInterval is { } interval ? new Pace(interval, RememberedTargets) : null;
    }

    /// <summary>Points refused since the start, by reason.</summary>
    public IReadOnlyList<DroppedPoints> Refused => refused.Snapshot();

    /// <summary>Writes a batch as requests, the last one included.</summary>
    /// <exception cref="OtlpFormatException">The batch was not checked by <see cref="OtlpReader.Validate"/> and is malformed.</exception>
    public void Encode(ReadOnlySpan<byte> batch, IRemoteWriteSink sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        var reader = new OtlpReader(batch);
        while (reader.NextResource())
        {
            target.Read(reader.Resource);
            labels.BeginResource(reader.Resource, target);
            ulong latest = 0;
            while (reader.NextScope())
            {
                labels.BeginScope(reader.Scope);
                var complete = !options.MetricSuffixes || PrometheusNames.IsPrometheus(reader.Scope);
                while (reader.NextMetric())
                    latest = Math.Max(latest, Metric(ref reader, complete, sink));
            }

            TargetInfo(reader.Resource, latest, sink);
        }

        request.Flush(sink);
    }

    private ulong Metric(ref OtlpReader reader, bool complete, IRemoteWriteSink sink)
    {
        var reason = Unsupported(reader);
        var counter = reader is { Type: MetricType.Sum, Monotonic: true };
        name.Clear();
        name.Append(prefix);
        if (reason is null)
            PrometheusNames.AppendMetric(name, reader.MetricName, reader.MetricUnit, counter, reader.Type == MetricType.Gauge, complete);
        ulong latest = 0;
        var taken = false;
        var isNumber = reason is null && reader.Type is MetricType.Gauge or MetricType.Sum;
        while (reader.NextPoint())
        {
            if (isNumber && labels.TryRepeat(reader.Point, out var fields) && fields.HasValue && Repeat(fields, sink))
            {
                taken = true;
                latest = Math.Max(latest, fields.UnixNanos);
                continue;
            }

            var point = reader.ReadPoint();
            var problem = reason ?? Point(ref reader, point, sink);
            if (problem is not null)
            {
                refused.Add(problem);
                continue;
            }

            taken = true;
            request.PointDone();
            latest = Math.Max(latest, point.UnixNanos);
        }

        if (taken && metadata is not null)
            Metadata(reader, counter, latest, sink);
        return latest;
    }

    /// <returns>False where it does not fit into a request.</returns>
    private bool Repeat(in NumberFields point, IRemoteWriteSink sink)
    {
        var bits = point.NoRecordedValue ? StaleMarker.Bits
            : double.IsNaN(BitConverter.UInt64BitsToDouble(point.ValueBits)) ? BitConverter.DoubleToUInt64Bits(double.NaN)
            : point.ValueBits;
        request.Series(labels, name.Span, default, default, bits, PrometheusTime.Milliseconds(point.UnixNanos));
        if (!request.EndSeries(sink))
            return false;
        request.PointDone();
        return true;
    }

    private static string? Unsupported(scoped in OtlpReader reader)
    {
        if (reader.MetricName.Length == 0)
            return "a metric without a name";
        if (reader.Type is MetricType.Gauge or MetricType.Summary)
            return null;
        return reader.Type == MetricType.None ? "a metric of no known type"
            : reader.Temporality == Temporality.Delta ? "delta temporality, which Prometheus does not store"
            : reader.Temporality != Temporality.Cumulative ? "unspecified temporality"
            : null;
    }

    /// <returns>Null, or why the point is refused.</returns>
    private string? Point(ref OtlpReader reader, in PointFields point, IRemoteWriteSink sink)
    {
        labels.BeginPoint(reader.Type switch { MetricType.Histogram => "le"u8, MetricType.Summary => "quantile"u8, _ => default });
        labels.AddAttributes(reader.Point, Attributes.FieldOf(reader.Type));
        if (!labels.IsValid)
            return "a label that is no UTF-8";
        labels.Finish();
        if (reader.Type is MetricType.Gauge or MetricType.Sum)
            labels.Remember(reader.Point);
        var fits = true;
        var time = PrometheusTime.Milliseconds(point.UnixNanos);
        switch (reader.Type)
        {
            case MetricType.Histogram:
                if (point.Irregular)
                    return "a histogram whose buckets and bounds do not fit each other";
                fits = Histogram(reader, point, time, sink);
                break;
            case MetricType.ExponentialHistogram:
                if (native.Read(reader.Point) is { } problem)
                    return problem;
                request.BeginSeries(labels, name.Span, default, default);
                native.Write(request.Buffer, 4, point, time);
                exemplars.WriteAll(request.Buffer, reader.Point, reader.Type);
                fits = request.EndSeries(sink);
                break;
            case MetricType.Summary:
                fits = Summary(reader, point, time, sink);
                break;
            default:
                if (!point.HasValue && !point.NoRecordedValue)
                    return "a point without a value";
                request.Series(labels, name.Span, default, default, Bits(point, point.Number), time);
                if (reader.Monotonic)
                    exemplars.WriteAll(request.Buffer, reader.Point, reader.Type);
                fits = request.EndSeries(sink);
                break;
        }

        return fits ? null : "a series larger than a request may be";
    }

    private bool Histogram(scoped in OtlpReader reader, in PointFields point, long time, IRemoteWriteSink sink)
    {
        var fits = true;
        ulong cumulative = 0;
        var bounds = point.ExplicitBounds.Length / 8;
        exemplars.BeginBuckets(reader.Point, reader.Type);
        for (var i = 0; i <= bounds; i++)
        {
            var bound = i < bounds ? point.Bound(i) : double.PositiveInfinity;
            if (i < bounds)
                cumulative = unchecked(cumulative + point.Bucket(i));
            edge.Clear();
            PrometheusNumber.Append(edge, bound);
            var count = i < bounds ? cumulative : point.Count;
            request.Series(labels, name.Span, "_bucket"u8, edge.Span, Bits(point, count), time);
            exemplars.WriteBucket(request.Buffer, bound);
            fits &= request.EndSeries(sink);
        }

        if (point.HasSum || point.NoRecordedValue)
        {
            request.Series(labels, name.Span, "_sum"u8, default, Bits(point, point.Sum), time);
            fits &= request.EndSeries(sink);
        }

        request.Series(labels, name.Span, "_count"u8, default, Bits(point, point.Count), time);
        return fits & request.EndSeries(sink);
    }

    private bool Summary(scoped in OtlpReader reader, in PointFields point, long time, IRemoteWriteSink sink)
    {
        var fits = true;
        var quantiles = new SummaryQuantiles(reader.Point);
        while (quantiles.Next())
        {
            edge.Clear();
            PrometheusNumber.Append(edge, quantiles.Quantile);
            request.Series(labels, name.Span, default, edge.Span, Bits(point, quantiles.Value), time);
            fits &= request.EndSeries(sink);
        }

        request.Series(labels, name.Span, "_sum"u8, default, Bits(point, point.Sum), time);
        fits &= request.EndSeries(sink);
        request.Series(labels, name.Span, "_count"u8, default, Bits(point, point.Count), time);
        return fits & request.EndSeries(sink);
    }

    private void TargetInfo(ReadOnlySpan<byte> resource, ulong latest, IRemoteWriteSink sink)
    {
        if (targetInfo is null || latest == 0 || !target.HasMore || target.Job.Length + target.Instance.Length == 0
            || !targetInfo.IsDue(Identity.OfResource(resource), latest))
            return;
        labels.BeginScope(default);
        labels.BeginPoint(default);
        if (!options.Labels.ResourceAttributes)
            labels.AddResource(resource);
        if (!labels.IsValid)
            return;
        labels.Finish();
        request.Series(labels, "target_info"u8, default, default, BitConverter.DoubleToUInt64Bits(1), PrometheusTime.Milliseconds(latest));
        request.EndSeries(sink);
    }

    private void Metadata(scoped in OtlpReader reader, bool counter, ulong latest, IRemoteWriteSink sink)
    {
        if (!metadata!.IsDue(XxHash128.HashToUInt128(name.Span), latest))
            return;
        var type = reader.Type switch
        {
            MetricType.Sum => counter ? PrometheusType.Counter : PrometheusType.Gauge,
            MetricType.Gauge => PrometheusType.Gauge,
            MetricType.Summary => PrometheusType.Summary,
            _ => PrometheusType.Histogram,
        };
        var metric = new ProtoCursor(reader.Metric, 0);
        ReadOnlySpan<byte> help = default;
        while (metric.Next())
        {
            if (metric.Field == 2 && metric.Wire == WireType.Bytes)
                help = metric.Content;
        }

        unit.Clear();
        PrometheusUnits.AppendWords(unit, reader.MetricUnit);
        request.Begin();
        var buffer = request.Buffer;
        var message = buffer.Begin(3);
        buffer.Tag(1, WireType.Varint);
        buffer.Varint((uint)type);
        buffer.Bytes(2, name.Span);
        if (help.Length > 0)
            buffer.Bytes(4, help);
        if (unit.Length > 0)
            buffer.Bytes(5, unit.Span);
        buffer.End(message);
        request.End(0, sink);
    }

    private static ulong Bits(in PointFields point, double value) =>
        point.NoRecordedValue ? StaleMarker.Bits
        : double.IsNaN(value) ? BitConverter.DoubleToUInt64Bits(double.NaN)
        : BitConverter.DoubleToUInt64Bits(value);
}
