using System.Collections.Concurrent;
using System.IO.Hashing;

namespace Phoenix.Telemetry;

/// <summary>What is known of a series' metric.</summary>
/// <param name="Type">Type of the family.</param>
/// <param name="Form">How the series is carried in OTLP.</param>
/// <param name="Monotonic">Of a sum.</param>
/// <param name="Known">Whether anything says so.</param>
internal readonly record struct SeriesType(PrometheusType Type, MetricType Form, bool Monotonic, bool Known, FamilyMetadata? Metadata);

/// <summary>Help and unit of a metric family.</summary>
internal sealed record FamilyMetadata(PrometheusType Type, byte[] Unit, byte[] Help);

/// <summary>
/// Types of metrics, learnt from the metadata of remote write requests, which senders send apart from samples. Shared by the
/// decoders of one receiver; thread-safe; bounded in bytes: what no longer fits is not learnt.
/// </summary>
/// <remarks>
/// A metric whose metadata comes after its first samples is a gauge of unknown type until then and of its own type from then
/// on: as OTLP these are two streams. Prometheus sends metadata once a minute.
/// </remarks>
public sealed class RemoteWriteTypes(RemoteWriteDecoderOptions options)
{
    // A name whose metadata is known costs about this much beside its texts.
    private const int EntryBytes = 120;

    private readonly ConcurrentDictionary<UInt128, FamilyMetadata> families = new();
    private long bytes;

    internal void Learn(ReadOnlySpan<byte> family, PrometheusType type, ReadOnlySpan<byte> unit, ReadOnlySpan<byte> help)
    {
        var key = Key(family);
        if (families.TryGetValue(key, out var known))
        {
            if (known.Type == type && unit.SequenceEqual(known.Unit) && help.SequenceEqual(known.Help))
                return;
            if (families.TryRemove(key, out var removed))
                Interlocked.Add(ref bytes, -Cost(removed.Unit.Length + removed.Help.Length));
        }

        var cost = Cost(unit.Length + help.Length);
        if (Interlocked.Add(ref bytes, cost) > options.MaxMetadataBytes
            || !families.TryAdd(key, new FamilyMetadata(type, PrometheusUnits.ToUcum(unit).ToArray(), help.ToArray())))
            Interlocked.Add(ref bytes, -cost);
    }

    /// <summary>Finds out what a series is.</summary>
    /// <param name="native">It has native histograms.</param>
    /// <param name="edged">It has the label <c>le</c>.</param>
    internal SeriesType Resolve(ReadOnlySpan<byte> name, bool native, bool edged)
    {
        if (native)
        {
            families.TryGetValue(Key(name), out var of);
            return new SeriesType(PrometheusType.Histogram, MetricType.ExponentialHistogram, Monotonic: false, Known: true, of);
        }

        if (families.TryGetValue(Key(name), out var metadata) && metadata.Type != PrometheusType.Unknown)
            return Own(metadata.Type, metadata);
        if (TryFamily(name, out var member))
            return member;
        foreach (var rule in options.Types)
        {
            if (rule.Metrics.Matches(name))
                return Own(rule.Type, metadata);
        }

        if (options.TypesFromNames)
        {
            if (name.EndsWith("_total"u8))
                return Own(PrometheusType.Counter, metadata);
            if (edged && name.EndsWith("_bucket"u8))
            {
                // Its _sum and _count bear no mark of their own.
                Learn(name[..^"_bucket".Length], PrometheusType.Histogram, default, default);
                return new SeriesType(PrometheusType.Histogram, MetricType.Sum, Monotonic: true, Known: true, null);
            }
        }

        return new SeriesType(PrometheusType.Unknown, MetricType.Gauge, Monotonic: false, Known: false, metadata);
    }

    private bool TryFamily(ReadOnlySpan<byte> name, out SeriesType member)
    {
        member = default;
        var at = name.LastIndexOf((byte)'_');
        if (at <= 0 || !families.TryGetValue(Key(name[..at]), out var family))
            return false;
        var suffix = name[at..];
        var type = family.Type;
        if (suffix.SequenceEqual("_total"u8) && type == PrometheusType.Counter)
            member = Sum(monotonic: true);
        else if (suffix.SequenceEqual("_bucket"u8) && type == PrometheusType.Histogram)
            member = Sum(monotonic: true);
        else if ((suffix.SequenceEqual("_sum"u8) || suffix.SequenceEqual("_count"u8)) && type is PrometheusType.Histogram or PrometheusType.Summary)
            member = Sum(monotonic: true);
        else if (suffix.SequenceEqual("_info"u8) && type == PrometheusType.Info)
            member = Sum(monotonic: false);
        else if (suffix.SequenceEqual("_created"u8) && type is PrometheusType.Counter or PrometheusType.Histogram or PrometheusType.Summary)
            member = new SeriesType(type, MetricType.Gauge, Monotonic: false, Known: true, family);
        return member.Known;

        SeriesType Sum(bool monotonic) => new(type, MetricType.Sum, monotonic, Known: true, family);
    }

    private static SeriesType Own(PrometheusType type, FamilyMetadata? metadata) => type switch
    {
        PrometheusType.Counter => new(type, MetricType.Sum, Monotonic: true, Known: true, metadata),
        PrometheusType.Info or PrometheusType.StateSet => new(type, MetricType.Sum, Monotonic: false, Known: true, metadata),
        PrometheusType.Unknown => new(type, MetricType.Gauge, Monotonic: false, Known: false, metadata),
        _ => new(type, MetricType.Gauge, Monotonic: false, Known: true, metadata),
    };

    private static UInt128 Key(ReadOnlySpan<byte> family) => XxHash128.HashToUInt128(family);

    private static int Cost(int text) => EntryBytes + text;
}
