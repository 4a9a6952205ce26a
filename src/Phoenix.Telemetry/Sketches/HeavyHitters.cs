using System.Buffers.Binary;

namespace Phoenix.Telemetry;

/// <summary>One of the items that <see cref="HeavyHitters"/> kept.</summary>
/// <param name="LeastWeight">The item's weight is at least this, and at most this plus <see cref="HeavyHitters.GreatestError"/>.</param>
public readonly record struct HeavyHitter(UInt128 Identity, long LeastWeight);

/// <summary>
/// Finds the items that carry most of a total weight, in bounded memory: Misra–Gries with weighted updates. Every item
/// whose weight is above <see cref="TotalWeight"/> ÷ k is kept, and no weight is overstated. Not thread-safe; updating and
/// merging allocate nothing.
/// </summary>
/// <remarks>
/// Jayadev Misra and David Gries 1982; weighted with a purge by the median of the counters as Anderson et al., "A
/// High-Performance Algorithm for Identifying Frequent Items in Data Streams", IMC 2017; merging as Agarwal et al.,
/// "Mergeable Summaries", PODS 2012. There are 2k counters. A purge takes their median off each, which takes at least k times
/// that from the total: so the error is never above (total − what the counters hold) ÷ k, after any number of merges.
/// </remarks>
public sealed class HeavyHitters
{
    public const int GreatestK = 1 << 20;

    private const byte Magic = (byte)'H';
    private const byte Version = 1;
    private const int HeaderBytes = 24;
    private const int EntryBytes = 24;

    private readonly UInt128[] keys;
    private readonly long[] weights;
    private readonly long[] sorted;
    private readonly UInt128[] keptKeys;
    private readonly long[] keptWeights;
    private readonly int mask;

    /// <param name="k">Items above 1/k of the total weight are found. At most 200 bytes for each.</param>
    public HeavyHitters(int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, GreatestK);
        K = k;
        var slots = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(2 * k + 1));
        slots = slots * 3L < 8L * k ? slots * 2 : slots;
        (keys, weights, mask) = (new UInt128[slots], new long[slots], slots - 1);
        (sorted, keptKeys, keptWeights) = (new long[2 * k], new UInt128[2 * k], new long[2 * k]);
    }

    public int K { get; }

    /// <summary>Items kept now, at most 2k.</summary>
    public int Count { get; private set; }

    /// <summary>Sum of all weights added, merged sketches included.</summary>
    public long TotalWeight { get; private set; }

    /// <summary>The most by which any item's weight may be above what is known of it, kept or not. Never above <see cref="TotalWeight"/> ÷ k.</summary>
    public long GreatestError { get; private set; }

    /// <param name="weight">Not negative; nothing is added for 0.</param>
    /// <exception cref="OverflowException">The total would be above 2^63 − 1.</exception>
    public void Add(UInt128 identity, long weight)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(weight);
        if (weight == 0)
            return;
        TotalWeight = checked(TotalWeight + weight);
        Put(identity, weight);
    }

    /// <summary>At least this much weight was added for the identity; 0 where it is not kept.</summary>
    public long LeastWeight(UInt128 identity)
    {
        for (var slot = SlotOf(identity); weights[slot] > 0; slot = (slot + 1) & mask)
        {
            if (keys[slot] == identity)
                return weights[slot];
        }

        return 0;
    }

    /// <exception cref="ArgumentException">The other has another k, or is this one.</exception>
    /// <exception cref="OverflowException">The total would be above 2^63 − 1.</exception>
    public void Merge(HeavyHitters other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.K != K || other == this)
            throw new ArgumentException($"Heavy hitters merge with others of the same k: {K} and {other.K}.", nameof(other));
        TotalWeight = checked(TotalWeight + other.TotalWeight);
        GreatestError += other.GreatestError;

        // Slots in order would fill this table in runs.
        for (var i = 0; i < other.weights.Length; i++)
        {
            var slot = (int)((uint)i * 0x9E3779B1u) & mask;
            if (other.weights[slot] > 0)
                Put(other.keys[slot], other.weights[slot]);
        }
    }

    public void Clear()
    {
        weights.AsSpan().Clear();
        (Count, TotalWeight, GreatestError) = (0, 0, 0);
    }

    /// <summary>The heaviest items kept, heaviest first, at most as many as there is room for.</summary>
    /// <returns>How many were written.</returns>
    public int Top(Span<HeavyHitter> top)
    {
        var count = 0;
        for (var slot = 0; slot < weights.Length; slot++)
        {
            var item = new HeavyHitter(keys[slot], weights[slot]);
            if (item.LeastWeight == 0 || (count == top.Length && (count == 0 || !Before(item, top[count - 1]))))
                continue;
            var place = count < top.Length ? count++ : count - 1;
            for (; place > 0 && Before(item, top[place - 1]); place--)
                top[place] = top[place - 1];
            top[place] = item;
        }

        return count;
    }

    /// <summary>Bytes that <see cref="Write"/> makes.</summary>
    public int Length => HeaderBytes + Count * EntryBytes;

    /// <exception cref="ArgumentException">The destination is shorter than <see cref="Length"/>.</exception>
    public int Write(Span<byte> destination)
    {
        if (destination.Length < Length)
            throw new ArgumentException($"The sketch needs {Length} bytes, and there are {destination.Length}.", nameof(destination));
        destination[..HeaderBytes].Clear();
        (destination[0], destination[1]) = (Magic, Version);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], K);
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], TotalWeight);
        BinaryPrimitives.WriteInt64LittleEndian(destination[16..], GreatestError);
        var position = HeaderBytes;
        for (var slot = 0; slot < weights.Length; slot++)
        {
            if (weights[slot] == 0)
                continue;
            BinaryPrimitives.WriteUInt128LittleEndian(destination[position..], keys[slot]);
            BinaryPrimitives.WriteInt64LittleEndian(destination[(position + 16)..], weights[slot]);
            position += EntryBytes;
        }

        return position;
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[Length];
        Write(bytes);
        return bytes;
    }

    /// <exception cref="FormatException">The bytes are no such sketch, or one of another version; the message says what is wrong.</exception>
    public static HeavyHitters Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes || bytes[0] != Magic)
            throw new FormatException("Not a sketch of heavy hitters: it does not begin as one.");
        if (bytes[1] != Version)
            throw new FormatException($"A sketch of heavy hitters of version {bytes[1]}; this program reads version {Version}.");
        var k = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        var (entries, rest) = Math.DivRem(bytes.Length - HeaderBytes, EntryBytes);
        if (k is < 1 or > GreatestK || rest != 0 || entries > 2 * k)
            throw new FormatException($"A sketch of heavy hitters of k {k} in {bytes.Length} bytes; k is 1 to {GreatestK}, with {EntryBytes} bytes each for at most 2k items.");
        var sketch = new HeavyHitters(k);
        var (total, error) = (BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]));
        long held = 0;
        for (var content = bytes[HeaderBytes..]; content.Length > 0; content = content[EntryBytes..])
        {
            var (identity, weight) = (BinaryPrimitives.ReadUInt128LittleEndian(content), BinaryPrimitives.ReadInt64LittleEndian(content[16..]));
            if (weight <= 0 || weight > total - held || sketch.LeastWeight(identity) != 0)
                throw new FormatException($"A sketch of heavy hitters with an item {identity:x32} of weight {weight} that is not positive, twice there, or beyond the total of {total}.");
            held += weight;
            sketch.Put(identity, weight);
        }

        if (error < 0 || error > (total - held) / k)
            throw new FormatException($"A sketch of heavy hitters with an error of {error}, which a total of {total} with {held} held cannot have.");
        (sketch.TotalWeight, sketch.GreatestError) = (total, error);
        return sketch;
    }

    private static bool Before(in HeavyHitter one, in HeavyHitter other) =>
        one.LeastWeight != other.LeastWeight ? one.LeastWeight > other.LeastWeight : one.Identity < other.Identity;

    private int SlotOf(UInt128 identity) => (int)((((ulong)identity ^ (ulong)(identity >> 64)) * 0x9E3779B97F4A7C15) >> 32) & mask;

    private void Put(UInt128 identity, long weight)
    {
        while (true)
        {
            var slot = SlotOf(identity);
            for (; weights[slot] > 0; slot = (slot + 1) & mask)
            {
                if (keys[slot] != identity)
                    continue;
                weights[slot] += weight;
                return;
            }

            if (Count < 2 * K)
            {
                (keys[slot], weights[slot]) = (identity, weight);
                Count++;
                return;
            }

            Purge();
        }
    }

    private void Purge()
    {
        var count = 0;
        for (var slot = 0; slot < weights.Length; slot++)
        {
            if (weights[slot] == 0)
                continue;
            (keptKeys[count], keptWeights[count], sorted[count]) = (keys[slot], weights[slot], weights[slot]);
            count++;
        }

        // The k-th smallest of 2k: at least k counters, those from there up and that one, lose this much.
        sorted.AsSpan(0, count).Sort();
        var median = sorted[K - 1];
        weights.AsSpan().Clear();
        Count = 0;
        GreatestError += median;
        for (var i = 0; i < count; i++)
        {
            if (keptWeights[i] > median)
                Put(keptKeys[i], keptWeights[i] - median);
        }
    }
}
