namespace Phoenix.Telemetry;

/// <summary>
/// An explicit histogram: the last cumulative point of a stream, or the running total of an output. All on the same bounds.
/// </summary>
internal sealed class ExplicitTotal : ISaved
{
    private RunningTotal sum;

    /// <summary>Upper bounds, 8 bytes each, as on the wire.</summary>
    public byte[] Bounds { get; private set; } = [];

    public ulong[] Buckets { get; private set; } = [];

    public ulong Count { get; private set; }

    public double Sum => sum.Value;

    /// <summary>Some input came without a sum, so that none can be told.</summary>
    public bool SumUnknown { get; private set; }

    /// <summary>Smallest and largest observation; NaN where not every point said so. Told of deltas only.</summary>
    public double Min { get; private set; } = double.NaN;

    public double Max { get; private set; } = double.NaN;

    public bool SameBounds(scoped in PointFields point) =>
        point.ExplicitBounds.SequenceEqual(Bounds) && point.BucketCounts.Length == Buckets.Length * 8;

    public bool SameBounds(ExplicitTotal other) => other.Bounds.AsSpan().SequenceEqual(Bounds) && other.Buckets.Length == Buckets.Length;

    /// <summary>A falling count or bucket. Never the sum: observations may be negative.</summary>
    public bool Falls(scoped in PointFields point)
    {
        if (point.Count < Count)
            return true;
        for (var i = 0; i < Buckets.Length; i++)
        {
            if (point.Bucket(i) < Buckets[i])
                return true;
        }

        return false;
    }

    /// <summary>Takes on the bounds of a point; nothing is counted.</summary>
    public void Begin(scoped in PointFields point)
    {
        if (!SameBounds(point))
        {
            Bounds = point.ExplicitBounds.ToArray();
            Buckets = new ulong[point.BucketCounts.Length / 8];
        }

        Clear();
    }

    /// <summary>Nothing is counted any more; the bounds stay.</summary>
    public void Clear()
    {
        Array.Clear(Buckets);
        (Count, sum, SumUnknown, Min, Max) = (0, default, false, double.NaN, double.NaN);
    }

    /// <summary>Becomes a point.</summary>
    public void Set(scoped in PointFields point)
    {
        Begin(point);
        Add(point, since: null);
    }

    public void Save(StateWriter state)
    {
        state.Bytes(Bounds);
        state.Items<ulong>(Buckets);
        state.Value(Count);
        state.Value(sum);
        state.Value(SumUnknown);
        state.Value(Min);
        state.Value(Max);
    }

    public void Restore(StateReader state)
    {
        (Bounds, Buckets, Count) = (state.Bytes(), state.Items<ulong>(), state.Value<ulong>());
        (sum, SumUnknown, Min, Max) = (state.Value<RunningTotal>(), state.Value<bool>(), state.Value<double>(), state.Value<double>());
    }

    /// <summary>Adds a point, or what is new in it since another point of its stream.</summary>
    public void Add(scoped in PointFields point, ExplicitTotal? since)
    {
        for (var i = 0; i < Buckets.Length; i++)
            Buckets[i] += point.Bucket(i) - (since?.Buckets[i] ?? 0);
        if (since is null)
        {
            Min = Count == 0 ? point.Min : Math.Min(Min, point.Min);
            Max = Count == 0 ? point.Max : Math.Max(Max, point.Max);
        }

        Count += point.Count - (since?.Count ?? 0);
        if (!point.HasSum || since is { SumUnknown: true })
            SumUnknown = true;
        else
            sum.Add(point.Sum - (since?.Sum ?? 0));
    }
}
