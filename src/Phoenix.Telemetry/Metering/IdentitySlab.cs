using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Phoenix.Telemetry;

/// <summary>A record that is found by its 128-bit identity.</summary>
internal interface IIdentified
{
    UInt128 Identity { get; set; }

    bool InUse { get; set; }
}

/// <summary>
/// Records outside the managed heap, found by identity or by number. They never move; freed numbers are used again. A record
/// costs its size and 5 to 10 bytes of index.
/// </summary>
/// <remarks>
/// The index is open addressing with linear probing over slots of four bytes: 8 bits of the identity, so that a slot of
/// another record is rarely followed, and the record's number. Identities are sums of hashes: their low bits are the slot.
/// </remarks>
[SuppressMessage("Reliability", "CA1001", Justification = "The finalizer frees what is outside the heap; owners live as long as the process or a configuration.")]
internal sealed unsafe class IdentitySlab<T> where T : unmanaged, IIdentified
{
    /// <summary>Records at most: a slot has 24 bits for the number.</summary>
    public const int Capacity = (1 << NumberBits) - 2;

    private const int NumberBits = 24;
    private const int ChunkBits = 10;
    private const int PerChunk = 1 << ChunkBits;
    private const int CacheLine = 64;

    private readonly Stack<int> free = new();
    private T*[] chunks = new T*[4];
    private int chunkCount;
    private uint* slots;
    private uint mask;

    public IdentitySlab()
    {
        slots = AllocateSlots(64);
        mask = 63;
    }

    ~IdentitySlab()
    {
        for (var i = 0; i < chunkCount; i++)
            NativeMemory.AlignedFree(chunks[i]);
        NativeMemory.Free(slots);
    }

    /// <summary>Numbers handed out so far, freed ones included: every number in use is below it.</summary>
    public int End { get; private set; }

    public int Count => End - free.Count;

    /// <summary>Bytes outside the managed heap.</summary>
    public long AllocatedBytes => ((long)chunkCount * PerChunk * sizeof(T)) + ((mask + 1L) * sizeof(uint));

    public ref T this[int number]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref chunks[number >> ChunkBits][number & (PerChunk - 1)];
    }

    /// <returns>The record's number, or -1.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(UInt128 identity)
    {
        var tag = TagOf(identity);
        for (var slot = (uint)(ulong)identity & mask; slots[slot] is var content and not 0; slot = (slot + 1) & mask)
        {
            if (content >> NumberBits != tag)
                continue;
            var number = NumberIn(content);
            if (this[number].Identity == identity)
                return number;
        }

        return -1;
    }

    /// <summary>Asks for the identity's slot ahead of <see cref="Find"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchSlot(UInt128 identity)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(slots + ((uint)(ulong)identity & mask));
    }

    /// <summary>Asks for the record ahead of <see cref="Find"/>; its slot should be at hand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchRecord(UInt128 identity)
    {
        var content = slots[(uint)(ulong)identity & mask];
        if (Sse.IsSupported && content >> NumberBits == TagOf(identity) && content != 0)
            Sse.Prefetch0(Unsafe.AsPointer(ref this[NumberIn(content)]));
    }

    /// <summary>Adds a record for an identity that has none: all zero but for the identity. The caller keeps to <see cref="Capacity"/>.</summary>
    public int Add(UInt128 identity)
    {
        if ((Count + 1) * 5L > (mask + 1) * 4L)
            Grow();
        if (!free.TryPop(out var number))
            number = Extend();
        ref var record = ref this[number];
        record = default;
        (record.Identity, record.InUse) = (identity, true);
        Insert(identity, number);
        return number;
    }

    /// <summary>Frees a record that is in use.</summary>
    public void Remove(int number)
    {
        var slot = (uint)(ulong)this[number].Identity & mask;
        while (NumberIn(slots[slot]) != number)
            slot = (slot + 1) & mask;

        // Close the gap, so that probing needs no tombstones: move up what would not be found past it.
        for (var next = (slot + 1) & mask; slots[next] != 0; next = (next + 1) & mask)
        {
            var home = (uint)(ulong)this[NumberIn(slots[next])].Identity & mask;
            if (((next - home) & mask) < ((next - slot) & mask))
                continue;
            slots[slot] = slots[next];
            slot = next;
        }

        slots[slot] = 0;
        this[number] = default;
        free.Push(number);
    }

    private static int NumberIn(uint content) => (int)(content & ((1u << NumberBits) - 1)) - 1;

    private static uint TagOf(UInt128 identity) => (uint)((ulong)(identity >> 64) >> 56);

    private static uint* AllocateSlots(uint count) => (uint*)NativeMemory.AllocZeroed(count, sizeof(uint));

    private int Extend()
    {
        if (End >> ChunkBits == chunkCount)
        {
            if (chunkCount == chunks.Length)
                GrowChunks();
            chunks[chunkCount++] = (T*)NativeMemory.AlignedAlloc((nuint)PerChunk * (nuint)sizeof(T), CacheLine);
        }

        return End++;
    }

    private void GrowChunks()
    {
        var more = new T*[chunks.Length * 2];
        chunks.CopyTo(more, 0);
        chunks = more;
    }

    private void Grow()
    {
        var old = slots;
        var count = mask + 1;
        slots = AllocateSlots(count * 2);
        mask = (count * 2) - 1;
        for (uint slot = 0; slot < count; slot++)
        {
            if (old[slot] != 0)
                Insert(this[NumberIn(old[slot])].Identity, NumberIn(old[slot]));
        }

        NativeMemory.Free(old);
    }

    private void Insert(UInt128 identity, int number)
    {
        var slot = (uint)(ulong)identity & mask;
        while (slots[slot] != 0)
            slot = (slot + 1) & mask;
        slots[slot] = (TagOf(identity) << NumberBits) | (uint)(number + 1);
    }
}
