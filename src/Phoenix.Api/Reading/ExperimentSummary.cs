using Phoenix.Domain.Experiments;
using Phoenix.Domain.Pipelines;
using Phoenix.Domain.Pricing;

namespace Phoenix.Api.Reading;

/// <summary>An experiment in a list: what a row of a table shows, however many hosts it has.</summary>
/// <param name="Version">Number of its events, as the ETag of the experiment itself.</param>
/// <param name="Hosts">How many: those of the design in a draft, those that take part from the start on.</param>
/// <param name="RunEndsAt">When the verdict is reached with what there is; null before windows count.</param>
/// <param name="Windows">Windows that count as evidence.</param>
/// <param name="LiveSeriesReductionPct">Of series active in a window, mean over windows: what the criterion asks. Null before windows count, as the others.</param>
/// <param name="SeriesReductionPct">Of distinct series since measuring began.</param>
/// <param name="MonthlySaving">As the verdict priced it; null before, and where nothing could be priced.</param>
/// <param name="Verdict">Null before one is reached.</param>
/// <param name="Breach">The guardrail that ended the candidate; null where all held.</param>
public sealed record ExperimentSummary(
    Guid Id, int Version, string Name, ExperimentState State, PipelineReference Baseline, PipelineReference Candidate, int Hosts, DateTimeOffset DraftedAt,
    DateTimeOffset? StartedAt, DateTimeOffset? RunEndsAt, int Windows, double? LiveSeriesReductionPct, double? SeriesReductionPct, double? PointsReductionPct,
    Saving? MonthlySaving, VerdictOutcome? Verdict, Guardrail? Breach, bool Archived)
{
    public static ExperimentSummary Of(Experiment x)
    {
        var evidence = x.Evidence.Windows == 0 ? null : x.Evidence.Summary();
        return new(x.Id, x.Version, x.Name, x.State, x.Baseline, x.Candidate, x.Hosts.Count, x.DraftedAt, x.StartedAt, x.RunEndsAt, x.Evidence.Windows,
            evidence?.LiveSeriesReductionPct, evidence?.SeriesReductionPct, evidence?.PointsReductionPct, x.Verdict?.Saving, x.Verdict?.Outcome,
            x.Breach?.Guardrail, x.Archived);
    }
}
