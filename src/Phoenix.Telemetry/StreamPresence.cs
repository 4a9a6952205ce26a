namespace Phoenix.Telemetry;

/// <summary>
/// Knows the streams that one source showed in its last round and says which of them vanished: as data points with the flag
/// "no recorded value" (OpenTelemetry data model, §No recorded value), which a Prometheus backend stores as staleness
/// marker. Without it a backend keeps showing the last value for minutes. Not thread-safe.
/// </summary>
/// <remarks>Keeps the attributes of each stream of the last round, and nothing of earlier ones.</remarks>
public sealed class StreamPresence
{
    private readonly Dictionary<UInt128, Seen> streams = [];
    private readonly Dictionary<UInt128, Owner> owners = [];
    private readonly ProtoBuffer attributes = new();
    private int round;

    /// <summary>Streams of the last round and of the one under way.</summary>
    public int Streams => streams.Count;

    /// <summary>Takes one batch of the round under way.</summary>
    /// <param name="unixNanos">
    /// The round's time. Points of another time bring their own, and say themselves when they end: they are not followed
    /// (Prometheus does the same with samples that have a timestamp).
    /// </param>
    /// <returns>Classic Prometheus series among the streams that were not there in the round before.</returns>
    /// <exception cref="OtlpFormatException">The batch is malformed.</exception>
    public int Observe(ReadOnlySpan<byte> batch, ulong unixNanos)
    {
        var added = 0;
        var reader = new OtlpReader(batch);
        while (reader.NextResource())
        {
            var resource = Identity.OfResource(reader.Resource);
            while (reader.NextScope())
            {
                var scope = resource + Identity.OfScope(reader.Scope);
                while (reader.NextMetric())
                {
                    var metric = scope + Identity.OfMetric(reader.MetricName, reader.MetricUnit, reader.Type, reader.Temporality, reader.Monotonic);
                    while (reader.NextPoint())
                    {
                        var point = reader.ReadPoint();
                        if (point.UnixNanos == unixNanos)
                            added += Observe(metric, reader) ? SeriesProjection.Classic(reader.Type, point) : 0;
                    }
                }
            }
        }

        return added;
    }

    /// <summary>Ends the round and forgets what was not in it. A round without a batch ends every stream.</summary>
    /// <param name="unixNanos">Time of the points that say so.</param>
    /// <param name="points">Points in the batch.</param>
    /// <returns>A batch with one point for each stream that vanished; empty where none did.</returns>
    public byte[] EndRound(ulong unixNanos, out int points)
    {
        var vanished = new List<(UInt128 Key, Seen Stream)>();
        foreach (var (key, stream) in streams)
        {
            if (stream.Round != round)
                vanished.Add((key, stream));
        }

        round++;
        points = vanished.Count;
        if (points == 0)
            return [];
        vanished.Sort(static (a, b) => a.Stream.Owner.CompareTo(b.Stream.Owner));
        var batch = new ProtoBuffer();
        for (var i = 0; i < vanished.Count;)
        {
            var owner = vanished[i].Stream.Owner;
            var resource = batch.Begin(1);
            batch.Bytes(1, owner.Resource);
            for (var first = owner; i < vanished.Count && vanished[i].Stream.Owner.ResourceKey == first.ResourceKey;)
            {
                owner = vanished[i].Stream.Owner;
                var scope = batch.Begin(2);
                batch.Bytes(1, owner.Scope);
                for (var second = owner; i < vanished.Count && vanished[i].Stream.Owner.ScopeKey == second.ScopeKey;)
                    i = WriteMetric(batch, vanished, i, unixNanos);
                batch.End(scope);
            }

            batch.End(resource);
        }

        foreach (var (key, stream) in vanished)
        {
            streams.Remove(key);
            if (--stream.Owner.Streams == 0)
                owners.Remove(stream.Owner.Key);
        }

        return batch.Span.ToArray();
    }

    private static int WriteMetric(ProtoBuffer batch, List<(UInt128 Key, Seen Stream)> vanished, int i, ulong unixNanos)
    {
        var owner = vanished[i].Stream.Owner;
        var metric = batch.Begin(2);
        batch.Bytes(1, owner.Name);
        if (owner.Unit.Length > 0)
            batch.Bytes(3, owner.Unit);
        var data = batch.Begin((int)owner.Type);
        if (owner.Type is MetricType.Sum or MetricType.Histogram or MetricType.ExponentialHistogram)
        {
            batch.Tag(2, WireType.Varint);
            batch.Varint((uint)owner.Temporality);
        }

        if (owner.Monotonic)
        {
            batch.Tag(3, WireType.Varint);
            batch.Varint(1);
        }

        for (; i < vanished.Count && ReferenceEquals(vanished[i].Stream.Owner, owner); i++)
        {
            var point = batch.Begin(1);
            batch.Append(vanished[i].Stream.Attributes);
            batch.Fixed64(3, unixNanos);
            batch.Tag(owner.Type is MetricType.Histogram or MetricType.ExponentialHistogram ? 10 : 8, WireType.Varint);
            batch.Varint(1);
            batch.End(point);
        }

        batch.End(data);
        batch.End(metric);
        return i;
    }

    private bool Observe(UInt128 metric, scoped in OtlpReader reader)
    {
        var key = metric;
        var field = Attributes.FieldOf(reader.Type);
        var walk = new Attributes(reader.Point, field);
        while (walk.Next())
            key += Identity.OfAttribute(walk.Current, ofResource: false);
        if (streams.TryGetValue(key, out var stream))
        {
            stream.Round = round;
            return false;
        }

        if (!owners.TryGetValue(metric, out var owner))
            owners[metric] = owner = new Owner(metric, reader);
        owner.Streams++;
        attributes.Clear();
        walk = new Attributes(reader.Point, field);
        while (walk.Next())
            attributes.Append(walk.Current.Raw);
        streams[key] = new Seen { Owner = owner, Attributes = attributes.Span.ToArray(), Round = round };
        return true;
    }

    private sealed class Seen
    {
        public required Owner Owner;
        public required byte[] Attributes;
        public required int Round;
    }

    /// <summary>The metric that streams belong to, with what stands above it.</summary>
    private sealed class Owner : IComparable<Owner>
    {
        public Owner(UInt128 key, scoped in OtlpReader reader)
        {
            Key = key;
            ResourceKey = Identity.OfResource(reader.Resource);
            ScopeKey = ResourceKey + Identity.OfScope(reader.Scope);
            (Resource, Scope) = (reader.Resource.ToArray(), reader.Scope.ToArray());
            (Name, Unit) = (reader.MetricName.ToArray(), reader.MetricUnit.ToArray());
            (Type, Temporality, Monotonic) = (reader.Type, reader.Temporality, reader.Monotonic);
        }

        public UInt128 Key { get; }

        public UInt128 ResourceKey { get; }

        public UInt128 ScopeKey { get; }

        public byte[] Resource { get; }

        public byte[] Scope { get; }

        public byte[] Name { get; }

        public byte[] Unit { get; }

        public MetricType Type { get; }

        public Temporality Temporality { get; }

        public bool Monotonic { get; }

        public int Streams { get; set; }

        public int CompareTo(Owner? other) =>
            other is null ? 1 : (ResourceKey, ScopeKey, Key).CompareTo((other.ResourceKey, other.ScopeKey, other.Key));
    }
}
