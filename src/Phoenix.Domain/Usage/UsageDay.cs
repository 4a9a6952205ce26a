using JasperFx.Events;

namespace Phoenix.Domain.Usage;

/// <summary>One day of one production pipeline, as it was added up last.</summary>
public sealed record UsageDay
{
    public Guid Id { get; init; }
    public DateOnly Day { get; init; }
    public required UsagePipeline Pipeline { get; init; }
    public IReadOnlyList<UsageCell> Cells { get; init; } = [];

    /// <summary>How often it was corrected.</summary>
    public int Corrections { get; init; }

    public static UsageDay Create(IEvent<UsageRecorded> e) => new() { Id = e.StreamId, Day = e.Data.Day, Pipeline = e.Data.Pipeline, Cells = e.Data.Cells };

    public UsageDay Apply(UsageCorrected e) => this with { Pipeline = e.Pipeline, Cells = e.Cells, Corrections = Corrections + 1 };
}

/// <summary>What one host reported of one configuration on one day, with what is known of the host.</summary>
public sealed record HostUsage(
    string HostId, UsagePipeline Pipeline, string Team, string Service, IReadOnlyList<string> Groups, UsageExperiment? Experiment, BaselineShare? Before,
    double Seconds, long MissedWindows, UsageTotals Input, UsageTotals Output, long WireBytes);

public static class UsageDecisions
{
    /// <summary>Adding the same up again is no change, so that the job may be killed and repeated; other sums are a correction that is seen.</summary>
    /// <param name="recorded">Null where the day was not recorded yet.</param>
    public static Decision Record(UsageDay? recorded, DateOnly day, UsagePipeline pipeline, IReadOnlyCollection<HostUsage> hosts)
    {
        var cells = Cells(hosts);
        if (recorded is null) return cells.Count == 0 ? Decision.Nothing : Decision.Of(new UsageRecorded(day, pipeline, cells));
        return recorded.Pipeline == pipeline && recorded.Cells.Count == cells.Count && recorded.Cells.Zip(cells).All(c => c.First.SameAs(c.Second))
            ? Decision.Nothing
            : Decision.Of(new UsageCorrected(day, pipeline, cells));
    }

    /// <summary>The order of reports does not matter: hosts are added in their own.</summary>
    public static IReadOnlyList<UsageCell> Cells(IEnumerable<HostUsage> hosts) =>
    [
        .. hosts.OrderBy(h => h.HostId, StringComparer.Ordinal)
            .GroupBy(h => (h.Experiment, h.Before, h.Team, h.Service, Groups: string.Join('\n', h.Groups)))
            .Select(g => new UsageCell(g.Key.Experiment, g.Key.Team, g.Key.Service, g.First().Groups, g.Select(h => h.HostId).Distinct().Count(), g.Sum(h => h.Seconds),
                g.Sum(h => h.MissedWindows), g.Aggregate(UsageTotals.Zero, (sum, h) => sum + h.Input), g.Aggregate(UsageTotals.Zero, (sum, h) => sum + h.Output),
                g.Sum(h => h.WireBytes), g.Key.Before))
            .OrderBy(c => c.Team, StringComparer.Ordinal).ThenBy(c => c.Service, StringComparer.Ordinal).ThenBy(c => string.Join('\n', c.Groups), StringComparer.Ordinal)
            .ThenBy(c => c.Experiment?.Id),
    ];
}
