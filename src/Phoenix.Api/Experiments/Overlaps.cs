using Marten;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Users;
using Phoenix.Projections.Experiments;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

/// <param name="Hosts">Hosts, a selector or a group: one of the three.</param>
/// <param name="Except">An experiment whose own hosts these are.</param>
public sealed record OverlapQuestion(string[]? Hosts, string? Selector, string? Group, Guid? Except);

public enum OverlapKind
{
    /// <summary>The other experiment, or a deployment, has the hosts now: this one cannot start.</summary>
    Blocking,

    /// <summary>Both cannot have their way, but nothing runs on the hosts now.</summary>
    Warning,
}

/// <summary>Another experiment or a deployment that means some of the same hosts.</summary>
/// <param name="ExperimentId">Null for a deployment for itself.</param>
/// <param name="DeploymentId">Null for an experiment.</param>
/// <param name="State">Of the experiment or deployment.</param>
/// <param name="SharedHosts">How many.</param>
/// <param name="Some">Their ids, at most 20.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record Overlap(Guid? ExperimentId, Guid? DeploymentId, string Name, string State, OverlapKind Kind, long SharedHosts, IReadOnlyList<string> Some, string Remedy);

/// <param name="Hosts">How many hosts are meant now.</param>
public sealed record OverlapView(int Hosts, IReadOnlyList<Overlap> Overlaps);

public static class OverlapEndpoint
{
    /// <summary>
    /// Which other experiments mean some of these hosts: one that has them now keeps another from starting; of drafts and of those that wait to be promoted
    /// the first to run may make the others' baseline untrue. Drafts that choose by labels are held to the hosts that they meant when they were written.
    /// </summary>
    [WolverinePost("/api/v2/experiments/overlaps"), RequireRole(Roles.Viewer), Tags("Experiments"), ProducesResponseType<OverlapView>(200)]
    public static async Task<IResult> Post(OverlapQuestion question, IQuerySession session, NpgsqlDataSource database, CancellationToken cancellation)
    {
        var (hosts, unclear) = await Targets.Resolve(question.Hosts, question.Selector, question.Group, session, database, cancellation);
        return unclear is not null ? unclear.ToProblem() : TypedResults.Ok(await Of(hosts!, question.Except, database, cancellation));
    }

    /// <summary>The same for the hosts of an experiment.</summary>
    [WolverineGet("/api/v2/experiments/{id}/overlaps"), Tags("Experiments"), ProducesResponseType<OverlapView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(Guid id, IQuerySession session, NpgsqlDataSource database, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Experiment>(id, cancellation) is not { } x) return Problems.NotFound("experiment", id);
        if (x.State != ExperimentState.Draft || (x.Selector ?? x.Group) is null) return TypedResults.Ok(await Of(x.Hosts, id, database, cancellation));
        var (hosts, gone) = await Targets.Resolve(null, x.Selector, x.Group, session, database, cancellation);
        return gone is not null ? gone.ToProblem() : TypedResults.Ok(await Of(hosts!, id, database, cancellation));
    }

    static async Task<OverlapView> Of(IReadOnlyList<string> hosts, Guid? except, NpgsqlDataSource database, CancellationToken cancellation)
    {
        // Those that have hosts now say so in their table; the others mean the hosts that were last written down.
        await using var command = database.CreateCommand(
            $"""
            with shared as (
              select t.experiment_id id, true blocks, t.host_id from {ExperimentHostsProjection.TableName} t where t.host_id = any($1)
              union all
              select d.id, false, h from phoenix.mt_doc_experiment d, jsonb_array_elements_text(d.data->'hosts') h
              where not coalesce((d.data->>'archived')::boolean, false) and h = any($1)
                and (d.data->>'state' = 'draft' or d.data->>'state' in ('completed', 'rolledBack') and d.data->'verdict'->>'outcome' = 'promote'))
            , by_experiment as (
              select id, bool_or(blocks) blocks, count(distinct host_id) hosts, (array_agg(distinct host_id))[1:20] some from shared where id is distinct from $2 group by id)
            select s.id, p.id is not null, coalesce(d.data->>'name', p.data->'pipeline'->>'name'), coalesce(d.data->>'state', p.data->>'state'), s.blocks, s.hosts, s.some
            from by_experiment s left join phoenix.mt_doc_experiment d on d.id = s.id left join phoenix.mt_doc_deployment p on p.id = s.id order by s.blocks desc, s.id
            """);
        command.Parameters.Add(new() { Value = hosts.ToArray() });
        command.Parameters.Add(new() { Value = (object?)except ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<Overlap> found = [];
        while (await reader.ReadAsync(cancellation))
        {
            var (id, isDeployment, state) = (reader.GetGuid(0), reader.GetBoolean(1), reader.GetString(3));
            var kind = reader.GetBoolean(4) ? OverlapKind.Blocking : OverlapKind.Warning;
            found.Add(new(isDeployment ? null : id, isDeployment ? id : null, reader.GetString(2), state, kind, reader.GetInt64(5), await reader.GetFieldValueAsync<string[]>(6, cancellation),
                isDeployment ? OfDeployment(Enum.Parse<DeploymentState>(state, ignoreCase: true)) : Remedy(kind, Enum.Parse<ExperimentState>(state, ignoreCase: true))));
        }
        return new(hosts.Count, found);
    }

    static string OfDeployment(DeploymentState state) =>
        state == DeploymentState.AwaitingApproval ? "A deployment that nobody has approved yet. Approve or reject it, or choose other hosts."
        : "A deployment is bringing them another pipeline. Wait for its end, or choose other hosts.";

    static string Remedy(OverlapKind kind, ExperimentState state) =>
        kind == OverlapKind.Blocking && state is ExperimentState.Starting or ExperimentState.WarmingUp or ExperimentState.Running ? "Wait for its end, stop it, or choose other hosts."
        : kind == OverlapKind.Blocking && state == ExperimentState.Promoting ? "Its promotion is under way, or waits for somebody's approval. Wait for its end, roll it back, or choose other hosts."
        : kind == OverlapKind.Blocking ? "It is about to free them: wait a moment, or choose other hosts."
        : state == ExperimentState.Draft ? "Start one after the other, or choose other hosts for one of them."
        : "Promote it first and draft with its candidate as the baseline, or archive it: what it proved no longer holds once another pipeline runs on the hosts.";
}
