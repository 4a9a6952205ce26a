using System.Runtime.InteropServices;

namespace Phoenix.Telemetry;

/// <summary>
/// A growing array of plain structs outside the managed heap: it neither moves nor counts towards a collection. References
/// into it do not survive <see cref="Add"/>. It is freed with its owner, by the finalizer: owners live as long as a
/// configuration, and the collector is told how much hangs on them.
/// </summary>
internal sealed unsafe class NativeList<T>
    where T : unmanaged
{
    private T* items;
    private int capacity;

    ~NativeList() => Free();

    public int Count { get; private set; }

    /// <summary>Memory that is held, whatever of it is in use.</summary>
    public long AllocatedBytes => (long)capacity * sizeof(T);

    public ref T this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return ref items[index];
        }
    }

    public Span<T> Span => new(items, Count);

    public void Clear() => Count = 0;

    /// <summary>Keeps the first ones.</summary>
    public void Truncate(int count) => Count = Math.Min(Count, count);

    public T RemoveLast()
    {
        ArgumentOutOfRangeException.ThrowIfZero(Count);
        return items[--Count];
    }

    /// <summary>Frees it before its owner goes; it can be used again and is empty then.</summary>
    public void Release()
    {
        Free();
        Count = 0;
    }

    /// <summary>Makes room for one more; its content is what was there before.</summary>
    public ref T Add()
    {
        if (Count == capacity)
            Grow();
        return ref items[Count++];
    }

    public void Save(StateWriter state) => state.Items<T>(Span);

    public void Restore(StateReader state)
    {
        Clear();
        for (var left = state.CountOf<T>(); left > 0; left--)
            Add() = state.Value<T>();
    }

    private void Grow()
    {
        var larger = Math.Max(16, checked(capacity * 2));
        items = (T*)NativeMemory.Realloc(items, (nuint)larger * (nuint)sizeof(T));
        GC.AddMemoryPressure((long)(larger - capacity) * sizeof(T));
        capacity = larger;
    }

    private void Free()
    {
        if (items == null)
            return;
        NativeMemory.Free(items);
        GC.RemoveMemoryPressure((long)capacity * sizeof(T));
        items = null;
        capacity = 0;
    }
}
