namespace Phoenix.Telemetry;

/// <summary>What can be kept on disk and taken on again.</summary>
internal interface ISaved
{
    void Save(StateWriter state);

    void Restore(StateReader state);
}

/// <summary>Objects addressed by number; freed ones are used again as they are.</summary>
internal sealed class ObjectSlab<T>
    where T : class, ISaved, new()
{
    private readonly List<T> items = [];
    private readonly Stack<int> free = [];

    public T this[int number] => items[number];

    public int Take()
    {
        if (free.TryPop(out var number))
            return number;
        items.Add(new T());
        return items.Count - 1;
    }

    public void Free(int number) => free.Push(number);

    public void Save(StateWriter state)
    {
        state.Value(items.Count);
        foreach (var item in items)
            item.Save(state);
        state.Items<int>([.. free.Reverse()]);
    }

    public void Restore(StateReader state)
    {
        for (var left = state.Count(sizeof(long)); left > 0; left--)
        {
            items.Add(new T());
            items[^1].Restore(state);
        }

        foreach (var number in state.Items<int>())
            free.Push(number);
    }
}
