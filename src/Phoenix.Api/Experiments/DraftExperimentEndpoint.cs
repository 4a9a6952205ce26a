using Marten;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pipelines;
using Phoenix.Api.Pricing;
using Phoenix.Domain;
using Phoenix.Domain.Experiments;
using Phoenix.Projections.Fleet;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

/// <param name="Hosts">Ids of enrolled hosts. Hosts, a selector or a group: one of the three.</param>
/// <param name="Selector">Labels, as <c>role=web,env in (staging,test)</c>; who has them when the experiment starts takes part.</param>
/// <param name="Group">A group's name; who belongs to it when the experiment starts takes part.</param>
/// <param name="SampleHosts">Draws so many of the hosts that the selector or group means, at random when it starts, in proportion to what they send: a claim on the whole fleet rests on them.</param>
/// <param name="ProtectedMetrics">Metrics that must leave untouched, beside those that the organisation protects when it starts; <c>*</c> matches any run of characters.</param>
/// <param name="PriceEntry">Id of a price-book entry; <c>GET /api/v2/prices</c> lists them.</param>
public sealed record DraftExperimentRequest(
    string? Name, string? Hypothesis, PipelineChoice? Baseline, PipelineChoice? Candidate, string[]? Hosts, PlanRequest? Plan,
    CriteriaRequest? Criteria, string[]? ProtectedMetrics, string? PriceEntry, string? Reason, string? Selector, string? Group, int? SampleHosts = null);

/// <param name="Name">Of the new draft; named after the other one where left out.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record CloneExperiment(string? Name, string? Reason);

/// <summary>All in seconds.</summary>
public sealed record PlanRequest(double WarmUpSeconds, double DurationSeconds, double WindowSeconds);

/// <summary>What is left out takes the default: 10 % fewer live series, 0.1 % conservation error, one core, 512 MiB, on these hosts from now on.</summary>
/// <param name="MaxAddedDelaySeconds">By which points may leave the candidate later than the baseline; 60 by default.</param>
/// <param name="LowestHostReductionPct">For <c>fleet</c>: no host is taken to do worse; -10 by default.</param>
/// <param name="Claim">
/// Of which claim the reduction is asked: <c>hosts</c>, what these hosts will do from now on, which takes 160 windows or more; <c>fleet</c>, what the fleet
/// that they were drawn from would do, which takes as many and <c>sampleHosts</c>; or <c>observed</c>, what they did in the windows measured, and no more.
/// </param>
public sealed record CriteriaRequest(
    double? MinSeriesReductionPct, double? MaxConservationErrorPct, double? MaxCandidateCpuPct, long? MaxCandidateResidentBytes, VerdictClaim? Claim, double? MaxAddedDelaySeconds, double? LowestHostReductionPct);

public sealed record Created(Guid Id, int Version);

public static class DraftExperimentEndpoint
{
    const string DefaultPrice = "signoz-cloud-samples";

    /// <summary>Writes an experiment down. Nothing runs before it is started.</summary>
    [WolverinePost("/api/v2/experiments"), Tags("Experiments"), ProducesResponseType<Created>(201)]
    public static async Task<IResult> Post(
        DraftExperimentRequest command, IDocumentSession session, NpgsqlDataSource database, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var decision = await Decide(command, session, database, clock, cancellation);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        session.Stamp(http, command.Reason);
        return Begin(session, decision, Guid.CreateVersion7());
    }

    /// <summary>
    /// Says something else with a draft, in full; what has been started stays as it ran. With <c>If-Match</c>, the <c>ETag</c> of what was read, only where
    /// nobody has changed it since.
    /// </summary>
    [WolverinePut("/api/v2/experiments/{id}"), Tags("Experiments"), ProducesResponseType<Created>(200), ProducesResponseType(404), ProducesResponseType(412)]
    public static async Task<IResult> Put(
        Guid id, DraftExperimentRequest command, IDocumentSession session, NpgsqlDataSource database, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var wanted = await Decide(command, session, database, clock, cancellation);
        var stream = await session.Events.FetchForExclusiveWriting<Experiment>(id, cancellation);
        if (stream.Aggregate is not { } experiment) return Problems.NotFound("experiment", id);
        if (http.Request.Outdated("The draft", experiment.Version) is { } outdated) return outdated;
        var decision = DraftExperiment.Edit(experiment, wanted);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        session.Stamp(http, command.Reason);
        stream.AppendMany(decision.Events);
        return TypedResults.Ok(new Created(id, experiment.Version + decision.Events.Count));
    }

    /// <summary>A new draft with the design of this experiment, to be changed and started for itself. What would be refused in a draft is refused here too.</summary>
    [WolverinePost("/api/v2/experiments/{id}/clone"), Tags("Experiments"), ProducesResponseType<Created>(201), ProducesResponseType(404)]
    public static async Task<IResult> Clone(
        Guid id, CloneExperiment command, IDocumentSession session, NpgsqlDataSource database, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        if (await session.LoadAsync<Experiment>(id, cancellation) is not { } x) return Problems.NotFound("experiment", id);
        var decision = await Decide(LikeThat(x) with { Name = command.Name ?? DraftExperiment.NameOfClone(x.Name) }, session, database, clock, cancellation);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        session.Stamp(http, command.Reason);
        return Begin(session, Decision.Of((ExperimentDrafted)decision.Events[0] with { ClonedFrom = id }), Guid.CreateVersion7());
    }

    /// <summary>The design of an experiment, as somebody would ask for it.</summary>
    internal static DraftExperimentRequest LikeThat(Experiment x) => new(
            x.Name, x.Hypothesis, new(x.Baseline.PipelineId, x.Baseline.Version), new(x.Candidate.PipelineId, x.Candidate.Version),
            (x.Selector ?? x.Group) is null ? [.. x.Hosts] : null, new(x.Plan.WarmUp.TotalSeconds, x.Plan.Duration.TotalSeconds, x.Plan.Window.TotalSeconds),
            new(x.Criteria.MinSeriesReductionPct, x.Criteria.MaxConservationErrorPct, x.Criteria.MaxCandidateCpuPct, x.Criteria.MaxCandidateResidentBytes, x.Criteria.Claim,
                x.Criteria.MaxAddedDelaySeconds, x.Criteria.LowestHostReductionPct),
            [.. x.ProtectedMetrics], x.PriceEntry, null, x.Selector, x.Group, x.SampleHosts);

    internal static Microsoft.AspNetCore.Http.HttpResults.Created<Created> Begin(IDocumentSession session, Decision drafted, Guid id)
    {
        session.Events.StartStream<Experiment>(id, drafted.Events);
        return TypedResults.Created($"/api/v2/experiments/{id}", new Created(id, 1));
    }

    internal static async Task<Decision> Decide(
        DraftExperimentRequest command, IDocumentSession session, NpgsqlDataSource database, TimeProvider clock, CancellationToken cancellation)
    {
        if (command.Plan is not { } plan) return Rejection.Invalid("plan-missing", "plan", "Give plan.warmUpSeconds, plan.durationSeconds and plan.windowSeconds.");
        if (!IsTime(plan.WarmUpSeconds) || !IsTime(plan.DurationSeconds) || !IsTime(plan.WindowSeconds))
            return Rejection.Invalid("plan-invalid", "plan", "The times of a plan are seconds between 0 and a year.");
        var (hosts, unclear) = await Targets.Resolve(command.Hosts, command.Selector, command.Group, session, database, cancellation);
        if (unclear is not null) return unclear;
        var d = SuccessCriteria.Default;
        var c = command.Criteria;
        var decision = DraftExperiment.Decide(
            command.Name, command.Hypothesis, await session.Choose(command.Baseline, cancellation), await session.Choose(command.Candidate, cancellation),
            hosts!, await session.Known(hosts!, cancellation),
            new(TimeSpan.FromSeconds(plan.WarmUpSeconds), TimeSpan.FromSeconds(plan.DurationSeconds), TimeSpan.FromSeconds(plan.WindowSeconds)),
            new(c?.MinSeriesReductionPct ?? d.MinSeriesReductionPct, c?.MaxConservationErrorPct ?? d.MaxConservationErrorPct,
                c?.MaxCandidateCpuPct ?? d.MaxCandidateCpuPct, c?.MaxCandidateResidentBytes ?? d.MaxCandidateResidentBytes, c?.Claim ?? d.Claim, c?.MaxAddedDelaySeconds ?? d.MaxAddedDelaySeconds, c?.LowestHostReductionPct ?? d.LowestHostReductionPct),
            command.ProtectedMetrics ?? [], command.PriceEntry ?? DefaultPrice, await session.PriceBook(cancellation), clock.Today(),
            Targets.Given(command.Selector), Targets.Given(command.Group), command.SampleHosts);
        return decision.Rejection is null && await session.Held(hosts!, cancellation) is { } held ? held : decision;
    }

    static bool IsTime(double seconds) => seconds is >= 0 and <= 366 * 86_400d;
}
