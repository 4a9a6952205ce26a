using Phoenix.Contracts;

namespace Phoenix.Collector.Pipeline;

/// <summary>The last closed windows, for the agent to fetch. Written by the pipeline thread, read by the control server.</summary>
internal sealed class WindowRing
{
    private const int Capacity = 120;
    private readonly Lock _gate = new();
    private readonly Queue<ArmWindow> _windows = new(Capacity);

    /// <summary>The window closed last; null before the first.</summary>
    public ArmWindow? Last { get; private set; }

    public void Add(ArmWindow window)
    {
        lock (_gate)
        {
            Last = window;
            if (_windows.Count == Capacity)
            {
                _windows.Dequeue();
            }

            _windows.Enqueue(window);
        }
    }

    /// <summary>Windows of any source epoch with a greater number, oldest first.</summary>
    public IReadOnlyList<ArmWindow> After(long number)
    {
        lock (_gate)
        {
            return [.. _windows.Where(w => w.Number > number)];
        }
    }
}
