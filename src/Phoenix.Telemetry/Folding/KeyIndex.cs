using System.Runtime.InteropServices;

namespace Phoenix.Telemetry;

/// <summary>A struct that says what it is found by.</summary>
internal interface IKeyed
{
    UInt128 Key { get; }
}

/// <summary>
/// Finds structs of a slab by their key: open addressing over slots of four bytes, 5 to 10 bytes a struct. Keys are hashes already, so
/// that their low bits serve as the slot. For what is not looked up with every point: a probe reads the struct itself.
/// </summary>
internal sealed unsafe class KeyIndex<T>(NativeSlab<T> items)
    where T : unmanaged, IKeyed
{
    private const uint Smallest = 64;

    private uint* slots = Allocate(Smallest);
    private uint mask = Smallest - 1;
    private int count;

    ~KeyIndex() => NativeMemory.Free(slots);

    /// <returns>The struct's number, or -1.</returns>
    public int Find(UInt128 key)
    {
        for (var slot = (uint)(ulong)key & mask; slots[slot] != 0; slot = (slot + 1) & mask)
        {
            var number = (int)(slots[slot] - 1);
            if (items[number].Key == key)
                return number;
        }

        return -1;
    }

    /// <summary>Adds a struct whose key is not in the index.</summary>
    public void Add(int number)
    {
        if ((count + 1L) * 5 > (mask + 1L) * 4)
            Grow();
        Insert(number);
        count++;
    }

    /// <summary>Takes a struct out that is in the index, and still has its key.</summary>
    public void Remove(int number)
    {
        var slot = HomeOf(number);
        while (slots[slot] != (uint)number + 1)
            slot = (slot + 1) & mask;

        // Close the gap, so that probing needs no tombstones: move up what would not be found past it.
        for (var next = (slot + 1) & mask; slots[next] != 0; next = (next + 1) & mask)
        {
            if (((next - HomeOf((int)(slots[next] - 1))) & mask) < ((next - slot) & mask))
                continue;
            slots[slot] = slots[next];
            slot = next;
        }

        slots[slot] = 0;
        count--;
    }

    private static uint* Allocate(uint size) => (uint*)NativeMemory.AllocZeroed(size, sizeof(uint));

    private uint HomeOf(int number) => (uint)(ulong)items[number].Key & mask;

    private void Insert(int number)
    {
        var slot = HomeOf(number);
        while (slots[slot] != 0)
            slot = (slot + 1) & mask;
        slots[slot] = (uint)number + 1;
    }

    private void Grow()
    {
        var (old, size) = ((nint)slots, mask + 1);
        slots = Allocate(size * 2);
        mask = (size * 2) - 1;
        for (var slot = 0u; slot < size; slot++)
        {
            if (((uint*)old)[slot] is not 0 and var value)
                Insert((int)(value - 1));
        }

        NativeMemory.Free((void*)old);
    }
}
