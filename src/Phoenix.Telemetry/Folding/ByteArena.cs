using System.Numerics;
using System.Runtime.InteropServices;

namespace Phoenix.Telemetry;

/// <summary>
/// Many small runs of bytes outside the managed heap, without the header that an allocator puts before each: cut from blocks
/// of 64 KiB in small steps, above 2 KiB in powers of two. What is freed is used again for runs of its size; blocks go with
/// the arena, by the finalizer.
/// </summary>
/// <param name="step">Sizes are multiples of it; at least 8.</param>
internal sealed unsafe class ByteArena(int step)
{
    private const int BlockBytes = 1 << 16;
    private const int SmallBytes = 2048;

    // Managed, so that the finalizer finds it whole whatever was finalized before.
    private readonly List<(nint At, int Bytes)> blocks = [];
    private readonly byte*[] free = new byte*[(SmallBytes / step) + 32];
    private byte* at;
    private int left;

    ~ByteArena()
    {
        foreach (var (block, bytes) in blocks)
        {
            NativeMemory.Free((void*)block);
            GC.RemoveMemoryPressure(bytes);
        }
    }

    public byte* Allocate(int length)
    {
        var size = SizeOf(length, out var ofClass);
        if (free[ofClass] != null)
        {
            var freed = free[ofClass];
            free[ofClass] = *(byte**)freed;
            return freed;
        }

        if (size > SmallBytes)
            return AddBlock(size);
        if (left < size)
        {
            at = AddBlock(BlockBytes);
            left = BlockBytes;
        }

        var taken = at;
        at += size;
        left -= size;
        return taken;
    }

    public void Free(byte* run, int length)
    {
        SizeOf(length, out var ofClass);
        *(byte**)run = free[ofClass];
        free[ofClass] = run;
    }

    private int SizeOf(int length, out int ofClass)
    {
        if (length <= SmallBytes)
        {
            var steps = Math.Max(1, (length + step - 1) / step);
            ofClass = steps - 1;
            return steps * step;
        }

        var size = checked((int)BitOperations.RoundUpToPowerOf2((uint)length));
        ofClass = (SmallBytes / step) + BitOperations.Log2((uint)size);
        return size;
    }

    private byte* AddBlock(int bytes)
    {
        var block = (byte*)NativeMemory.Alloc((nuint)bytes);
        blocks.Add(((nint)block, bytes));
        GC.AddMemoryPressure(bytes);
        return block;
    }
}
