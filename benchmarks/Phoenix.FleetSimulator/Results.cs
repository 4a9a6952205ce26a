using Phoenix.Contracts;

namespace Phoenix.FleetSimulator;

/// <summary>Results as the contract demands them. Nothing ran, so every count in a report is 0 and its text says why.</summary>
internal static class Results
{
    const string Why = "simulated agent: nothing ran";

    public static TaskResult Success(AssignedTask task, TimeSpan work, string version) => new(
        task.Lease, TaskOutcome.Succeeded, [.. task.Desired.Collectors.Select(c => new AppliedCollector(c.Name, c.ConfigurationHash, true))], null,
        task.Kind == TaskKind.Preview ? Preview() : null,
        task is { Kind: TaskKind.Load, Load: { } load } ? new(load.Profile, work.TotalSeconds, false, 0, 0, 0, 0, 0, 0, 0, 0, Why) : null,
        task is { Kind: TaskKind.Upgrade, Upgrade: { } upgrade } ? Upgrade(upgrade, version) : null);

    public static TaskResult Failure(AssignedTask task) =>
        new(task.Lease, TaskOutcome.Failed, [], new("not-healthy", Why, Retryable: true, []));

    static PreviewReport Preview()
    {
        var now = DateTimeOffset.UtcNow;
        var none = new StreamCounts(0, 0, 0, 0, 0, 0, 0);
        return new(new(Why, now, now, 0, 0, false, 0), none, none, 0, 0, new(0, 0, 0, null, 0, []), new(0, 0, []), [], 0, 0);
    }

    static UpgradeReport Upgrade(UpgradeOrder order, string version)
    {
        var next = order.Action == UpgradeAction.Install ? order.Version : order.Version == version ? SimulatedAgent.FirstVersion : version;
        return new(version, next, "linux-x64", next == version ? 0 : 1);
    }
}
