using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>How far a production collector's windows have been counted.</summary>
/// <param name="ConfigurationHash">What ran in that epoch.</param>
/// <param name="Open">The period that is being added up; null where there is none.</param>
internal sealed record UsageCursor(string Epoch, string ConfigurationHash, long LastWindow, UsagePeriod? Open);

/// <summary>Adds windows up to periods: a period ends where it is long enough, and where the epoch or the day (UTC) does.</summary>
internal static class UsagePeriods
{
    /// <param name="windows">What the collector keeps, or what it keeps after the cursor's window. What was counted already is left out.</param>
    /// <param name="epoch">The collector's now.</param>
    /// <param name="hash">What it runs now.</param>
    public static (UsageCursor? Next, IReadOnlyList<UsagePeriod> Closed) Advance(
        UsageCursor? cursor, IReadOnlyList<ArmWindow> windows, string epoch, string hash, TimeSpan length)
    {
        List<UsagePeriod> closed = [];
        // Within a process numbers rise over reloads too; where nothing of the cursor's epoch is left, all is newer than it.
        var goesOn = cursor is not null && (windows.Any(w => w.SourceEpoch == cursor.Epoch) || epoch == cursor.Epoch);
        foreach (var window in windows.Where(w => !goesOn || w.Number > cursor!.LastWindow).OrderBy(w => w.Number))
        {
            var same = cursor?.Epoch == window.SourceEpoch;
            var runs = same ? cursor!.ConfigurationHash : window.SourceEpoch == epoch ? hash : "";
            var open = cursor?.Open;
            if (open is not null && (!same || Day(open.StartedAt) != Day(window.StartedAt)))
            {
                closed.Add(open);
                open = null;
            }
            // Between two periods they are the later one's.
            var missed = same ? window.Number - cursor!.LastWindow - 1 : 0;
            open = Add(open ?? Begin(window, runs), window, missed);
            if (open.EndedAt - open.StartedAt >= length)
            {
                closed.Add(open);
                open = null;
            }
            cursor = new(window.SourceEpoch, runs, window.Number, open);
        }
        return (cursor, closed);
    }

    private static UsagePeriod Begin(ArmWindow window, string hash) => new(
        "", hash, window.SourceEpoch, window.Number, window.Number, window.StartedAt, window.StartedAt, 0, 0, UsageCounts.None, UsageCounts.None, 0, 0);

    private static UsagePeriod Add(UsagePeriod period, ArmWindow window, long missed)
    {
        var seconds = (window.EndedAt - window.StartedAt).TotalSeconds;
        return period with
        {
            LastWindow = window.Number, EndedAt = window.EndedAt, Seconds = period.Seconds + seconds, MissedWindows = period.MissedWindows + missed,
            Input = period.Input.Add(window.Input.Counts, seconds), Output = period.Output.Add(window.Output.Counts, seconds),
            WireBytes = period.WireBytes + window.Output.WireBytes, DroppedPoints = period.DroppedPoints + window.Output.DroppedPoints,
        };
    }

    private static DateOnly Day(DateTimeOffset time) => DateOnly.FromDateTime(time.UtcDateTime);
}
