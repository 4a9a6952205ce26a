using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Pipelines;
using Phoenix.Domain.Pricing;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <summary>An experiment as people and programs read it.</summary>
/// <param name="ProtectedMetrics">What its author protects.</param>
/// <param name="OrganisationProtectedMetrics">What the organisation protected beyond that when it started, and it therefore does; null before, when <c>GET /api/v2/protected-metrics</c> says what it would be.</param>
/// <param name="Windows">Windows that count as evidence.</param>
/// <param name="VoidWindows">Windows of single hosts that said nothing.</param>
/// <param name="LatestWindow">The newest window, counted or not.</param>
/// <param name="RunEndsAt">When the verdict is reached with what there is; null before windows count.</param>
/// <param name="LeftOut">Hosts that were not heard of at the start, and take no part.</param>
/// <param name="BaselineKept">Somebody decided for the baseline.</param>
/// <param name="SampleHosts">So many hosts are drawn from those that are meant; null where all take part.</param>
/// <param name="Sample">What was drawn, in the order of the draw; null before the start.</param>
/// <param name="Claims">What can be said of the reduction as the evidence is now, each with its scope. The intervals hold at every look.</param>
public sealed record ExperimentView(
    Guid Id, int Version, string Name, string Hypothesis, ExperimentState State, PipelineReference Baseline, PipelineReference Candidate,
    IReadOnlyList<string> Hosts, PlanView Plan, SuccessCriteria Criteria, IReadOnlyList<string> ProtectedMetrics, string PriceEntry,
    DateTimeOffset DraftedAt, DateTimeOffset? StartedAt, int Windows, int VoidWindows, WindowMeasured? LatestWindow, EvidenceView? Evidence,
    VerdictView? Verdict, GuardrailBreached? Breach, IReadOnlyList<HostFailed> FailedHosts, IReadOnlyList<ClaimJudged> Claims,
    string? Selector, string? Group, Guid? ClonedFrom, bool Archived, DateTimeOffset? RunEndsAt, IReadOnlyCollection<string> LeftOut, bool BaselineKept, int? SampleHosts,
    DrawnSample? Sample, IReadOnlyList<string>? OrganisationProtectedMetrics);

public sealed record PlanView(double WarmUpSeconds, double DurationSeconds, double WindowSeconds);

/// <param name="Saving">By the experiment's price entry; null until a verdict priced it.</param>
public sealed record EvidenceView(
    double SeriesReductionPct, double LiveSeriesReductionPct, double PointsReductionPct, double BytesReductionPct,
    double ConservationErrorPct, double WorstGroupErrorPct, string? WorstGroup, long ConservationGroups, long IncrementsChecked,
    long ProtectedExpected, long ProtectedRetained, long BaselineSeries, long CandidateSeries, double BaselineLiveSeries,
    double CandidateLiveSeries, double CandidateCpuPct, long CandidateResidentBytes, double MeasuredMinutes, Saving? Saving);

public sealed record VerdictView(VerdictOutcome Outcome, string Scope, IReadOnlyList<string> Reasons);

public static class ExperimentReads
{
    /// <summary>The experiment as it is, or, where a past moment is given as <c>at</c>, as its events had it then; 404 where it had not been drafted yet.</summary>
    [WolverineGet("/api/v2/experiments/{id}"), Tags("Experiments"), ProducesResponseType<ExperimentView>(200), ProducesResponseType(404), ProducesResponseType(422)]
    public static async Task<IResult> Get(Guid id, DateTimeOffset? at, IQuerySession session, ExperimentHistories histories, HttpContext http, CancellationToken cancellation)
    {
        if (AsOf.Refused(at) is { } refused) return refused;
        if (at is { } moment)
            return await histories.At(id, moment, cancellation) is { } then ? TypedResults.Ok(View(then)) : Problems.NotFound("experiment", id);
        if (await session.LoadAsync<Experiment>(id, cancellation) is not { } experiment) return Problems.NotFound("experiment", id);
        http.Response.Headers.ETag = $"\"{experiment.Version}\"";
        return TypedResults.Ok(View(experiment));
    }

    internal static ExperimentView View(Experiment x)
    {
        var e = x.Evidence.Windows == 0 ? null : x.Evidence.Summary();
        return new(x.Id, x.Version, x.Name, x.Hypothesis, x.State, x.Baseline, x.Candidate, x.Hosts,
            new(x.Plan.WarmUp.TotalSeconds, x.Plan.Duration.TotalSeconds, x.Plan.Window.TotalSeconds), x.Criteria, x.ProtectedMetrics, x.PriceEntry,
            x.DraftedAt, x.StartedAt, x.Evidence.Windows, x.VoidWindows, x.LatestWindow,
            e is null ? null : new(e.SeriesReductionPct, e.LiveSeriesReductionPct, e.PointsReductionPct, e.BytesReductionPct, e.ConservationErrorPct,
                e.WorstGroupErrorPct, e.WorstGroup, e.ConservationGroups, e.IncrementsChecked, e.ProtectedExpected, e.ProtectedRetained,
                e.BaselineSeries, e.CandidateSeries, e.BaselineLiveSeries, e.CandidateLiveSeries, e.CandidateCpuPct, e.CandidateResidentBytes,
                e.MeasuredMinutes, x.Verdict?.Saving),
            x.Verdict is { } v ? new(v.Outcome, v.Scope, v.Reasons) : null, x.Breach, x.FailedHosts,
            x.Verdict?.Claims ?? Verdicts.Claims(x), x.Selector, x.Group, x.ClonedFrom, x.Archived, x.RunEndsAt, x.LeftOut, x.BaselineKept, x.SampleHosts, x.Sample,
            x.State == ExperimentState.Draft ? null : x.AlsoProtected);
    }
}
