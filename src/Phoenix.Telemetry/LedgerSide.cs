using System.Buffers.Binary;

namespace Phoenix.Telemetry;

/// <summary>
/// Increments of one side of an arm, from decoded points alone. Written apart from the reducers on purpose: only the decoder
/// and the hashes are shared, so that an error in a reducer's arithmetic is not repeated here.
/// </summary>
internal sealed class LedgerSide(bool isInput, int maxStreams, ulong stalenessNanos)
{
    private readonly IdentityTable index = new();

    public Slab<LedgerStream> Streams { get; } = new();

    /// <summary>Points of streams past the bound, in this window.</summary>
    public long Untracked { get; set; }

    public ulong Newest { get; private set; }

    public int Find(UInt128 identity) => index.Find(identity);

    /// <returns>The stream's number, or -1 past the bound.</returns>
    public int Add(UInt128 identity, int group)
    {
        if (index.Count >= maxStreams)
            return -1;
        var number = Streams.Take();
        ref var stream = ref Streams[number];
        (stream.Identity, stream.Group, stream.InUse) = (identity, group, true);
        index.Add(identity, number);
        return number;
    }

    public void Remove(int number)
    {
        index.Remove(Streams[number].Identity);
        Streams.Free(number);
    }

    /// <param name="own">The point belongs to an output with a start of its own, which counts from zero.</param>
    public void Take(ref LedgerStream stream, LedgerGroup group, MetricType type, scoped in PointFields point, bool own, int window, ulong time)
    {
        stream.Window = window;
        if (stream.LastTime != 0 && point.UnixNanos <= stream.LastTime)
            return;
        Newest = Math.Max(Newest, time);
        if (isInput)
            group.NewestIn = Math.Max(group.NewestIn, time);
        else
            group.NewestOut = Math.Max(group.NewestOut, time);

        var isNumber = type is MetricType.Gauge or MetricType.Sum;
        if (point.NoRecordedValue || (isNumber && !IsCountable(point, group.Kind)))
        {
            if (group.Kind == LedgerKind.Level)
                (stream.HasValue, stream.LastTime, stream.FreshFrom) = (false, point.UnixNanos, time);
            return;
        }

        var isInteger = !isNumber || point.IsInteger;
        var whole = isNumber ? (long)point.ValueBits : (long)point.Count;
        var fraction = isNumber && !isInteger ? point.Number : 0;
        if (group.Kind == LedgerKind.Cumulative)
            TakeCumulative(ref stream, group, type, point, own, isInteger, whole, fraction);
        if (type == MetricType.Histogram && !point.Irregular)
            Remember(ref stream, point);
        stream.FirstStart = stream.LastTime == 0 ? point.StartUnixNanos : stream.FirstStart;
        stream.LastStart = point.StartUnixNanos;
        stream.KnownStart = point.KnownStart != 0 ? point.KnownStart : stream.KnownStart;
        (stream.LastTime, stream.FreshFrom) = (point.UnixNanos, time);
        (stream.Whole, stream.Fraction, stream.IsInteger, stream.HasValue, stream.Own) = (whole, fraction, isInteger, true, own);
    }

    /// <summary>Adds a delta point: all of it is an increment.</summary>
    public void TakeDelta(LedgerGroup group, MetricType type, scoped in PointFields point)
    {
        var isNumber = type is MetricType.Gauge or MetricType.Sum;
        if (point.NoRecordedValue || (isNumber && !IsCountable(point, LedgerKind.Delta)))
            return;
        if (isNumber && !point.IsInteger)
            group.Add(isInput, point.Number);
        else
            group.Add(isInput, isNumber ? (long)point.ValueBits : (long)point.Count);
        if (isInput)
            group.Increments++;
        if (type != MetricType.Histogram || point.Irregular)
            return;
        var bounds = Identity.OfBytes(point.ExplicitBounds);
        for (var i = 0; i < point.BucketCounts.Length / 8; i++)
            group.AddBucket(isInput, bounds, i, point.BucketCounts.Length / 8, (long)point.Bucket(i));
    }

    private void TakeCumulative(
        ref LedgerStream stream, LedgerGroup group, MetricType type, scoped in PointFields point, bool own, bool isInteger, long whole, double fraction)
    {
        var startedAgain = point.KnownStart != 0 && stream.KnownStart != 0 && point.KnownStart > stream.KnownStart;
        bool fromZero;
        if (own)
        {
            // Our own counters say when they began; a later start is a new counter, even where its value is not lower.
            fromZero = !stream.HasValue || !stream.Own || startedAgain;
        }
        else
        {
            if (!stream.HasValue || stream.Own || point.UnixNanos - stream.LastTime > stalenessNanos)
                return;
            fromZero = startedAgain;
        }

        var histogram = type == MetricType.Histogram && !point.Irregular;
        var bounds = histogram ? Identity.OfBytes(point.ExplicitBounds) : 0;
        fromZero |= stream.HasValue && Falls(stream, point, histogram, bounds, isInteger, whole, fraction);
        if (isInput)
            group.Increments++;
        if (isInteger && (stream.IsInteger || fromZero))
            group.Add(isInput, Math.Max(0, fromZero ? whole : whole - stream.Whole));
        else
            group.Add(isInput, Math.Max(0, (isInteger ? whole : fraction) - (fromZero ? 0 : stream.Number)));
        if (!histogram)
            return;
        var count = point.BucketCounts.Length / 8;
        for (var i = 0; i < count; i++)
            group.AddBucket(isInput, bounds, i, count, (long)(point.Bucket(i) - (fromZero || stream.Buckets is null ? 0 : stream.Buckets[i])));
    }

    private static bool Falls(
        in LedgerStream stream, scoped in PointFields point, bool histogram, UInt128 bounds, bool isInteger, long whole, double fraction)
    {
        if (isInteger && stream.IsInteger ? whole < stream.Whole : (isInteger ? whole : fraction) < stream.Number)
            return true;
        if (!histogram)
            return false;
        if (stream.Buckets is null || stream.Bounds != bounds || stream.Buckets.Length * 8 != point.BucketCounts.Length)
            return true;
        for (var i = 0; i < stream.Buckets.Length; i++)
        {
            if (point.Bucket(i) < stream.Buckets[i])
                return true;
        }

        return false;
    }

    private static void Remember(ref LedgerStream stream, scoped in PointFields point)
    {
        var count = point.BucketCounts.Length / 8;
        if (stream.Buckets is null || stream.Buckets.Length != count)
            stream.Buckets = new ulong[count];
        for (var i = 0; i < count; i++)
            stream.Buckets[i] = BinaryPrimitives.ReadUInt64LittleEndian(point.BucketCounts[(i * 8)..]);
        stream.Bounds = Identity.OfBytes(point.ExplicitBounds);
    }

    private static bool IsCountable(scoped in PointFields point, LedgerKind kind)
    {
        if (!point.HasValue || point.IsInteger)
            return point.HasValue;
        return kind == LedgerKind.Level ? !double.IsNaN(point.Number) : double.IsFinite(point.Number);
    }
}
