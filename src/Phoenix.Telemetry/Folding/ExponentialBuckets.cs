namespace Phoenix.Telemetry;

/// <summary>One side of an exponential histogram: counts of consecutive buckets from an index on.</summary>
internal sealed class ExponentialBuckets
{
    private ulong[] counts = new ulong[8];

    /// <summary>Index of the first bucket; means nothing while there is none.</summary>
    public int Offset { get; private set; }

    public int Length { get; private set; }

    public ReadOnlySpan<ulong> Counts => counts.AsSpan(0, Length);

    private long End => (long)Offset + Length;

    public void Clear() => Length = 0;

    public void Set(ExponentialBuckets other)
    {
        Reserve(other.Length);
        other.Counts.CopyTo(counts);
        (Offset, Length) = (other.Offset, other.Length);
    }

    /// <summary>Says at which index the buckets that were appended begin.</summary>
    public void MoveTo(int offset) => Offset = offset;

    public void Append(ulong count)
    {
        Reserve(Length + 1);
        counts[Length++] = count;
    }

    /// <summary>Leaves empty buckets at both ends out.</summary>
    public void Trim()
    {
        var first = 0;
        while (first < Length && counts[first] == 0)
            first++;
        while (Length > first && counts[Length - 1] == 0)
            Length--;
        if (first == 0)
            return;
        counts.AsSpan(first, Length - first).CopyTo(counts);
        (Offset, Length) = (Offset + first, Length - first);
    }

    /// <summary>Merges 2^by neighbours into one. Exact: a bucket at a lower scale is a union of whole buckets.</summary>
    public void Downscale(int by)
    {
        if (by == 0 || Length == 0)
            return;
        var first = Shift(Offset, by);
        var last = Shift(End - 1, by);
        for (var i = 0; i < Length; i++)
        {
            var target = (int)(Shift((long)Offset + i, by) - first);
            var count = counts[i];
            if (target == i)
                continue;

            // The first that falls on a target overwrites what was read before.
            if (i == 0 || Shift((long)Offset + i - 1, by) - first != target)
                counts[target] = count;
            else
                counts[target] += count;
        }

        (Offset, Length) = ((int)first, (int)(last - first) + 1);
    }

    /// <summary>Buckets that both would need together.</summary>
    public long SpanWith(ExponentialBuckets other)
    {
        if (Length == 0 || other.Length == 0)
            return Math.Max(Length, other.Length);
        return Math.Max(End, other.End) - Math.Min(Offset, other.Offset);
    }

    /// <summary>Adds counts at the same scale.</summary>
    public void Add(ExponentialBuckets other)
    {
        if (other.Length == 0)
            return;
        if (Length == 0)
        {
            Set(other);
            return;
        }

        Cover(other);
        for (var i = 0; i < other.Length; i++)
            counts[other.Offset - Offset + i] += other.counts[i];
    }

    /// <summary>Subtracts counts at the same scale.</summary>
    /// <returns>False where a bucket would fall below zero.</returns>
    public bool TrySubtract(ExponentialBuckets other)
    {
        for (var i = 0; i < other.Length; i++)
        {
            if (other.counts[i] == 0)
                continue;
            var at = (long)other.Offset + i - Offset;
            if (at < 0 || at >= Length || counts[at] < other.counts[i])
                return false;
            counts[at] -= other.counts[i];
        }

        return true;
    }

    /// <summary>Removes every bucket up to an index and says how much was in them.</summary>
    public ulong TakeUpTo(long index)
    {
        ulong taken = 0;
        for (var i = 0; i < Length && (long)Offset + i <= index; i++)
        {
            taken += counts[i];
            counts[i] = 0;
        }

        Trim();
        return taken;
    }

    public void Save(StateWriter state)
    {
        state.Value(Offset);
        state.Items(Counts);
    }

    public void Restore(StateReader state)
    {
        Offset = state.Value<int>();
        counts = state.Items<ulong>();
        Length = counts.Length;
    }

    private static long Shift(long index, int by) => by >= 63 ? (index < 0 ? -1 : 0) : index >> by;

    private void Cover(ExponentialBuckets other)
    {
        var before = Math.Max(0L, (long)Offset - other.Offset);
        var length = checked((int)SpanWith(other));
        Reserve(length);
        counts.AsSpan(0, Length).CopyTo(counts.AsSpan((int)before));
        counts.AsSpan(0, (int)before).Clear();
        counts.AsSpan((int)before + Length, length - (int)before - Length).Clear();
        (Offset, Length) = ((int)(Offset - before), length);
    }

    private void Reserve(int length)
    {
        if (length > counts.Length)
            Array.Resize(ref counts, Math.Max(length, counts.Length * 2));
    }
}
