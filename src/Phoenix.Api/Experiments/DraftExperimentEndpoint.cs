using Marten;
using Phoenix.Api.Agents;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Experiments;
using Phoenix.Projections.Fleet;
using Phoenix.Projections.Pipelines;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

/// <param name="Hosts">Ids of enrolled hosts.</param>
/// <param name="ProtectedMetrics">Metrics that must leave untouched; <c>*</c> matches any run of characters.</param>
/// <param name="PriceEntry">Id of a price-book entry; <c>GET /api/v2/prices</c> lists them.</param>
public sealed record DraftExperimentRequest(
    string? Name, string? Hypothesis, PipelineChoice? Baseline, PipelineChoice? Candidate, string[]? Hosts, PlanRequest? Plan,
    CriteriaRequest? Criteria, string[]? ProtectedMetrics, string? PriceEntry, string? Reason);

public sealed record PipelineChoice(Guid PipelineId, int Version);

/// <summary>All in seconds.</summary>
public sealed record PlanRequest(double WarmUpSeconds, double DurationSeconds, double WindowSeconds);

/// <summary>What is left out takes the default: 10 % fewer live series, 0.1 % conservation error, one core, 512 MiB.</summary>
public sealed record CriteriaRequest(
    double? MinSeriesReductionPct, double? MaxConservationErrorPct, double? MaxCandidateCpuPct, long? MaxCandidateResidentBytes);

public sealed record Created(Guid Id, int Version);

public static class DraftExperimentEndpoint
{
    const string DefaultPrice = "signoz-cloud-samples";

    /// <summary>Writes an experiment down. Nothing runs before it is started.</summary>
    [WolverinePost("/api/v2/experiments"), Tags("Experiments"), ProducesResponseType<Created>(201)]
    public static async Task<IResult> Post(DraftExperimentRequest command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        if (command.Plan is not { } plan) return Problems.Of(422, "plan-missing", "Give plan.warmUpSeconds, plan.durationSeconds and plan.windowSeconds.", "plan");
        if (!IsTime(plan.WarmUpSeconds) || !IsTime(plan.DurationSeconds) || !IsTime(plan.WindowSeconds))
            return Problems.Of(422, "plan-invalid", "The times of a plan are seconds between 0 and a year.", "plan");
        var hosts = (command.Hosts ?? []).Where(h => h is not null).ToArray();
        var known = await session.Known(hosts, cancellation);
        var d = SuccessCriteria.Default;
        var c = command.Criteria;
        var decision = DraftExperiment.Decide(
            command.Name, command.Hypothesis, await Choose(command.Baseline, session, cancellation), await Choose(command.Candidate, session, cancellation),
            hosts, known,
            new(TimeSpan.FromSeconds(plan.WarmUpSeconds), TimeSpan.FromSeconds(plan.DurationSeconds), TimeSpan.FromSeconds(plan.WindowSeconds)),
            new(c?.MinSeriesReductionPct ?? d.MinSeriesReductionPct, c?.MaxConservationErrorPct ?? d.MaxConservationErrorPct,
                c?.MaxCandidateCpuPct ?? d.MaxCandidateCpuPct, c?.MaxCandidateResidentBytes ?? d.MaxCandidateResidentBytes),
            command.ProtectedMetrics ?? [], command.PriceEntry ?? DefaultPrice);
        if ((decision.Rejection ?? await session.Held(hosts, cancellation)) is { } rejection) return rejection.ToProblem();
        session.Stamp(http, command.Reason);
        var id = Guid.CreateVersion7();
        session.Events.StartStream<Experiment>(id, decision.Events);
        return TypedResults.Created($"/api/v2/experiments/{id}", new Created(id, 1));
    }

    static bool IsTime(double seconds) => seconds is >= 0 and <= 366 * 86_400d;

    static async Task<ChosenPipeline?> Choose(PipelineChoice? choice, IDocumentSession session, CancellationToken cancellation)
    {
        if (choice is null || await session.LoadAsync<PipelineText>(choice.PipelineId, cancellation) is not { } pipeline) return null;
        return pipeline.Versions.FirstOrDefault(v => v.Version == choice.Version) is { } version
            ? new(new(pipeline.Id, version.Version, pipeline.Name, version.ConfigurationHash), version.SourceHash, pipeline.Deprecated)
            : null;
    }
}
