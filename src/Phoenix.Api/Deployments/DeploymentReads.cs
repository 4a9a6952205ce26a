using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Reading;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Pipelines;
using Phoenix.Projections.Fleet;
using Wolverine.Http;

namespace Phoenix.Api.Deployments;

/// <summary>A deployment as people and programs read it.</summary>
/// <param name="ExperimentId">The experiment whose candidate it promotes; null for one for itself.</param>
/// <param name="Wave">The wave that was begun last, from 1; 0 before the first.</param>
/// <param name="Waves">With how many hosts each wave ends.</param>
/// <param name="PredictedReductionPct">Fewer live series leave than come in, by what the experiment measured; null where nothing was predicted.</param>
/// <param name="Judged">What was measured after the last wave that was judged.</param>
/// <param name="Detail">Why it is held, was rolled back or aborted.</param>
/// <param name="HeldUntil">When it goes on by itself: the end of a change freeze.</param>
/// <param name="Until">When every host returns to what it ran before, as in an incident; null for what stays.</param>
/// <param name="RequestedBy">Opaque id; somebody else has to approve.</param>
public sealed record DeploymentView(
    Guid Id, int Version, PipelineReference Pipeline, Guid? ExperimentId, DeploymentState State, int Wave, IReadOnlyList<int> Waves, DeploymentCounts Counts,
    DeploymentPlanView Plan, double? PredictedReductionPct, WaveJudged? Judged, string? Ticket, string? Detail, DeploymentCause? HeldBy, DateTimeOffset? HeldUntil,
    DateTimeOffset? Until, string? RequestedBy, DateTimeOffset RequestedAt);

/// <param name="Pending">In a wave that has not begun.</param>
/// <param name="Waiting">Asked, and not ended.</param>
/// <param name="NotReached">Did not call in while their wave was waited for.</param>
/// <param name="Restored">Back on what they ran before.</param>
public sealed record DeploymentCounts(int Hosts, int Pending, int Waiting, int Deployed, int Failed, int NotReached, int Restored);

public sealed record DeploymentPlanView(double SoakSeconds, double PatienceSeconds, int MaxFailures, double MaxFailuresPct, OnFailure OnFailure, GateLimits Gate);

/// <param name="Before">What it ran before it was asked; null where nothing did, or it was not asked yet.</param>
/// <param name="Now">How it is by its last heartbeat.</param>
public sealed record DeploymentHostView(string HostId, int Wave, DeploymentHostState State, PipelineOfHost? Before, HostFigures Now, string? Error);

public sealed record PipelineOfHost(Guid PipelineId, int Version, string ConfigurationHash);

public enum DeploymentHostState
{
    Pending,
    Waiting,
    Deployed,
    Failed,
    NotReached,
    Restored,
}

/// <param name="Hosts">In the order of the waves; <c>next</c> of it continues as <c>after</c>.</param>
public sealed record DeploymentDetailView(DeploymentView Deployment, Page<DeploymentHostView> Hosts);

/// <summary>A version that became the production one of a host; without a pipeline, that nothing runs any more.</summary>
/// <param name="Since">When the host reported it.</param>
/// <param name="Until">When another one took its place; null for the present one.</param>
/// <param name="TaskId">The task that left it there.</param>
public sealed record HostVersionView(Guid? PipelineId, int Version, string? ConfigurationHash, DateTimeOffset Since, DateTimeOffset? Until, Guid TaskId);

public static class DeploymentReads
{
    /// <summary>Deployments, newest first; perhaps those in one state.</summary>
    [WolverineGet("/api/v2/deployments"), Tags("Deployments")]
    public static async Task<Page<DeploymentView>> List(IQuerySession session, DeploymentState? state, int? limit, int? after, CancellationToken cancellation)
    {
        var (take, skip) = (Paging.Limit(limit), Math.Max(0, after ?? 0));
        var found = await (state is { } wanted ? session.Query<Deployment>().Where(d => d.State == wanted) : session.Query<Deployment>())
            .OrderByDescending(d => d.RequestedAt).Skip(skip).Take(take + 1).ToListAsync(cancellation);
        return new([.. found.Take(take).Select(View)], found.Count > take ? (skip + take).ToString() : null);
    }

    /// <summary>A deployment with its hosts, perhaps only those in one state.</summary>
    [WolverineGet("/api/v2/deployments/{id}"), Tags("Deployments"), ProducesResponseType<DeploymentDetailView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(
        Guid id, IQuerySession session, DeployedHosts deployed, HttpContext http, DeploymentHostState? state, int? limit, int? after, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Deployment>(id, cancellation) is not { } x) return Problems.NotFound("deployment", id);
        http.Response.Headers.ETag = $"\"{x.Version}\"";
        var (take, skip) = (Paging.Limit(limit), Math.Max(0, after ?? 0));
        var hosts = x.Hosts.Select((h, i) => (Host: h, Index: i, State: StateOf(x, h))).Where(h => state is null || h.State == state).Skip(skip).Take(take + 1).ToList();
        var now = (await deployed.Read([.. hosts.Take(take).Select(h => h.Host)], cancellation)).ToDictionary(h => h.HostId);
        return TypedResults.Ok(new DeploymentDetailView(View(x), new(
            [
                .. hosts.Take(take).Select(h => new DeploymentHostView(
                    h.Host, x.Waves.TakeWhile(end => end <= h.Index).Count() + 1, h.State,
                    x.BeforeOf(h.Host) is { } before ? new(before.PipelineId!.Value, before.PipelineVersion, before.ConfigurationHash!) : null,
                    now[h.Host], x.Failed.GetValueOrDefault(h.Host))),
            ], hosts.Count > take ? (skip + take).ToString() : null)));
    }

    /// <summary>Every version that was the production one of a host, newest first: any of them can be deployed again.</summary>
    [WolverineGet("/api/v2/agents/{hostId}/versions"), Tags("Deployments"), ProducesResponseType<Page<HostVersionView>>(200), ProducesResponseType(404)]
    public static async Task<IResult> Versions(string hostId, IQuerySession session, NpgsqlDataSource database, int? limit, DateTimeOffset? after, CancellationToken cancellation)
    {
        if (!(await session.Known([hostId], cancellation)).Contains(hostId)) return Problems.NotFound("host", hostId);
        var take = Paging.Limit(limit);
        await using var command = database.CreateCommand(
            $"""
            select * from (
                select pipeline_id, version, configuration_hash, since, lead(since) over (order by since) until, task_id from {HostVersionsProjection.TableName} where host_id = $1) v
            where $2::timestamptz is null or since < $2 order by since desc limit $3
            """);
        command.Parameters.Add(new() { Value = hostId });
        command.Parameters.Add(new() { Value = (object?)after?.ToUniversalTime() ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new() { Value = take + 1 });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<HostVersionView> found = [];
        while (await reader.ReadAsync(cancellation))
            found.Add(new(await reader.IsDBNullAsync(0, cancellation) ? null : reader.GetGuid(0), reader.GetInt32(1), await reader.IsDBNullAsync(2, cancellation) ? null : reader.GetString(2), await reader.GetFieldValueAsync<DateTimeOffset>(3, cancellation),
                await reader.IsDBNullAsync(4, cancellation) ? null : await reader.GetFieldValueAsync<DateTimeOffset>(4, cancellation), reader.GetGuid(5)));
        return TypedResults.Ok(Paging.Of(found, take, v => v.Since.ToString("O")));
    }

    static DeploymentHostState StateOf(Deployment x, string host) =>
        x.Restored.Contains(host) ? DeploymentHostState.Restored
        : x.Waiting.Contains(host) ? DeploymentHostState.Waiting
        : x.Failed.ContainsKey(host) ? DeploymentHostState.Failed
        : x.Deployed.Contains(host) ? DeploymentHostState.Deployed
        : x.NotReached.Contains(host) ? DeploymentHostState.NotReached
        : DeploymentHostState.Pending;

    static DeploymentView View(Deployment x) => new(
        x.Id, x.Version, x.Pipeline, x.ExperimentId, x.State, x.Wave, x.Waves,
        new(x.Hosts.Count, x.Hosts.Count - x.Begun, x.Waiting.Count, x.Deployed.Count, x.Failed.Count, x.NotReached.Count, x.Restored.Count),
        new(x.Plan.Soak.TotalSeconds, x.Plan.Patience.TotalSeconds, x.Plan.MaxFailures, x.Plan.MaxFailuresPct, x.Plan.RollsBack ? OnFailure.RollBack : OnFailure.Hold, x.Plan.Gate),
        100 - x.PredictedKeptPct, x.Judged, x.Ticket, x.Detail, x.HeldBy, x.HeldUntil, x.Until, x.RequestedBy, x.RequestedAt);
}
