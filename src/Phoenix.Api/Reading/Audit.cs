using System.Globalization;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Phoenix.Api.Infrastructure;
using Phoenix.Projections.Audit;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <summary>One event as auditors read it.</summary>
/// <param name="Stream">The part of Phoenix that it belongs to.</param>
/// <param name="StreamType">What its stream is of, such as <c>Experiment</c> or <c>AgentTask</c>; null for an event that this version does not know.</param>
/// <param name="Actor">Opaque user id, <c>agent:HOST</c> or <c>system</c>.</param>
/// <param name="Verification">How an agent proved itself; null for others.</param>
/// <param name="CorrelationId">The trace of the request that it all began with.</param>
/// <param name="CausationId">The request, or the conversation of messages, in which it was appended.</param>
/// <param name="CauseId">The event that it followed from; null where a request led to it, or a timer that no event had set.</param>
public sealed record AuditEntry(
    long Sequence, Guid EventId, DateTimeOffset Timestamp, string? Stream, string? StreamType, Guid StreamId, long StreamVersion, Guid? ExperimentId, string Type,
    string? Actor, string? Verification, string? Reason, string? CorrelationId, string? CausationId, Guid? CauseId, JsonElement Data);

public static class AuditReads
{
    /// <summary>What may still be overtaken by an append with a lower number is left out: who goes on from there would never see that one.</summary>
    public const string Settled = $"sequence <= {LastSettled}";

    public const string LastSettled = "coalesce((select last_seq_id from phoenix.mt_event_progression where name = 'HighWaterMark'), 0)";

    public const string Columns =
        "sequence, event_id, at, stream_type, stream_id, stream_version, experiment_id, type, actor, verification, reason, correlation_id, causation_id, data, cause_id";

    /// <summary>
    /// Events in the order of their sequence numbers, filtered. <c>order</c> is <c>asc</c> (the default) or <c>desc</c>; <c>after</c> is the sequence number to go on
    /// from, in that order. <c>type</c> may be given several times or with commas, <c>streamType</c> is one of the kinds of streams, <c>from</c> is inclusive and
    /// <c>until</c> is not. <c>text</c> is looked for in reason, type and data, in which no index helps: give a span of time or a type with it.
    /// </summary>
    [WolverineGet("/api/v2/audit"), Tags("Audit"), ProducesResponseType<Page<AuditEntry>>(200)]
    public static async Task<IResult> List(
        NpgsqlDataSource database, Guid? experimentId, Guid? streamId, string[]? type, string? streamType, string? actor, string? correlationId, string? text,
        DateTimeOffset? from, DateTimeOffset? until, string? order, long? after, int? limit, CancellationToken cancellation)
    {
        if (order is not (null or "" or "asc" or "desc")) return Problems.Of(422, "order-invalid", "The order is 'asc' (the oldest first) or 'desc'.", "order");
        var (filter, refused) = AuditFilter.Of(experimentId, streamId, type, streamType, actor, correlationId, text, from, until);
        if (refused is not null) return refused;
        var take = Paging.Limit(limit);
        return await AuditFilter.Patiently(database, async connection =>
        {
            await using var command = Query(connection, filter!, order == "desc", after, take + 1);
            return TypedResults.Ok(Paging.Of(await Read(command, cancellation), take, e => e.Sequence.ToString(CultureInfo.InvariantCulture)));
        }, cancellation);
    }

    /// <param name="upTo">The last number that is wanted, where the caller has made numbers of the span of time already.</param>
    public static NpgsqlCommand Query(NpgsqlConnection connection, AuditFilter asked, bool descending, long? after, int limit, long? upTo = null)
    {
        var command = new NpgsqlCommand { Connection = connection };
        var filter = asked.Conditions(command.Parameters, Settled);
        if (upTo is null)
        {
            filter.And(from => $"sequence >= {SequenceOfTime.First(from)}", asked.From, NpgsqlDbType.TimestampTz);
            filter.And(until => $"sequence <= {SequenceOfTime.Last(until)}", asked.Until, NpgsqlDbType.TimestampTz);
        }
        filter.And(descending ? "sequence <" : "sequence >", after, NpgsqlDbType.Bigint);
        filter.And("sequence <=", upTo, NpgsqlDbType.Bigint);
        command.CommandText = $"select {Columns} from {AuditLog.View} where {filter.Where} order by sequence {(descending ? "desc" : "asc")} limit {limit}";
        return command;
    }

    /// <summary>Rows of <see cref="Columns"/>.</summary>
    public static async Task<List<AuditEntry>> Read(NpgsqlCommand command, CancellationToken cancellation)
    {
        await using var r = await command.ExecuteReaderAsync(cancellation);
        List<AuditEntry> items = [];
        while (await r.ReadAsync(cancellation))
            items.Add(new(r.GetInt64(0), r.GetGuid(1), await r.GetFieldValueAsync<DateTimeOffset>(2, cancellation), Text(3), StreamTypes.Of(r.GetString(7)), r.GetGuid(4),
                r.GetInt64(5), Id(6), r.GetString(7), Text(8), Text(9), Text(10), Text(11), Text(12), Id(14), JsonSerializer.Deserialize<JsonElement>(r.GetString(13))));
        return items;

        string? Text(int i) => r.IsDBNull(i) ? null : r.GetString(i);
        Guid? Id(int i) => r.IsDBNull(i) ? null : r.GetGuid(i);
    }
}
