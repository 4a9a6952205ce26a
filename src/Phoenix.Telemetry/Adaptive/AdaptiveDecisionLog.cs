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

    /// <summary>Number of the last decision; 0 where there was none.</summary>
    public long Last
    {
        get
        {
            lock (gate)
                return last;
        }
    }

    internal void Save(StateWriter state)
    {
        lock (gate)
        {
            state.Value(last);
            state.Value(Dropped);
            state.Value(decisions.Count);
            foreach (var (_, decision) in decisions)
                Save(state, decision);
        }
    }

    internal void Restore(StateReader state)
    {
        lock (gate)
        {
            last = state.Value<long>();
            Dropped = state.Value<long>();
            var count = state.Count(1);
            for (var number = last - count + 1; number <= last; number++)
                decisions.Enqueue(new NumberedDecision(number, RestoreDecision(state)));
        }
    }

    private static void Save(StateWriter state, AdaptiveDecision decision)
    {
        state.Value(decision.UnixNanos);
        state.Value(decision.Action);
        state.Text(decision.Metric);
        Save(state, decision.Labels);
        state.Value(decision.SeriesBefore);
        state.Value(decision.SeriesExpected);
        state.Value(decision.Total);
        state.Value(decision.Budget);
        state.Value(decision.Reason);
        state.Text(decision.Words);
        state.Value(decision.Against.Count);
        foreach (var other in decision.Against)
        {
            state.Text(other.Metric);
            Save(state, other.Labels);
            state.Value(other.Series);
        }
    }

    private static AdaptiveDecision RestoreDecision(StateReader state)
    {
        var (at, action, metric, labels) = (state.Value<long>(), state.Value<AdaptiveAction>(), state.Text(), Texts(state));
        var (before, expected, total, budget) = (state.Value<double>(), state.Value<double>(), state.Value<double>(), state.Value<double>());
        var (reason, words) = (state.Value<AdaptiveReason>(), state.Text());
        var against = new AdaptiveAlternative[state.Count(sizeof(double))];
        for (var i = 0; i < against.Length; i++)
            against[i] = new AdaptiveAlternative(state.Text(), Texts(state), state.Value<double>());
        return new AdaptiveDecision(at, action, metric, labels, before, expected, total, budget, reason, words, against);
    }

    private static void Save(StateWriter state, IReadOnlyList<string> texts)
    {
        state.Value(texts.Count);
        foreach (var text in texts)
            state.Text(text);
    }

    private static string[] Texts(StateReader state)
    {
        var texts = new string[state.Count(sizeof(int))];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = state.Text();
        return texts;
    }

    /// <summary>Decisions with a greater number, oldest first.</summary>
    public IReadOnlyList<NumberedDecision> After(long number)
    {
        lock (gate)
            return [.. decisions.Where(decision => decision.Number > number)];
    }
}

public readonly record struct NumberedDecision(long Number, AdaptiveDecision Decision);
