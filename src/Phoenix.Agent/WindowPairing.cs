using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>How far the pairing of one experiment's windows has come; what survives a restart of the agent.</summary>
/// <param name="LastReport">Number of the last report made; the next one gets the next number.</param>
/// <param name="MeasuringSince">When both arms had been told what to measure in this generation; null until then. Earlier windows do not count.</param>
/// <param name="SourceEpoch">Epoch of the production arm in the last pair.</param>
/// <param name="LastWindow">Number of the production arm's window in the last pair.</param>
/// <param name="LastEndedAt">When that window ended: orders windows across epochs, whose numbers start anew.</param>
/// <param name="CandidateEpoch">Epoch of the candidate arm in the last pair that had a candidate.</param>
/// <param name="Restarting">An arm has begun a new epoch and no complete pair has followed yet.</param>
/// <param name="Generation">What both arms are told, see <see cref="MeasurementSettings.Generation"/>; 0 until first told.</param>
/// <param name="GenerationEpochs">Epochs of the production and the candidate arm that this generation was made for.</param>
internal sealed record PairingCursor(
    Guid ExperimentId, int LastReport, DateTimeOffset? MeasuringSince, string? SourceEpoch, long LastWindow, DateTimeOffset LastEndedAt,
    string? CandidateEpoch, bool Restarting, int Generation = 0, string? GenerationEpochs = null)
{
    /// <summary>
    /// An arm in a new epoch counts distinct series from nothing, while the other would go on from its beginning. A new
    /// generation whenever either epoch changes restarts both, so that they count over the same span; windows that began
    /// before both were told do not count.
    /// </summary>
    public PairingCursor ForEpochs(string production, string candidate)
    {
        var epochs = $"{production} {candidate}";
        return epochs == GenerationEpochs ? this : this with { Generation = Generation + 1, GenerationEpochs = epochs, MeasuringSince = null };
    }

    public static PairingCursor New(Guid experimentId) =>
        new(experimentId, 0, null, null, 0, DateTimeOffset.MinValue, null, false);

    /// <summary>Numbers start anew in another epoch, so "after" is asked only within the one the cursor is in.</summary>
    public bool IsBehind(ArmWindow window) =>
        window.SourceEpoch == SourceEpoch ? window.Number > LastWindow : window.EndedAt > LastEndedAt;
}

/// <summary>Why a window says nothing.</summary>
internal static class VoidReasons
{
    /// <summary>The arms did not see the same points.</summary>
    public const string InputMismatch = "input-mismatch";

    /// <summary>The tee dropped batches that the production arm saw, or the stock collector's copy points that it exported.</summary>
    public const string TeeDropped = "tee-dropped";

    /// <summary>What the stock collector lost on its way to the production arm was not watched throughout the window.</summary>
    public const string StockUnobserved = "stock-unobserved";

    /// <summary>An arm joined the window late, or the measurement began inside it.</summary>
    public const string Incomplete = "incomplete";

    /// <summary>An arm restarted or reloaded, and has no complete window since.</summary>
    public const string ArmRestarted = "arm-restarted";

    /// <summary>The arms had not both restarted their distinct counts since either of them began a new epoch.</summary>
    public const string GenerationMismatch = "generation-mismatch";

    /// <summary>An arm saw more streams than it can track, so its counts are lower bounds.</summary>
    public const string Untracked = "untracked";

    /// <summary>The candidate arm reported nothing for it.</summary>
    public const string ArmMissing = "arm-missing";
}

/// <summary>
/// Pairs what the two arms counted, by (source epoch, window number), and judges whether a pair may be compared: the same
/// batches, none dropped, complete in both.
/// </summary>
internal static class WindowPairing
{
    /// <summary>Takes all windows that can be settled now, in order; a window whose other half may still come waits.</summary>
    /// <param name="production">Null where the arm does not answer.</param>
    /// <param name="candidate">Null where the arm does not answer.</param>
    /// <param name="patience">How long after its end a window waits for the candidate's half.</param>
    public static (PairingCursor Cursor, IReadOnlyList<WindowReport> Reports) Advance(
        PairingCursor cursor, CollectorWindows? production, CollectorWindows? candidate, DateTimeOffset now, TimeSpan patience)
    {
        if (production is null)
            return (cursor, []);

        var counterparts = Whole(candidate?.Windows ?? []).Where(cursor.IsBehind).ToDictionary(w => (w.SourceEpoch, w.Number));
        var baselines = Whole(production.Windows).Where(cursor.IsBehind).ToList();
        var paired = baselines.Select(w => (w.SourceEpoch, w.Number)).ToHashSet();
        // Left behind by a production arm that restarted before its half was read.
        var orphans = counterparts.Values.Where(w => w.SourceEpoch != production.Epoch && !paired.Contains((w.SourceEpoch, w.Number)));
        if (cursor.SourceEpoch is null)
        {
            // What the host measured before the candidate's first window is not this experiment's.
            var begin = baselines.FindIndex(w => counterparts.ContainsKey((w.SourceEpoch, w.Number)));
            if (begin < 0)
                return (cursor, []);
            baselines.RemoveRange(0, begin);
            orphans = [];
        }

        var reports = new List<WindowReport>();
        foreach (var (baseline, orphan) in baselines.Select(w => ((ArmWindow?)w, (ArmWindow?)null))
            .Concat(orphans.Select(w => ((ArmWindow?)null, (ArmWindow?)w)))
            .OrderBy(pair => (pair.Item1 ?? pair.Item2!).EndedAt))
        {
            var counterpart = orphan ?? counterparts.GetValueOrDefault((baseline!.SourceEpoch, baseline.Number));
            if (counterpart is null && !CannotCome(baseline!, candidate) && now - baseline!.EndedAt <= patience)
                break;
            cursor = Settle(cursor, baseline, counterpart, candidate, reports);
        }
        return (cursor, reports);
    }

    /// <summary>An arm that reloaded inside a window reports it in pieces, of which none covers all of it.</summary>
    private static IEnumerable<ArmWindow> Whole(IReadOnlyList<ArmWindow> windows) => windows
        .GroupBy(w => (w.SourceEpoch, w.Number))
        .Select(pieces => pieces.Count() is 1 ? pieces.First() : pieces.Last() with { Complete = false });

    private static PairingCursor Settle(
        PairingCursor cursor, ArmWindow? baseline, ArmWindow? counterpart, CollectorWindows? candidate, List<WindowReport> reports)
    {
        var window = baseline ?? counterpart!;
        var restarted = cursor.Restarting
            || (cursor.SourceEpoch is not null && window.SourceEpoch != cursor.SourceEpoch)
            || (cursor.CandidateEpoch is not null && counterpart is not null && counterpart.Epoch != cursor.CandidateEpoch);
        var complete = baseline is { Complete: true } && counterpart is { Complete: true };
        var reason = (baseline, counterpart) switch
        {
            (null, _) => VoidReasons.ArmRestarted,
            (_, null) => candidate is not null && cursor.CandidateEpoch is not null && candidate.Epoch != cursor.CandidateEpoch
                ? VoidReasons.ArmRestarted : VoidReasons.ArmMissing,
            _ when !complete => restarted ? VoidReasons.ArmRestarted : VoidReasons.Incomplete,
            _ when !(cursor.MeasuringSince <= baseline.StartedAt) => VoidReasons.Incomplete,
            _ => Judge(baseline, counterpart),
        };
        reports.Add(new WindowReport(cursor.LastReport + 1, window.StartedAt, window.EndedAt, reason, baseline, counterpart));
        return cursor with
        {
            LastReport = cursor.LastReport + 1,
            SourceEpoch = window.SourceEpoch,
            LastWindow = window.Number,
            LastEndedAt = window.EndedAt,
            CandidateEpoch = counterpart?.Epoch ?? cursor.CandidateEpoch,
            Restarting = restarted && !complete,
        };
    }

    /// <summary>Null where both halves cover exactly the same input, wholly, and count distinct series over the same span.</summary>
    private static string? Judge(ArmWindow baseline, ArmWindow candidate)
    {
        if (baseline.MissedBatches > 0 || candidate.MissedBatches > 0)
            return VoidReasons.TeeDropped;
        var same = baseline.FirstSequence == candidate.FirstSequence && baseline.LastSequence == candidate.LastSequence
            && baseline.Batches == candidate.Batches && baseline.Input.Checksum == candidate.Input.Checksum;
        if (!same)
            return VoidReasons.InputMismatch;
        if (baseline.Generation != candidate.Generation)
            return VoidReasons.GenerationMismatch;
        return baseline.UntrackedPoints > 0 || candidate.UntrackedPoints > 0 ? VoidReasons.Untracked : null;
    }

    /// <summary>The candidate has already closed a later window, so this one will not follow.</summary>
    private static bool CannotCome(ArmWindow baseline, CollectorWindows? candidate) =>
        candidate?.Windows.Any(w => w.SourceEpoch == baseline.SourceEpoch ? w.Number > baseline.Number : w.EndedAt > baseline.EndedAt) ?? false;
}
