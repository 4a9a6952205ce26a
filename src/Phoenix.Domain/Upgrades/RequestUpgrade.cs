namespace Phoenix.Domain.Upgrades;

/// <summary>Whether an upgrade may begin, and who is in which of its stages.</summary>
public static class RequestUpgrade
{
    public static readonly IReadOnlyList<string> DefaultStages = ["1", "5%", "25%", "100%"];
    public const int MaxStages = 20;
    public static readonly TimeSpan LongestSoak = TimeSpan.FromDays(7), LongestConfirm = TimeSpan.FromHours(1), LongestPatience = TimeSpan.FromDays(7);
    public static readonly TimeSpan ShortestConfirm = TimeSpan.FromSeconds(1), ShortestPatience = TimeSpan.FromSeconds(1);

    /// <param name="programs">The release's programs; empty where the control plane has no such release.</param>
    /// <param name="hosts">In the order in which they should be upgraded.</param>
    /// <param name="known">Which of the hosts are enrolled.</param>
    /// <param name="busy">Which of them another upgrade that has not ended may still ask for something.</param>
    /// <param name="unwell">Which of them have unhealthy collectors now.</param>
    public static Decision Decide(
        string? release, IReadOnlyList<AgentProgram> programs, IReadOnlyList<string> hosts, IReadOnlySet<string> known, IReadOnlySet<string> busy,
        IReadOnlySet<string> unwell, IReadOnlyList<string> stages, UpgradePlan plan)
    {
        if (string.IsNullOrEmpty(release) || !programs.Any(p => p.Name == AgentPrograms.Agent))
            return Rejection.Invalid("release-unknown", "release",
                $"The control plane has no release '{release}' with a {AgentPrograms.Agent}. GET /api/v2/agent-releases lists them; put <version>/<runtime>/{AgentPrograms.Agent} into PHOENIX_AGENT_RELEASES_DIR.");
        if (hosts.Count == 0) return Rejection.Invalid("hosts-missing", "hosts", "No host is left to upgrade: name hosts, or ask for all that do not run this version.");
        if (hosts.GroupBy(h => h).FirstOrDefault(g => g.Count() > 1) is { } twice)
            return Rejection.Invalid("hosts-invalid", "hosts", $"Host '{twice.Key}' is named twice.");
        if (hosts.FirstOrDefault(h => !known.Contains(h)) is { } stranger)
            return Rejection.Invalid("host-unknown", "hosts", $"Host '{stranger}' is not enrolled. GET /api/v2/agents lists the fleet.");
        if (hosts.FirstOrDefault(busy.Contains) is { } taken)
            return Rejection.Conflict("host-in-upgrade", $"Host '{taken}' belongs to another upgrade that has not ended. Wait for it, abort it or roll it back; GET /api/v2/upgrades shows it.");
        if (Plan(plan) is { } wrong) return wrong;
        if (stages.Count is 0 or > MaxStages) return Rejection.Invalid("stages-invalid", "stages", $"An upgrade has 1 to {MaxStages} stages.");
        List<int> ends = [];
        foreach (var stage in stages)
        {
            if (RolloutStages.End(stage, hosts.Count) is not { } end)
                return Rejection.Invalid("stages-invalid", "stages", $"'{stage}' is no stage: write a number of hosts such as '1', or a share such as '25%'.");
            // Small fleets have fewer stages: what adds no host is none.
            if (end > ends.LastOrDefault()) ends.Add(end);
        }
        if (ends[^1] != hosts.Count) return Rejection.Invalid("stages-invalid", "stages", "The last stage must be '100%', or hosts would be left out without a word.");
        return Decision.Of(
            new UpgradeRequested(release, programs, hosts, ends, plan),
            new UpgradeStageStarted(1, [.. hosts.Take(ends[0]).Where(unwell.Contains)]));
    }

    static Rejection? Plan(UpgradePlan plan) =>
        plan.Soak < TimeSpan.Zero || plan.Soak > LongestSoak
            ? Rejection.Invalid("soak-invalid", "soakSeconds", $"The soak time is 0 to {LongestSoak.TotalSeconds} s.")
        : plan.Confirm < ShortestConfirm || plan.Confirm > LongestConfirm
            ? Rejection.Invalid("confirm-invalid", "confirmSeconds", $"A new version gets {ShortestConfirm.TotalSeconds} to {LongestConfirm.TotalSeconds} s to prove itself.")
        : plan.Patience < ShortestPatience || plan.Patience > LongestPatience
            ? Rejection.Invalid("patience-invalid", "patienceSeconds", $"A stage waits {ShortestPatience.TotalSeconds} to {LongestPatience.TotalSeconds} s for its hosts.")
        : plan.MaxFailures < 0 ? Rejection.Invalid("max-failures-invalid", "maxFailures", "Failures are counted from 0.")
        : plan.MaxFailuresPct is not (>= 0 and <= 100) ? Rejection.Invalid("max-failures-invalid", "maxFailuresPct", "The share is 0 to 100 %.")
        : null;
}

/// <summary>Names of the files of a release.</summary>
public static class AgentPrograms
{
    public const string Agent = "phoenix-agent";
    public const string Collector = "phoenix-collector";
}
