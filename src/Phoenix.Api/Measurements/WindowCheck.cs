using Phoenix.Contracts;

namespace Phoenix.Api.Measurements;

/// <summary>What the server itself sees of a reported window, whatever the agent thought of it.</summary>
public static class WindowCheck
{
    const int MaxNumber = 100_000_000;

    /// <summary>Why the report is malformed; null where it is well-formed.</summary>
    public static string? Wrong(WindowReport? w) =>
        w is null ? "A window is missing."
        : w.Number is < 1 or > MaxNumber ? $"Window numbers lie between 1 and {MaxNumber}, not at {w.Number}."
        : w.EndedAt <= w.StartedAt ? $"Window {w.Number} ends before it began."
        : w.VoidReason is { Length: > 100 } ? $"Window {w.Number}: a reason has at most 100 characters."
        : w.VoidReason is null && (w.Baseline is null || w.Candidate is null) ? $"Window {w.Number} counts and so has both arms."
        : (Incomplete(w.Baseline) ?? Incomplete(w.Candidate)) is { } part ? $"Window {w.Number}: an arm lacks '{part}'."
        : null;

    /// <summary>A window whose arms did not see the same input, all of it, says nothing.</summary>
    public static WindowReport Judge(WindowReport w) =>
        w is not { VoidReason: null, Baseline: { } b, Candidate: { } c } ? w
        : b.Input.Checksum != c.Input.Checksum ? w with { VoidReason = "input-mismatch" }
        : b.MissedBatches > 0 || c.MissedBatches > 0 ? w with { VoidReason = "tee-dropped" }
        : !b.Complete || !c.Complete ? w with { VoidReason = "incomplete" }
        : w;

    // The serialiser leaves out what the sender left out, nullable or not.
    static string? Incomplete(ArmWindow? arm) =>
        arm is null ? null
        : arm.Epoch is null ? "epoch"
        : arm.Input?.Counts is null || arm.Input.Checksum is null ? "input"
        : arm.Output?.Counts is null ? "output"
        : arm.Cost is null ? "cost"
        : arm.Ledger is null ? "ledger"
        : arm.Protected?.Missing is null ? "protected"
        : arm.Adaptive is { } adaptive && !IsWhole(adaptive) ? "adaptive"
        : null;

    static bool IsWhole(AdaptiveWindow adaptive) =>
        adaptive.Decisions is { Count: <= AdaptiveWindow.MaxDecisions }
        && adaptive.Decisions.All(d => d is { Processor: not null, Metric: not null, Labels: not null, Reason: not null, Words: not null, Against: not null });
}
