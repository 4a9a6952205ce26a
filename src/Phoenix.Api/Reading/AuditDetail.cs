using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Audit;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <summary>An event with what led to it and what it led to.</summary>
/// <param name="Cause">The event that this one followed from; null where a request led to it, or where nobody has noted it.</param>
/// <param name="Effects">What followed from it directly, in order.</param>
/// <param name="Correlated">What else came of the same request, in order; neither the event itself nor its cause or effects.</param>
/// <param name="Truncated">There are more effects or correlated events than are here.</param>
public sealed record AuditDetail(AuditEntry Event, AuditEntry? Cause, IReadOnlyList<AuditEntry> Effects, IReadOnlyList<AuditEntry> Correlated, bool Truncated);

public static class AuditDetailRead
{
    public const int Most = 100;

    /// <summary>
    /// One event, its cause and its effects. The cause of what messages of the control plane led to is noted in the event. A task's own events follow from each
    /// other: the host acts on the one before. Events that were appended before causes were noted have none.
    /// </summary>
    [WolverineGet("/api/v2/audit/{sequence}"), Tags("Audit"), ProducesResponseType<AuditDetail>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(long sequence, NpgsqlDataSource database, CancellationToken cancellation)
    {
        return await Patience.Within<IResult>(database, async connection =>
        {
            if (await Find(connection, "sequence = $1", 1, sequence) is not [var found]) return Problems.NotFound("event", sequence);
            var ofTask = found.StreamType == nameof(AgentTask);
            var cause = found.CauseId is { } id ? await Find(connection, Event, 1, id)
                : ofTask && found.StreamVersion > 1 ? await Find(connection, "stream_id = $1 and stream_version = $2", 1, found.StreamId, found.StreamVersion - 1) : [];
            var effects = await Find(connection, "cause_id = $1", Most + 1, found.EventId);
            if (ofTask) effects = [.. await Find(connection, "stream_id = $1 and stream_version = $2 and cause_id is null", 1, found.StreamId, found.StreamVersion + 1), .. effects];
            var truncated = effects.Count > Most;
            effects = [.. effects.OrderBy(e => e.Sequence).Take(Most)];
            var known = effects.Concat(cause).Append(found).Select(e => e.EventId).ToArray();
            var correlated = found.CorrelationId is null ? []
                : await Find(connection, "correlation_id = $1 and event_id <> all($2)", Most + 1, found.CorrelationId, known);
            return TypedResults.Ok(new AuditDetail(found, cause.FirstOrDefault(), effects, [.. correlated.Take(Most)], truncated || correlated.Count > Most));
        }, cancellation);

        async Task<List<AuditEntry>> Find(NpgsqlConnection connection, string where, int most, params object[] values)
        {
            await using var command = Query(connection, where, most, values);
            return await AuditReads.Read(command, cancellation);
        }
    }

    /// <summary>The condition on one event by its id.</summary>
    public const string Event = "event_id = $1";

    public static NpgsqlCommand Query(NpgsqlConnection connection, string where, int most, params object[] values)
    {
        var command = new NpgsqlCommand($"select {AuditReads.Columns} from {AuditLog.View} where {where} order by sequence limit {most}", connection);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }
}
