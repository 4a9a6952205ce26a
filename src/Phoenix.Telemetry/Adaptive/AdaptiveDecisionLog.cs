namespace Phoenix.Telemetry;

/// <summary>
/// The last decisions, numbered from 1 in the order in which they were taken. When it is full the oldest goes, and is counted.
/// Safe to read from one thread while another writes.
/// </summary>
public sealed class AdaptiveDecisionLog(int capacity = 500)
{
    private readonly Lock gate = new();
    private readonly Queue<NumberedDecision> decisions = new();
    private long last;

    /// <summary>Decisions that are no longer here.</summary>
    public long Dropped { get; private set; }

    public void Add(AdaptiveDecision decision)
    {
        ArgumentNullException.ThrowIfNull(decision);
        lock (gate)
        {
            if (decisions.Count == capacity)
            {
                decisions.Dequeue();
                Dropped++;
            }

            decisions.Enqueue(new NumberedDecision(++last, decision));
        }
    }

    /// <summary>Decisions with a greater number, oldest first.</summary>
    public IReadOnlyList<NumberedDecision> After(long number)
    {
        lock (gate)
            return [.. decisions.Where(decision => decision.Number > number)];
    }
}

public readonly record struct NumberedDecision(long Number, AdaptiveDecision Decision);
