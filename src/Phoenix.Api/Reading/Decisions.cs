using System.Runtime.CompilerServices;
using System.Text.Json;
using Marten;
using Npgsql;
using NpgsqlTypes;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Measurements;
using Phoenix.Contracts;
using Phoenix.Domain.Experiments;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <summary>What an adaptive processor decided in one arm on one host.</summary>
/// <param name="Window">Number of the host's window in which it was decided.</param>
public sealed record DecisionView(string HostId, int Window, CollectorArm Arm, AdaptiveDecisionRecord Decision);

public static class DecisionReads
{
    /// <summary>
    /// What the arms' adaptive processors decided while they were measured, and why: by window, host, arm and number.
    /// <c>after</c> is the count of entries to leave out.
    /// </summary>
    [WolverineGet("/api/v2/experiments/{id}/decisions"), Tags("Experiments"), ProducesResponseType<Page<DecisionView>>(200), ProducesResponseType(404)]
    public static async Task<IResult> List(
        Guid id, string? hostId, string? arm, int? after, int? limit, IQuerySession session, NpgsqlDataSource database, CancellationToken cancellation)
    {
        if (arm is not (null or "production" or "candidate")) return Problems.Of(422, "arm-invalid", $"An arm is production or candidate, not '{arm}'.", "arm");
        if (await session.LoadAsync<Experiment>(id, cancellation) is null) return Problems.NotFound("experiment", id);
        var (take, skip) = (Paging.Limit(limit), Math.Max(0, after ?? 0));
        List<DecisionView> items = [];
        await foreach (var decision in Read(database, id, null, hostId, arm, take + 1, skip, cancellation)) items.Add(decision);
        return TypedResults.Ok(new Page<DecisionView>([.. items.Take(take)], items.Count > take ? (skip + take).ToString() : null));
    }

    /// <param name="windows">The first and the last window; null for all.</param>
    /// <param name="take">Null for all.</param>
    internal static async IAsyncEnumerable<DecisionView> Read(
        NpgsqlDataSource database, Guid id, (int First, int Last)? windows, string? hostId, string? arm, int? take, int skip, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select w.host_id, w.number, a.arm, d.decision
            from (select distinct on (number, host_id) number, host_id, report from {WindowStore.TableName} where experiment_id = $1{(windows is null ? "" : " and number between $6 and $7")} order by number, host_id, reported_at) w
            cross join (values ('production', 'baseline'), ('candidate', 'candidate')) as a(arm, key)
            cross join lateral jsonb_array_elements(w.report #> array[a.key, 'adaptive', 'decisions']) with ordinality as d(decision, place)
            where ($2 is null or w.host_id = $2) and ($3 is null or a.arm = $3)
            order by w.number, w.host_id, a.arm desc, d.place limit $4 offset $5
            """);
        Add(id, NpgsqlDbType.Uuid);
        Add(hostId, NpgsqlDbType.Text);
        Add(arm, NpgsqlDbType.Text);
        Add(take, NpgsqlDbType.Integer);
        Add(skip, NpgsqlDbType.Integer);
        if (windows is var (first, last))
        {
            Add(first, NpgsqlDbType.Integer);
            Add(last, NpgsqlDbType.Integer);
        }
        await using var r = await command.ExecuteReaderAsync(cancellation);
        while (await r.ReadAsync(cancellation))
            yield return new(r.GetString(0), r.GetInt32(1), r.GetString(2) == "candidate" ? CollectorArm.Candidate : CollectorArm.Production,
                JsonSerializer.Deserialize(r.GetString(3), WireJson.Default.AdaptiveDecisionRecord)!);

        void Add(object? value, NpgsqlDbType dbType) => command.Parameters.Add(new() { Value = value ?? DBNull.Value, NpgsqlDbType = dbType });
    }
}
