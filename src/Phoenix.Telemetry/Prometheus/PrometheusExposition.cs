using System.Text;

namespace Phoenix.Telemetry;

/// <summary>How a <see cref="PrometheusExposition"/> shows what it holds.</summary>
public sealed record PrometheusExpositionOptions
{
    /// <summary>Units and <c>_total</c> are added to metric names.</summary>
    public bool MetricSuffixes { get; init; } = true;

    /// <summary>Stands before every metric name, with <c>_</c> between; empty for none.</summary>
    public string Namespace { get; init; } = "";

    public PrometheusLabelOptions Labels { get; init; } = new();

    /// <summary>How long a stream is shown after its last point.</summary>
    public TimeSpan Expiration { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether samples carry the time of their points.</summary>
    public bool Timestamps { get; init; }

    /// <summary>Streams held at most.</summary>
    public int MaxStreams { get; init; } = 1_000_000;
}

/// <summary>
/// The newest point of every stream, to be scraped as Prometheus text 0.0.4 or OpenMetrics 1.0. Points come from one thread,
/// scrapes from any.
/// </summary>
/// <remarks>
/// The mapping is that of remote write (<see cref="RemoteWriteEncoder"/>). Exponential histograms have no text form and, like
/// deltas, are refused. A stream takes its newest point and about 200 bytes; beyond the bound new streams are refused.
/// </remarks>
public sealed class PrometheusExposition
{
    private const int Piece = 64 << 10;

    private readonly Lock gate = new();
    private readonly PrometheusExpositionOptions options;
    private readonly byte[] prefix;
    private readonly BatchDecoder decoder = new();
    private readonly ProtoBuffer name = new();
    private readonly Dictionary<UInt128, ExpositionFamily> families = [];
    private readonly Dictionary<UInt128, ExpositionOwner> owners = [];
    private int streams;

    public PrometheusExposition(PrometheusExpositionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        prefix = options.Namespace.Length > 0 ? Encoding.UTF8.GetBytes(options.Namespace + "_") : [];
    }

    /// <summary>Streams held now.</summary>
    public int Streams => Volatile.Read(ref streams);

    /// <summary>Takes the points of a batch in.</summary>
    /// <returns>Points that cannot be shown, and points of streams for which there was no room.</returns>
    /// <exception cref="OtlpFormatException">The batch is malformed.</exception>
    public (int Unsupported, int NoRoom) Take(ReadOnlySpan<byte> batch, long unixNanos)
    {
        var (unsupported, noRoom) = (0, 0);
        var reader = decoder.Decode(batch).Read();
        lock (gate)
        {
            while (reader.NextResource())
            {
                while (reader.NextScope())
                {
                    ExpositionOwner? owner = null;
                    while (reader.NextMetric())
                    {
                        if (Family(reader) is not { } family)
                        {
                            unsupported += reader.PointCount;
                            continue;
                        }

                        owner ??= Owner(reader, unixNanos);
                        while (reader.NextPoint())
                            Point(reader, family, owner, unixNanos, ref unsupported, ref noRoom);
                    }
                }
            }
        }

        return (unsupported, noRoom);
    }

    /// <summary>
    /// The exposition in pieces, so that a large one need not be in memory at once; where nothing is shown there is none, and
    /// none is empty. Forgets what has expired.
    /// </summary>
    public IEnumerable<ReadOnlyMemory<byte>> Write(bool openMetrics, long unixNanos)
    {
        List<KeyValuePair<UInt128, ExpositionFamily>> shown;
        var writer = new ExpositionWriter(options, openMetrics);
        var expired = unixNanos - (options.Expiration.Ticks * 100);
        lock (gate)
        {
            foreach (var (identity, owner) in owners)
            {
                if (owner.SeenAt < expired)
                    owners.Remove(identity);
            }

            writer.TargetInfo(owners.Values);
            shown = [.. families];
        }

        foreach (var (key, family) in shown)
        {
            // Between two families the pipeline gets its turn.
            lock (gate)
            {
                streams -= family.Forget(expired);
                writer.Write(family);
                if (family.Streams.Count == 0)
                    families.Remove(key);
            }

            if (writer.Length >= Piece)
                yield return writer.Take();
        }

        writer.End();
        if (writer.Length > 0)
            yield return writer.Take();
    }

    private ExpositionFamily? Family(scoped in BatchReader reader)
    {
        var counter = reader is { Type: MetricType.Sum, Monotonic: true };
        var type = reader.Type switch
        {
            MetricType.Gauge => PrometheusType.Gauge,
            MetricType.Summary => PrometheusType.Summary,
            _ when reader.Temporality != Temporality.Cumulative => PrometheusType.Unknown,
            MetricType.Sum => counter ? PrometheusType.Counter : PrometheusType.Gauge,
            MetricType.Histogram => PrometheusType.Histogram,
            _ => PrometheusType.Unknown,
        };
        if (type == PrometheusType.Unknown || reader.MetricName.Length == 0)
            return null;
        name.Clear();
        name.Append(prefix);
        PrometheusNames.AppendMetric(name, reader.MetricName, reader.MetricUnit, counter, reader.Type == MetricType.Gauge, !options.MetricSuffixes);
        var key = Identity.OfBytes(name.Span);
        if (!families.TryGetValue(key, out var family))
            families[key] = family = new ExpositionFamily(name.Span.ToArray(), type, Help(reader.Metric));
        // Two metrics under one name and of two types cannot both be shown: the first stays.
        return family.Type == type ? family : null;
    }

    private ExpositionOwner Owner(scoped in BatchReader reader, long unixNanos)
    {
        var key = reader.ResourceIdentity + Identity.OfBytes(reader.Scope);
        if (!owners.TryGetValue(key, out var owner))
            owners[key] = owner = new ExpositionOwner(reader.ResourceIdentity, reader.Resource.ToArray(), reader.Scope.ToArray());
        owner.SeenAt = unixNanos;
        return owner;
    }

    private void Point(scoped in BatchReader reader, ExpositionFamily family, ExpositionOwner owner, long unixNanos, ref int unsupported, ref int noRoom)
    {
        var point = reader.ReadPoint();
        if (point.NoRecordedValue)
        {
            streams -= family.Streams.Remove(reader.StreamIdentity) ? 1 : 0;
        }
        else if (reader.Type switch
        {
            MetricType.Histogram => point.Irregular,
            MetricType.Summary => false,
            _ => !point.HasValue,
        })
        {
            unsupported++;
        }
        else if (family.Streams.TryGetValue(reader.StreamIdentity, out var stream))
        {
            stream.Replace(reader.Point, point.UnixNanos, unixNanos);
        }
        else if (streams >= options.MaxStreams)
        {
            noRoom++;
        }
        else
        {
            streams++;
            stream = family.Streams[reader.StreamIdentity] = new ExpositionStream(owner, reader.Type);
            stream.Replace(reader.Point, point.UnixNanos, unixNanos);
        }
    }

    private static byte[] Help(ReadOnlySpan<byte> metric)
    {
        var cursor = new ProtoCursor(metric, 0);
        while (cursor.Next())
        {
            if (cursor.Field == 2 && cursor.Wire == WireType.Bytes)
                return cursor.Content.ToArray();
        }

        return [];
    }
}

/// <summary>What streams of one resource and scope share.</summary>
internal sealed class ExpositionOwner(UInt128 resourceIdentity, byte[] resource, byte[] scope)
{
    public UInt128 ResourceIdentity => resourceIdentity;

    public byte[] Resource => resource;

    public byte[] Scope => scope;

    public long SeenAt { get; set; }
}

/// <summary>All streams under one metric name.</summary>
internal sealed class ExpositionFamily(byte[] name, PrometheusType type, byte[] help)
{
    public byte[] Name => name;

    public PrometheusType Type => type;

    public byte[] Help => help;

    public Dictionary<UInt128, ExpositionStream> Streams { get; } = [];

    /// <returns>Streams that were not seen since.</returns>
    public int Forget(long before)
    {
        var count = Streams.Count;
        foreach (var (key, stream) in Streams)
        {
            if (stream.SeenAt < before)
                Streams.Remove(key);
        }

        return count - Streams.Count;
    }
}

/// <summary>The newest point of one stream.</summary>
internal sealed class ExpositionStream(ExpositionOwner owner, MetricType type)
{
    private byte[] point = [];
    private int length;
    private ulong pointTime;

    public ExpositionOwner Owner => owner;

    public MetricType Type => type;

    public ReadOnlySpan<byte> Point => point.AsSpan(0, length);

    public long SeenAt { get; private set; }

    /// <summary>An older point than the one that is held changes nothing.</summary>
    public void Replace(ReadOnlySpan<byte> newer, ulong time, long unixNanos)
    {
        SeenAt = unixNanos;
        if (time < pointTime)
            return;
        if (point.Length < newer.Length)
            point = new byte[newer.Length];
        newer.CopyTo(point);
        (length, pointTime) = (newer.Length, time);
    }
}
