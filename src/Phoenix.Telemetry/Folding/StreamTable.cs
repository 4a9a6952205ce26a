using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Phoenix.Telemetry;

/// <summary>
/// Streams by identity: an index of 4-byte slots (8 bits of tag, 24 of number; open addressing, at most 4/5 full) over entries
/// that never move. About 56 bytes a stream. Looking up comes in steps, so that a caller can have the memory of several
/// streams fetched at once.
/// </summary>
internal sealed unsafe class StreamTable
{
    /// <summary>What a number of 24 bits can tell apart.</summary>
    public const int MostStreams = (1 << NumberBits) - 1;

    private const int NumberBits = 24;
    private const uint NumberMask = (1 << NumberBits) - 1;

    private readonly NativeSlab<StreamEntry> entries = new();
    private uint* slots;
    private uint mask;

    public StreamTable() => Allocate(64);

    ~StreamTable() => NativeMemory.Free(slots);

    public int Count => entries.InUse;

    /// <summary>Every number in use is below it.</summary>
    public int End => entries.End;

    public ref StreamEntry this[int number]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref entries[number];
    }

    /// <summary>First step: has the slot fetched.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchSlot(UInt128 identity)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(slots + ((uint)(ulong)identity & mask));
    }

    /// <summary>Second step: has the entry fetched that the slot most likely means.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchEntry(UInt128 identity)
    {
        if (!Sse.IsSupported)
            return;
        var tag = TagOf((ulong)identity);
        for (var slot = (uint)(ulong)identity & mask; slots[slot] != 0; slot = (slot + 1) & mask)
        {
            if (slots[slot] >> NumberBits != tag >> NumberBits)
                continue;
            Sse.Prefetch0(Unsafe.AsPointer(ref entries[NumberAt(slot)]));
            return;
        }
    }

    /// <returns>The stream's number, or -1.</returns>
    public int Find(UInt128 identity)
    {
        var low = (ulong)identity;
        var high = (uint)(ulong)(identity >> 64);
        var tag = TagOf(low) >> NumberBits;
        for (var slot = (uint)low & mask; slots[slot] != 0; slot = (slot + 1) & mask)
        {
            if (slots[slot] >> NumberBits != tag)
                continue;
            var number = NumberAt(slot);
            ref var entry = ref entries[number];
            if (entry.IdentityLow == low && entry.IdentityHigh == high)
                return number;
        }

        return -1;
    }

    /// <summary>Adds a stream that is not in the table.</summary>
    public int Add(UInt128 identity)
    {
        if ((Count + 1L) * 5 > (mask + 1L) * 4)
            Grow();
        var number = entries.Take();
        ref var entry = ref entries[number];
        entry.IdentityLow = (ulong)identity;
        entry.IdentityHigh = (uint)(ulong)(identity >> 64);
        entry.Flags = StreamFlags.InUse;
        Insert(entry.IdentityLow, number);
        return number;
    }

    public void Remove(int number)
    {
        var slot = (uint)entries[number].IdentityLow & mask;
        while (NumberAt(slot) != number)
            slot = (slot + 1) & mask;

        // Close the gap, so that probing needs no tombstones: move up what would not be found past it.
        for (var next = (slot + 1) & mask; slots[next] != 0; next = (next + 1) & mask)
        {
            var home = (uint)entries[NumberAt(next)].IdentityLow & mask;
            if (((next - home) & mask) < ((next - slot) & mask))
                continue;
            slots[slot] = slots[next];
            slot = next;
        }

        slots[slot] = 0;
        entries.Free(number);
    }

    public void Save(StateWriter state) => entries.Save(state);

    /// <summary>Takes on saved streams under their numbers. Only while there is none.</summary>
    public void Restore(StateReader state)
    {
        entries.Restore(state);
        NativeMemory.Free(slots);
        Allocate(Math.Max(64, BitOperations.RoundUpToPowerOf2((uint)(Count * 5L / 4) + 1)));
        for (var i = 0; i < End; i++)
        {
            if (entries[i].Has(StreamFlags.InUse))
                Insert(entries[i].IdentityLow, i);
        }
    }

    // A slot holds the number plus one: all zero is an empty one.
    private int NumberAt(uint slot) => (int)(slots[slot] & NumberMask) - 1;

    private static uint TagOf(ulong low) => (uint)(low >> 56) << NumberBits;

    private void Insert(ulong low, int number)
    {
        var slot = (uint)low & mask;
        while (slots[slot] != 0)
            slot = (slot + 1) & mask;
        slots[slot] = TagOf(low) | (uint)(number + 1);
    }

    private void Grow()
    {
        var (old, size) = ((nint)slots, mask + 1);
        Allocate(size * 2);
        for (var slot = 0u; slot < size; slot++)
        {
            var value = ((uint*)old)[slot];
            if (value != 0)
                Insert(entries[(int)(value & NumberMask) - 1].IdentityLow, (int)(value & NumberMask) - 1);
        }

        NativeMemory.Free((void*)old);
    }

    private void Allocate(uint size)
    {
        slots = (uint*)NativeMemory.AllocZeroed(size, sizeof(uint));
        mask = size - 1;
    }
}
