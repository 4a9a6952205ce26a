using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Phoenix.Telemetry;

/// <summary>
/// Plain structs in chunks outside the managed heap, addressed by number. They never move, so that references stay valid
/// while others are added; freed numbers are used again. Freed with its owner, by the finalizer.
/// </summary>
internal sealed unsafe class NativeSlab<T>
    where T : unmanaged
{
    private const int ChunkBits = 12;
    private const int ChunkItems = 1 << ChunkBits;

    private readonly NativeList<int> free = new();

    // Managed, so that the finalizer finds it whole whatever was finalized before.
    private nint[] chunks = new nint[4];
    private int chunkCount;

    ~NativeSlab()
    {
        for (var i = 0; i < chunkCount; i++)
        {
            NativeMemory.Free((void*)chunks[i]);
            GC.RemoveMemoryPressure(ChunkItems * sizeof(T));
        }
    }

    /// <summary>Numbers handed out so far, freed ones included: every number in use is below it.</summary>
    public int End { get; private set; }

    public int InUse => End - free.Count;

    public ref T this[int number]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref Unsafe.Add(ref Unsafe.AsRef<T>((void*)chunks[number >> ChunkBits]), number & (ChunkItems - 1));
    }

    /// <summary>A number whose struct is all zero.</summary>
    public int Take()
    {
        if (free.Count > 0)
            return free.RemoveLast();
        if (End == chunkCount << ChunkBits)
        {
            if (chunkCount == chunks.Length)
                Array.Resize(ref chunks, chunkCount * 2);
            chunks[chunkCount++] = (nint)NativeMemory.AllocZeroed(ChunkItems, (nuint)sizeof(T));
            GC.AddMemoryPressure(ChunkItems * sizeof(T));
        }

        return End++;
    }

    public void Free(int number)
    {
        this[number] = default;
        free.Add() = number;
    }

    public void Save(StateWriter state)
    {
        state.Value(End);
        for (var from = 0; from < End; from += ChunkItems)
            state.Items(ChunkFrom(from, End));
        free.Save(state);
    }

    /// <summary>Takes on saved structs under their numbers. Only while none was taken.</summary>
    public void Restore(StateReader state)
    {
        var end = state.Count(sizeof(T));
        for (var from = 0; from < end; from += ChunkItems)
        {
            // The first of a chunk makes room for all of it.
            Take();
            End = Math.Min(end, from + ChunkItems);
            var items = ChunkFrom(from, end);
            if (state.CountOf<T>() != items.Length)
                throw new StateFormatException("a table is not as long as it says");
            state.Fill(items);
        }

        free.Restore(state);
    }

    private Span<T> ChunkFrom(int from, int end) => new((void*)chunks[from >> ChunkBits], Math.Min(ChunkItems, end - from));
}
