using JasperFx.Events;
using Marten.Events.Aggregation;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Pricing;

namespace Phoenix.Projections.Savings;

public enum SavingState
{
    /// <summary>Windows are being measured; nothing is decided.</summary>
    Measuring,

    /// <summary>A verdict priced it; in the shadow nothing is saved yet.</summary>
    Proven,

    /// <summary>The evidence did not support it, or the candidate was withdrawn.</summary>
    NotProven,

    /// <summary>The candidate is the production pipeline.</summary>
    Live,

    /// <summary>It was live and has been rolled back.</summary>
    Ended,
}

/// <summary>What one experiment measured by day and what it is worth: the savings ledger, rebuilt from events alone.</summary>
public sealed record SavingsEntry
{
    /// <summary>The experiment's id.</summary>
    public Guid Id { get; init; }

    public string Experiment { get; init; } = "";
    public string Baseline { get; init; } = "";
    public string Candidate { get; init; } = "";
    public int Hosts { get; init; }
    public string PriceEntry { get; init; } = "";
    public SavingState State { get; init; }
    public Saving? Saving { get; init; }
    public DateTimeOffset? LiveSince { get; init; }
    public DateTimeOffset? LiveUntil { get; init; }

    /// <summary>Every measured window by UTC day, warm-up included.</summary>
    public IReadOnlyList<SavingsDay> Days { get; init; } = [];
}

public sealed record SavingsDay(
    DateOnly Day, int Windows, double Minutes, long BaselineSamples, long CandidateSamples, long BaselineWireBytes, long CandidateWireBytes);

public sealed partial class SavingsLedgerProjection : SingleStreamProjection<SavingsEntry, Guid>
{
    public SavingsLedgerProjection() => Name = "SavingsLedger";

    public SavingsEntry Create(IEvent<ExperimentDrafted> e) => new()
    {
        Id = e.StreamId, Experiment = e.Data.Name, Baseline = $"{e.Data.Baseline.Name} v{e.Data.Baseline.Version}",
        Candidate = $"{e.Data.Candidate.Name} v{e.Data.Candidate.Version}", Hosts = e.Data.Hosts.Count, PriceEntry = e.Data.PriceEntry,
    };

    public SavingsEntry Apply(ExperimentEdited e, SavingsEntry entry) => entry with
    {
        Experiment = e.Name, Baseline = $"{e.Baseline.Name} v{e.Baseline.Version}", Candidate = $"{e.Candidate.Name} v{e.Candidate.Version}",
        Hosts = e.Hosts.Count, PriceEntry = e.PriceEntry,
    };

    public SavingsEntry Apply(ExperimentStarted e, SavingsEntry entry) => entry with { Hosts = e.Hosts.Count };

    public SavingsEntry Apply(IEvent<WindowMeasured> e, SavingsEntry entry)
    {
        var day = DateOnly.FromDateTime(e.Timestamp.UtcDateTime);
        var w = e.Data;
        var before = entry.Days.FirstOrDefault(d => d.Day == day) ?? new(day, 0, 0, 0, 0, 0, 0);
        var after = new SavingsDay(day, before.Windows + 1, before.Minutes + w.Seconds / 60,
            before.BaselineSamples + w.Baseline.Samples, before.CandidateSamples + w.Candidate.Samples,
            before.BaselineWireBytes + w.Baseline.WireBytes, before.CandidateWireBytes + w.Candidate.WireBytes);
        return entry with { Days = [.. entry.Days.Where(d => d.Day != day), after] };
    }

    public SavingsEntry Apply(VerdictReached e, SavingsEntry entry) => entry with
    {
        Saving = e.Saving, State = e.Outcome == VerdictOutcome.Promote ? SavingState.Proven : SavingState.NotProven,
    };

    public SavingsEntry Apply(IEvent<ExperimentPromoted> e, SavingsEntry entry) =>
        entry with { State = SavingState.Live, LiveSince = e.Timestamp, LiveUntil = null };

    public SavingsEntry Apply(IEvent<ExperimentRolledBack> e, SavingsEntry entry) =>
        entry.State switch
        {
            SavingState.Live => entry with { State = SavingState.Ended, LiveUntil = e.Timestamp },
            SavingState.Measuring => entry with { State = SavingState.NotProven },
            _ => entry,
        };

    public SavingsEntry Apply(ExperimentStopped _, SavingsEntry entry) => entry with { State = SavingState.NotProven };
}
