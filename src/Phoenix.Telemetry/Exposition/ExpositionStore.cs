using System.Buffers;
using System.IO.Hashing;
using System.Text;
using System.Text.Unicode;

namespace Phoenix.Telemetry;

/// <summary>
/// Holds the latest point of every series and shows them to whoever scrapes. Bounded in points; not thread-safe. What an
/// exposition cannot show (deltas, exponential histograms) is refused and counted under its reason.
/// </summary>
/// <remarks>OpenTelemetry, "Prometheus and OpenMetrics compatibility", §OTLP Metric points to Prometheus.</remarks>
public sealed class ExpositionStore
{
    private readonly ExpositionStoreOptions options;
    private readonly PrometheusLabels labels;
    private readonly PrometheusTarget target = new();
    private readonly ProtoBuffer name = new();
    private readonly ProtoBuffer unit = new();
    private readonly ProtoBuffer text = new();
    private readonly Dictionary<UInt128, ExpositionFamily> families = [];
    private readonly Dictionary<UInt128, ShownPoint> points = [];
    private readonly List<ExpositionFamily> order = [];
    private readonly RefusalCounts refused = new();
    private readonly ExpositionWriter writer;
    private readonly byte[] prefix;

    public ExpositionStore(ExpositionStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        labels = new PrometheusLabels(options.Labels);
        writer = new ExpositionWriter(options);
        prefix = options.Namespace.Length > 0 ? Encoding.UTF8.GetBytes(options.Namespace + "_") : [];
    }

    /// <summary>Points held.</summary>
    public int Count => points.Count;

    /// <summary>Points refused since the start, by reason.</summary>
    public IReadOnlyList<DroppedPoints> Refused => refused.Snapshot();

    /// <summary>Takes a batch; where a series was there before, the later point stays.</summary>
    /// <param name="unixNanos">Now.</param>
    /// <exception cref="OtlpFormatException">The batch was not checked by <see cref="OtlpReader.Validate"/> and is malformed.</exception>
    public void Take(ReadOnlySpan<byte> batch, long unixNanos)
    {
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
                    latest = Math.Max(latest, TakeMetric(ref reader, complete, unixNanos));
            }

            if (latest > 0)
                TakeTarget(reader.Resource, latest, unixNanos);
        }
    }

    /// <summary>Writes what is held and not expired.</summary>
    /// <param name="unixNanos">Now.</param>
    public void Write(ExpositionFormat format, long unixNanos, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        Expire(unixNanos);
        writer.Write(order, format, output);
    }

    /// <summary>Forgets what was not renewed.</summary>
    public void Expire(long unixNanos)
    {
        var oldest = unixNanos - options.Expiration.Ticks * 100;
        for (var i = order.Count - 1; i >= 0; i--)
        {
            var family = order[i];
            for (var p = family.Points.Count - 1; p >= 0; p--)
            {
                if (family.Points[p].SeenUnixNanos < oldest)
                    Remove(family, p);
            }

            if (family.Points.Count > 0)
                continue;
            families.Remove(XxHash128.HashToUInt128(family.Name));
            order.RemoveAt(i);
        }
    }

    private ulong TakeMetric(ref OtlpReader reader, bool complete, long unixNanos)
    {
        var reason = Unsupported(reader);
        var family = reason is null ? Family(ref reader, complete, ref reason) : null;
        ulong latest = 0;
        while (reader.NextPoint())
        {
            var problem = reason ?? TakePoint(ref reader, family!, unixNanos, ref latest);
            if (problem is not null)
                refused.Add(problem);
        }

        return latest;
    }

    private string? TakePoint(ref OtlpReader reader, ExpositionFamily family, long unixNanos, ref ulong latest)
    {
        var fields = reader.ReadPoint();
        if (fields.Irregular)
            return "a histogram whose buckets and bounds do not fit each other";
        if (reader.Type is MetricType.Gauge or MetricType.Sum && !fields.HasValue && !fields.NoRecordedValue)
            return "a point without a value";
        if (!PointContent.IsReadable(reader.Point, reader.Type))
            return "a point that is malformed inside";
        labels.BeginPoint(reader.Type switch { MetricType.Histogram => "le"u8, MetricType.Summary => "quantile"u8, _ => default });
        labels.AddAttributes(reader.Point, Attributes.FieldOf(reader.Type));
        if (!labels.IsValid)
            return "a label that is no UTF-8";
        var shown = Shown(family, fields.NoRecordedValue, out var full);
        if (full)
            return "more points than the bound allows";
        if (fields.NoRecordedValue)
        {
            if (shown is not null)
                Remove(family, shown.Place);
            return null;
        }

        latest = Math.Max(latest, fields.UnixNanos);
        if (fields.UnixNanos < shown!.UnixNanos)
            return null;
        shown.Renew(reader.Point);
        (shown.UnixNanos, shown.SeenUnixNanos) = (fields.UnixNanos, unixNanos);
        return null;
    }

    private ShownPoint? Shown(ExpositionFamily family, bool onlyIfThere, out bool full)
    {
        full = false;
        labels.Finish();
        text.Clear();
        for (var i = 0; i < labels.Count; i++)
        {
            if (labels.Value(i).Length == 0)
                continue;
            if (text.Length > 0)
                text.Append(","u8);
            text.Append(labels.Name(i));
            text.Append("=\""u8);
            text.AppendEscaped(labels.Value(i), quotes: true);
            text.Append("\""u8);
        }

        var key = XxHash128.HashToUInt128(text.Span) + XxHash128.HashToUInt128(family.Name, 1);
        if (points.TryGetValue(key, out var shown) || onlyIfThere)
            return shown;
        if (points.Count >= options.MaxPoints)
        {
            full = true;
            return null;
        }

        shown = new ShownPoint(key, text.Span.ToArray()) { Place = family.Points.Count };
        points[key] = shown;
        family.Points.Add(shown);
        return shown;
    }

    private void Remove(ExpositionFamily family, int index)
    {
        points.Remove(family.Points[index].Key);
        family.Points[index] = family.Points[^1];
        family.Points[index].Place = index;
        family.Points.RemoveAt(family.Points.Count - 1);
    }

    private static string? Unsupported(scoped in OtlpReader reader) =>
        reader.MetricName.Length == 0 ? "a metric without a name"
        : reader.Type == MetricType.None ? "a metric of no known type"
        : reader.Type == MetricType.ExponentialHistogram ? "an exponential histogram, which an exposition in text cannot show"
        : reader.Type is MetricType.Gauge or MetricType.Summary || reader.Temporality == Temporality.Cumulative ? null
        : reader.Temporality == Temporality.Delta ? "delta temporality, which Prometheus does not store"
        : "unspecified temporality";

    private ExpositionFamily? Family(ref OtlpReader reader, bool complete, ref string? reason)
    {
        var counter = reader is { Type: MetricType.Sum, Monotonic: true };
        name.Clear();
        name.Append(prefix);
        PrometheusNames.AppendMetric(name, reader.MetricName, reader.MetricUnit, counter, reader.Type == MetricType.Gauge, complete);
        var (type, help) = Declaration(reader, counter);
        var family = Family(name.Span, reader.Type, type);
        if (family is null)
        {
            reason = "a metric with the name of another one of another type";
            return null;
        }

        if (!help.SequenceEqual(family.Help) && Utf8.IsValid(help))
            family.Help = help.ToArray();
        unit.Clear();
        PrometheusUnits.AppendWords(unit, reader.MetricUnit);
        var own = name.Span.EndsWith("_total"u8) ? name.Span[..^6] : name.Span;
        if (unit.Length > 0 && own.EndsWith(unit.Span) && own.Length > unit.Length && own[^(unit.Length + 1)] == (byte)'_' && !unit.Span.SequenceEqual(family.Unit))
            family.Unit = unit.Span.ToArray();
        return family;
    }

    private ExpositionFamily? Family(ReadOnlySpan<byte> named, MetricType form, PrometheusType type)
    {
        var key = XxHash128.HashToUInt128(named);
        if (families.TryGetValue(key, out var family))
            return family.Form == form && family.Type == type ? family : null;
        family = new ExpositionFamily(named.ToArray(), form, type);
        families[key] = family;
        order.Add(family);
        return family;
    }

    private static (PrometheusType Type, byte[] Help) Declaration(scoped in OtlpReader reader, bool counter)
    {
        var type = reader.Type switch
        {
            MetricType.Histogram => PrometheusType.Histogram,
            MetricType.Summary => PrometheusType.Summary,
            _ => counter ? PrometheusType.Counter : PrometheusType.Gauge,
        };
        byte[] help = [];
        var metric = new ProtoCursor(reader.Metric, 0);
        while (metric.Next())
        {
            if (metric.Field == 2 && metric.Wire == WireType.Bytes)
                help = metric.Content.ToArray();
        }

        if (type == PrometheusType.Gauge && Attributes.TryFind(reader.Metric, 12, "prometheus.type"u8, out var hint))
        {
            var value = new ProtoCursor(hint.Value, 0);
            if (value.Next() && value.Wire == WireType.Bytes && PrometheusTypes.TryRead(value.Content, out var hinted)
                && hinted is PrometheusType.Unknown or PrometheusType.Info or PrometheusType.StateSet)
                type = hinted;
        }

        return (type, help);
    }

    private void TakeTarget(ReadOnlySpan<byte> resource, ulong latest, long unixNanos)
    {
        if (!target.HasMore || target.Job.Length + target.Instance.Length == 0)
            return;
        labels.BeginScope(default);
        labels.BeginPoint(default);
        if (!options.Labels.ResourceAttributes)
            labels.AddResource(resource);
        if (!labels.IsValid || Family("target_info"u8, MetricType.None, PrometheusType.Info) is not { } family
            || Shown(family, onlyIfThere: false, out _) is not { } shown)
            return;
        (shown.UnixNanos, shown.SeenUnixNanos) = (latest, unixNanos);
    }
}
