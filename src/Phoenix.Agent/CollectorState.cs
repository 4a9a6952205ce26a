using System.Text.RegularExpressions;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// What <c>collectors/NAME/state.json</c> says: what should run, and which process was started for it. Written before every
/// change it describes, so that the next agent can finish or undo what a killed one began.
/// </summary>
/// <param name="ConfigurationHash">Of <c>config.yaml</c>.</param>
/// <param name="LastGoodHash">Of <c>config.yaml.last-good</c>; null where nothing ran before.</param>
/// <param name="OnTrial">The configuration has not yet proved healthy; if it does not, the last good one returns.</param>
/// <param name="ExpiresAt">When a candidate or a baseline is ended by the agent alone, and when production returns to what it ran before; null for production that stays.</param>
/// <param name="TeeOf">Name of the production collector that feeds it, or its own name.</param>
/// <param name="Plan">What to measure between this candidate and its production arm.</param>
/// <param name="Runtime">What runs <c>config.yaml</c>.</param>
/// <param name="LastGoodRuntime">What ran <c>config.yaml.last-good</c>.</param>
/// <param name="Deadline">The same by the host's uptime; null where there is no end, and from an agent that knew none.</param>
internal sealed partial record CollectorState(
    string Name, CollectorArm Arm, string ConfigurationHash, string? LastGoodHash, bool OnTrial, DateTimeOffset? ExpiresAt,
    string TeeOf, MeasurementPlan? Plan, ProcessIdentity? Process,
    CollectorRuntime Runtime = CollectorRuntime.Phoenix, CollectorRuntime LastGoodRuntime = CollectorRuntime.Phoenix, Deadline? Deadline = null)
{
    /// <summary>Names become directories, socket names and host names of requests.</summary>
    public static bool IsName(string name) => NamePattern().IsMatch(name);

    /// <summary>Whether production runs something for a while only: what it ran before stays the way back.</summary>
    public bool IsTemporary => Arm is CollectorArm.Production && ExpiresAt is not null;

    public bool HasExpired(DateTimeOffset now, HostClock? clock = null) =>
        ExpiresAt <= now || (clock is not null && Deadline?.IsOver(now, clock) is true);

    /// <summary>The state with another end; the time until then is also counted by a clock that cannot be set.</summary>
    public CollectorState EndingAt(DateTimeOffset? expiresAt, DateTimeOffset now, HostClock clock) =>
        this with { ExpiresAt = expiresAt, Deadline = expiresAt is { } end ? Agent.Deadline.For(end, now, clock) : null };

    [GeneratedRegex(@"^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?\z")]
    private static partial Regex NamePattern();
}
