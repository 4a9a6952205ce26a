namespace Phoenix.Api.Live;

/// <summary>
/// How far a reader of the event log has come. Sequence numbers are given when an event is written and become visible when its transaction
/// commits: a lower one may appear after a higher one, or never, where the transaction was rolled back.
/// </summary>
/// <remarks>
/// A number that is missing below one that was seen belongs to a transaction that was running then. Once none of the transactions that
/// were running then is left, and the number is still not there, it never comes: exact, without any time to wait.
/// </remarks>
public sealed class LogCursor(long head)
{
    /// <summary>Numbers that are missing, and who may still bring them; null until that was asked.</summary>
    sealed record Gap(long From, long To, IReadOnlySet<string>? Running);

    /// <summary>Ranges remembered at most: a transaction that stays open for hours must not make memory grow.</summary>
    public const int MaxGaps = 10_000;

    readonly List<Gap> _gaps = [];

    /// <summary>The highest number seen.</summary>
    public long Head { get; private set; } = head;

    /// <summary>Ranges of missing numbers that may still appear.</summary>
    public IReadOnlyList<(long From, long To)> Gaps => [.. _gaps.Select(g => (g.From, g.To))];

    /// <summary>Whether it must be asked who is running, before the log is read again.</summary>
    public bool HasGaps => _gaps.Count > 0;

    /// <summary>Takes in what one look into the log has found; true for numbers that were not seen before.</summary>
    /// <param name="running">Transactions that ran before the look; null where nobody asked.</param>
    /// <param name="found">Every number above <see cref="Head"/>, and every one in <see cref="Gaps"/>, that the look has found.</param>
    public void Seen(IReadOnlySet<string>? running, IReadOnlyCollection<long> found)
    {
        var missing = found.Count == 0 ? [] : found.ToHashSet();
        var before = _gaps.ToList();
        _gaps.Clear();
        foreach (var gap in before)
        {
            // Everybody who could bring it had ended before this look, which did not find it: rolled back.
            if (running is not null && gap.Running is not null && !gap.Running.Overlaps(running)) continue;
            AddMissing(gap.From, gap.To, missing, gap.Running ?? running);
        }
        foreach (var number in found.Where(n => n > Head).Order())
        {
            if (number > Head + 1) _gaps.Add(new(Head + 1, number - 1, null));
            Head = number;
        }
        if (_gaps.Count > MaxGaps) _gaps.RemoveRange(0, _gaps.Count - MaxGaps);
    }

    void AddMissing(long from, long to, HashSet<long> found, IReadOnlySet<string>? running)
    {
        var begin = from;
        foreach (var number in found.Where(n => n >= from && n <= to).Order())
        {
            if (number > begin) _gaps.Add(new(begin, number - 1, running));
            begin = number + 1;
        }
        if (begin <= to) _gaps.Add(new(begin, to, running));
    }
}
