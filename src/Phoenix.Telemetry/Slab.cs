namespace Phoenix.Telemetry;

/// <summary>Structs in one array, addressed by number; freed numbers are used again.</summary>
internal sealed class Slab<T> where T : unmanaged
{
    private readonly Stack<int> free = new();
    private T[] items = new T[64];

    /// <summary>Numbers handed out so far, freed ones included: every number in use is below it.</summary>
    public int End { get; private set; }

    public int InUse => End - free.Count;

    public ref T this[int number] => ref items[number];

    /// <summary>A number whose struct is all zero. References from before do not survive it.</summary>
    public int Take()
    {
        if (free.TryPop(out var number))
        {
            items[number] = default;
            return number;
        }

        if (End == items.Length)
            Array.Resize(ref items, items.Length * 2);
        return End++;
    }

    public void Free(int number)
    {
        items[number] = default;
        free.Push(number);
    }

    public void Save(StateWriter state)
    {
        state.Items<T>(items.AsSpan(0, End));
        state.Items<int>([.. free.Reverse()]);
    }

    /// <summary>Takes on saved structs under their numbers.</summary>
    public void Restore(StateReader state)
    {
        var saved = state.Items<T>();
        End = saved.Length;
        items = End < 64 ? new T[64] : saved;
        saved.CopyTo(items.AsSpan());
        free.Clear();
        foreach (var number in state.Items<int>())
            free.Push(number);
    }
}
