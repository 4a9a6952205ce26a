using Phoenix.Domain.Pipelines;
using Phoenix.Domain.Usage;

namespace Phoenix.Domain.Budgets;

/// <summary>An experiment whose verdict was to promote: its candidate is known to send less than its baseline.</summary>
/// <param name="Usable">The candidate is not deprecated.</param>
public sealed record Proved(Guid Experiment, PipelineReference Baseline, PipelineReference Candidate, double ReductionPct, bool Usable);

/// <summary>What could bring a cost down, by what was measured before.</summary>
public static class BudgetProposals
{
    public const int MostHosts = 20;

    /// <summary>The ledger's cells that a budget is about.</summary>
    public static IReadOnlyList<LedgerCell> InScope(BudgetTerms terms, IEnumerable<LedgerCell> cells) =>
    [
        .. cells.Where(c => terms.Scope switch
        {
            BudgetScope.All => true,
            BudgetScope.Pipeline => c.Pipeline.PipelineId == Guid.Parse(terms.Of),
            BudgetScope.Group => c.Cell.Groups.Count == 0 ? terms.Of == UsageCell.None : c.Cell.Groups.Contains(terms.Of),
            BudgetScope.Team => c.Cell.Team == terms.Of,
            _ => c.Cell.Service == terms.Of,
        }),
    ];

    /// <summary>
    /// For the dearest pipeline for which something is proved: the candidate that reduced its live series most. Hosts that run it in the scope are asked
    /// last, since labels and pipelines change while a month goes on.
    /// </summary>
    /// <param name="cells">Of the month, in the scope.</param>
    /// <param name="hosts">Hosts in the scope that run this configuration as production now and take part in no experiment.</param>
    public static (BudgetProposal? Proposal, string? WhyNone) Of(
        IReadOnlyList<LedgerCell> cells, IReadOnlyList<Proved> proved, Func<string, IReadOnlyList<string>> hosts)
    {
        var dearest = cells.GroupBy(c => c.Pipeline).Select(p => (Pipeline: p.Key, Cost: p.Sum(c => c.Cost))).OrderByDescending(p => p.Cost)
            .ThenBy(p => p.Pipeline.ConfigurationHash, StringComparer.Ordinal).ToList();
        if (dearest.Count == 0) return (null, "no pipeline of the scope is in the ledger");
        List<string> why = [];
        foreach (var (pipeline, cost) in dearest)
        {
            var name = $"'{pipeline.Name}' v{pipeline.Version}";
            var better = proved.Where(p => p.Baseline.ConfigurationHash == pipeline.ConfigurationHash && p.Candidate.ConfigurationHash != pipeline.ConfigurationHash).ToList();
            if (better.Count == 0) why.Add($"no experiment has proved anything cheaper than {name}");
            else if (better.Where(p => p.Usable).OrderByDescending(p => p.ReductionPct).ThenBy(p => p.Experiment).FirstOrDefault() is not { } best)
                why.Add($"what was proved to be cheaper than {name} is deprecated");
            else if (hosts(pipeline.ConfigurationHash) is not { Count: > 0 } running) why.Add($"no host of the scope that is free runs {name} any more");
            else
                return (new(best.Baseline, best.Candidate, best.Experiment, best.ReductionPct, cost, [.. running.Order(StringComparer.Ordinal).Take(MostHosts)]), null);
        }
        return (null, string.Join("; ", why.Take(5)));
    }
}
