using Marten;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pipelines;
using Phoenix.Api.Tasks;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Pipelines;
using Phoenix.Domain.Tasks;
using Phoenix.Domain.Users;
using Phoenix.Projections.Fleet;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Deployments;

/// <param name="Hosts">Ids of enrolled hosts, in the order in which waves take them. Hosts, a selector or a group: one of the three.</param>
/// <param name="Rollout">How; one host, a tenth, half and the rest where left out.</param>
/// <param name="Ticket">Where the change was asked for, as a link or a number.</param>
/// <param name="OverrideFreeze">Goes on in a change freeze, with the reason; by an admin.</param>
public sealed record DeploymentRequest(
    PipelineChoice? Pipeline, string[]? Hosts, string? Selector, string? Group, RolloutRequest? Rollout, string? Ticket, bool? OverrideFreeze, string? Reason);

/// <summary>How a version comes to its hosts. What is left out takes the default.</summary>
/// <param name="Waves">Numbers of hosts such as <c>1</c>, shares such as <c>25%</c>, or labels such as <c>stage=canary</c>; <c>1</c>, <c>10%</c>, <c>50%</c>, <c>100%</c> by default.</param>
/// <param name="SoakSeconds">How long a wave that is done is watched before it is judged; 300 by default.</param>
/// <param name="PatienceSeconds">How long a wave waits for hosts, and a gate for what it needs to be measured; 900 by default.</param>
/// <param name="MaxFailures">More than that stop it; 0 by default.</param>
/// <param name="MaxFailuresPct">The same as a share of the hosts asked so far; the larger allowance counts.</param>
/// <param name="OnFailure">What stops it does; <c>rollBack</c> by default.</param>
/// <param name="Gate">What must hold after each wave.</param>
public sealed record RolloutRequest(
    string[]? Waves, double? SoakSeconds, double? PatienceSeconds, int? MaxFailures, double? MaxFailuresPct, OnFailure? OnFailure, GateRequest? Gate);

/// <param name="Off">Nothing is asked after a wave but that its hosts took the version.</param>
/// <param name="DataLeaves">Data comes in and leaves without loss on every host; asked by default.</param>
/// <param name="MaxConservationErrorPct">Of any label group on any host; 0.1 by default.</param>
/// <param name="MaxSavingShortfallPct">Percentage points that the reduction may lie below the experiment's; 10 by default.</param>
/// <param name="MaxCpuPct">Of one core, mean over the hosts; 100 by default.</param>
/// <param name="MaxResidentBytes">Mean over the hosts; 512 MiB by default.</param>
public sealed record GateRequest(bool? Off, bool? DataLeaves, double? MaxConservationErrorPct, double? MaxSavingShortfallPct, double? MaxCpuPct, long? MaxResidentBytes);

/// <param name="Waves">With how many hosts each wave ends.</param>
public sealed record DeploymentAccepted(Guid Id, IReadOnlyList<int> Waves, bool NeedsApproval);

public static class RequestDeploymentEndpoint
{
    /// <summary>
    /// Brings a published pipeline version to hosts as their production pipeline, in waves, each judged by what is measured before the next one begins. An
    /// older version is rolled back to in the same way.
    /// </summary>
    [WolverinePost("/api/v2/deployments"), Tags("Deployments"), ProducesResponseType<DeploymentAccepted>(202)]
    public static async Task<(IResult, OutgoingMessages)> Post(
        DeploymentRequest command, IDocumentSession session, NpgsqlDataSource database, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return (tooLong, []);
        if (Forbidden(command.OverrideFreeze, http) is { } forbidden) return (forbidden, []);
        if (Wrong(command.Rollout, command.OverrideFreeze, command.Reason) is { } wrong) return (wrong.ToProblem(), []);
        var (hosts, unclear) = await Targets.Resolve(command.Hosts, command.Selector, command.Group, session, database, cancellation);
        if (unclear is not null) return (unclear.ToProblem(), []);
        if (await Unfit(hosts!, session, cancellation) is { } unfit) return (unfit.ToProblem(), []);
        var decision = await Decide(
            await session.Choose(command.Pipeline, cancellation), hosts!, command.Rollout, null, null, command.Ticket, command.OverrideFreeze, session, database, clock, cancellation);
        if (decision.Rejection is { } rejection) return (rejection.ToProblem(), []);
        session.Stamp(http, command.Reason);
        var id = Guid.CreateVersion7();
        session.Events.StartStream<Deployment>(id, decision.Events);
        var requested = (DeploymentRequested)decision.Events[0];
        return (TypedResults.Accepted($"/api/v2/deployments/{id}", new DeploymentAccepted(id, requested.Waves, requested.NeedsApproval)), [new AdvanceDeployment(id)]);
    }

    /// <summary>403 where somebody who is no admin would go over a freeze; else null.</summary>
    public static IResult? Forbidden(bool? overrideFreeze, HttpContext http) =>
        overrideFreeze == true ? http.Lacks(Roles.Admin, "overrideFreeze", "Going over a change freeze") : null;

    /// <summary>A freeze is gone over with a reason only.</summary>
    public static Rejection? Wrong(RolloutRequest? rollout, bool? overrideFreeze, string? reason)
    {
        foreach (var (field, seconds) in (ReadOnlySpan<(string, double?)>)[("rollout.soakSeconds", rollout?.SoakSeconds), ("rollout.patienceSeconds", rollout?.PatienceSeconds)])
            if (seconds is not (null or (>= 0 and <= 30 * 86_400d))) return Rejection.Invalid("time-invalid", field, "A time is seconds between 0 and 30 days.");
        return overrideFreeze == true && string.IsNullOrWhiteSpace(reason) ? Rejection.Invalid("reason-missing", "reason", "Say why the freeze is gone over.") : null;
    }

    /// <param name="predictedKeptPct">Of the live series that come in, so many per cent should leave.</param>
    public static async Task<Decision> Decide(
        ChosenPipeline? pipeline, IReadOnlyList<string> hosts, RolloutRequest? rollout, Guid? experimentId, double? predictedKeptPct, string? ticket, bool? overrideFreeze,
        IQuerySession session, NpgsqlDataSource database, TimeProvider clock, CancellationToken cancellation)
    {
        var waves = rollout?.Waves ?? [.. RequestDeployment.DefaultWaves];
        Dictionary<string, IReadOnlySet<string>> selected = [];
        foreach (var wave in waves.Where(w => w is not null && !selected.ContainsKey(w) && RolloutStages.End(w, 1) is null))
        {
            var (labels, invalid) = LabelSelector.Parse(wave);
            if (invalid is not null) return Rejection.Invalid("waves-invalid", "rollout.waves", $"'{wave}' is neither a number of hosts, nor a share such as '25%', nor labels: {invalid.Detail}");
            if (labels!.Requirements.Count > 0) selected[wave] = (await database.Matching(labels, heard: false, cancellation)).ToHashSet();
        }
        var (d, g) = (DeploymentPlan.Default, rollout?.Gate);
        var gate = g?.Off == true ? GateLimits.None : new GateLimits(
            g?.DataLeaves ?? d.Gate.DataLeaves, g?.MaxConservationErrorPct ?? d.Gate.MaxConservationErrorPct, g?.MaxSavingShortfallPct ?? d.Gate.MaxSavingShortfallPct,
            g?.MaxCpuPct ?? d.Gate.MaxCpuPct, g?.MaxResidentBytes ?? d.Gate.MaxResidentBytes);
        var policy = await session.ChangePolicy(cancellation);
        return RequestDeployment.Decide(
            pipeline, hosts, await session.Known(hosts, cancellation), [.. waves.Select(w => w ?? "")], selected,
            new(Seconds(rollout?.SoakSeconds, d.Soak), Seconds(rollout?.PatienceSeconds, d.Patience), rollout?.MaxFailures ?? d.MaxFailures,
                rollout?.MaxFailuresPct ?? d.MaxFailuresPct, (rollout?.OnFailure ?? OnFailure.RollBack) == OnFailure.RollBack, gate),
            experimentId, predictedKeptPct, ticket, policy, policy.FrozenAt(clock.GetUtcNow()), overrideFreeze ?? false,
            shortfallAsked: g is { Off: not true, MaxSavingShortfallPct: not null });
    }

    static TimeSpan Seconds(double? asked, TimeSpan otherwise) => asked is { } seconds ? TimeSpan.FromSeconds(seconds) : otherwise;

    /// <summary>Why nothing may be deployed to one of the hosts now; null where it may.</summary>
    static async Task<Rejection?> Unfit(IReadOnlyList<string> hosts, IDocumentSession session, CancellationToken cancellation) =>
        await session.WithOpen(TaskPurpose.Reapply, hosts, cancellation) is { } mended
            ? Rejection.Conflict("reapply-running", $"What host '{mended}' should run is just being put back, and a late attempt would undo the deployment. Wait for its end, or cancel the task.")
            : await session.StillChanging(hosts, cancellation) ?? await session.Held(hosts, cancellation);
}
