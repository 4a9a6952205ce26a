using Phoenix.Contracts;

namespace Phoenix.Api.Measurements;

/// <summary>What the server itself sees of a reported window, whatever the agent thought of it.</summary>
public static class WindowCheck
{
    const int MaxNumber = 100_000_000;

    /// <summary>Twice the longest that a plan may ask for.</summary>
    static readonly TimeSpan Longest = TimeSpan.FromHours(2);

    /// <summary>Why the report is malformed; null where it is well-formed.</summary>
    public static string? Wrong(WindowReport? w) =>
        w is null ? "A window is missing."
        : w.Number is < 1 or > MaxNumber ? $"Window numbers lie between 1 and {MaxNumber}, not at {w.Number}."
        : w.StartedAt.Year is < 1900 or > 2200 || w.EndedAt.Year is < 1900 or > 2200 ? $"Window {w.Number} is of no time that a clock shows."
        : w.EndedAt <= w.StartedAt ? $"Window {w.Number} ends before it began."
        : w.EndedAt - w.StartedAt > Longest ? $"Window {w.Number} lasts for {w.EndedAt - w.StartedAt}; at most {Longest.TotalHours:0} hours are believed."
        : w.VoidReason is { Length: > 100 } ? $"Window {w.Number}: a reason has at most 100 characters."
        : w.VoidReason is null && (w.Baseline is null || w.Candidate is null) ? $"Window {w.Number} counts and so has both arms."
        : (Incomplete(w.Baseline) ?? Incomplete(w.Candidate)) is { } part ? $"Window {w.Number}: an arm lacks '{part}'."
        : (Implausible(w.Baseline) ?? Implausible(w.Candidate)) is { } figure ? $"Window {w.Number}: {figure} is no count; it is a number from 0 to {MostCount:0e+0}."
        : null;

    /// <summary>Of one host in one window; ten thousand of them still add up without an overflow.</summary>
    const long MostCount = 10_000_000_000_000;

    const double MostSum = 1e200;

    /// <summary>The first figure that nothing can have counted; null where all can be.</summary>
    static string? Implausible(ArmWindow? arm)
    {
        if (arm is null) return null;
        ReadOnlySpan<(string Name, double Value)> figures =
        [
            .. Of("input", arm.Input.Counts), .. Of("output", arm.Output.Counts), ("output.wireBytes", arm.Output.WireBytes), ("output.droppedPoints", arm.Output.DroppedPoints), ("output.exportErrors", arm.Output.ExportErrors), ("output.maxDelayMs", arm.Output.MaxDelayMs),
            ("cost.cpuMs", arm.Cost.CpuMs), ("cost.residentBytes", arm.Cost.ResidentBytes), ("ledger.groups", arm.Ledger.Groups), ("ledger.increments", arm.Ledger.Increments),
            ("ledger.errorPct", arm.Ledger.ErrorPct), ("ledger.worstErrorPct", arm.Ledger.WorstErrorPct), ("protected.expected", arm.Protected.Expected), ("protected.retained", arm.Protected.Retained),
        ];
        // Sums of counters may be of either sign and large, but they are finite and add up.
        foreach (var (name, value) in (ReadOnlySpan<(string, double)>)[("ledger.in", arm.Ledger.In), ("ledger.out", arm.Ledger.Out)])
            if (Math.Abs(value) is not <= MostSum) return $"{name} {value.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
        // NaN compares as false.
        foreach (var (name, value) in figures)
            if (value is not (>= 0 and <= MostCount)) return $"{name} {value.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
        return null;
    }

    static (string, double)[] Of(string side, StreamCounts c) =>
    [
        ($"{side}.streamsActive", c.StreamsActive), ($"{side}.seriesActive", c.SeriesActive), ($"{side}.streamsDistinct", c.StreamsDistinct),
        ($"{side}.seriesDistinct", c.SeriesDistinct), ($"{side}.points", c.Points), ($"{side}.samples", c.Samples), ($"{side}.bytes", c.Bytes),
    ];

    /// <summary>A clock that is off by less is not wrong: the report was a moment on its way.</summary>
    static readonly TimeSpan RightEnough = TimeSpan.FromSeconds(30);

    /// <summary>By how much the host's clock is ahead, as its report says; zero where it is right enough or it does not say.</summary>
    public static TimeSpan Skew(DateTimeOffset? sentAt, DateTimeOffset now) =>
        sentAt is { Year: >= 1900 and <= 2200 } && sentAt - now is { } skew && skew.Duration() > RightEnough ? skew : TimeSpan.Zero;

    /// <summary>The window at the times of a clock that is right. Both arms' marks are of the same clock and stay as they are.</summary>
    public static WindowReport PutRight(WindowReport w, TimeSpan skew) => skew == TimeSpan.Zero ? w with { ClockSkewSeconds = 0 }
        : w with { StartedAt = w.StartedAt - skew, EndedAt = w.EndedAt - skew, ClockSkewSeconds = skew.TotalSeconds };

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
