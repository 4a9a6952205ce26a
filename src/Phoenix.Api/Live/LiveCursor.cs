namespace Phoenix.Api.Live;

/// <summary>Where a reader of the event log stands whose numbers come with gaps. Pure but for what it remembers.</summary>
public sealed class LiveCursor(long settled)
{
    /// <summary>Events read at a time.</summary>
    public const int Page = 5000;

    /// <summary>How long a missing number is waited for. A transaction that takes longer is told of when its streams change again.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    readonly SortedSet<long> _ahead = [];
    DateTimeOffset? _waitingSince;

    /// <summary>Everything up to here was seen, or given up.</summary>
    public long Settled { get; private set; } = settled;

    /// <summary>Numbers above it that were seen already.</summary>
    public long[] Ahead => [.. _ahead];

    /// <summary>Notes what was read.</summary>
    public void See(IEnumerable<long> sequences, DateTimeOffset now)
    {
        foreach (var sequence in sequences)
            if (sequence > Settled) _ahead.Add(sequence);
        var before = Settled;
        Advance();
        if (_ahead.Count == 0)
        {
            _waitingSince = null;
        }
        else if (Settled != before || _waitingSince is null)
        {
            _waitingSince = now;
        }
        else if (now - _waitingSince >= Patience || _ahead.Count > Page)
        {
            Settled = _ahead.Min - 1;
            Advance();
            _waitingSince = _ahead.Count == 0 ? null : now;
        }
    }

    void Advance()
    {
        while (_ahead.Remove(Settled + 1)) Settled++;
    }
}
