using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Phoenix.Projections.Audit;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <summary>One event as auditors read it.</summary>
/// <param name="Actor">Opaque user id, <c>agent:HOST</c> or <c>system</c>.</param>
/// <param name="Verification">How an agent proved itself; null for others.</param>
public sealed record AuditEntry(
    long Sequence, Guid EventId, DateTimeOffset Timestamp, string? Stream, Guid StreamId, long StreamVersion, Guid? ExperimentId, string Type,
    string? Actor, string? Verification, string? Reason, string? CorrelationId, string? CausationId, JsonElement Data);

public static class AuditReads
{
    /// <summary>Every event in order, filtered; <c>after</c> is the sequence number to go on from.</summary>
    [WolverineGet("/api/v2/audit"), Tags("Audit")]
    public static async Task<Page<AuditEntry>> List(
        NpgsqlDataSource database, Guid? experimentId, Guid? streamId, string? type, string? actor, DateTimeOffset? from, DateTimeOffset? until,
        long? after, int? limit, CancellationToken cancellation)
    {
        var take = Paging.Limit(limit);
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var command = Query(connection, experimentId, streamId, type, actor, from, until, after, take + 1);
        await using var r = await command.ExecuteReaderAsync(cancellation);
        List<AuditEntry> items = [];
        while (await r.ReadAsync(cancellation))
            items.Add(new(r.GetInt64(0), r.GetGuid(1), await r.GetFieldValueAsync<DateTimeOffset>(2, cancellation), Text(3), r.GetGuid(4), r.GetInt64(5),
                r.IsDBNull(6) ? null : r.GetGuid(6), r.GetString(7), Text(8), Text(9), Text(10), Text(11), Text(12),
                JsonSerializer.Deserialize<JsonElement>(r.GetString(13))));
        return Paging.Of(items, take, e => e.Sequence.ToString());

        string? Text(int i) => r.IsDBNull(i) ? null : r.GetString(i);
    }

    /// <summary>What may still be overtaken by an append with a lower number is left out: who goes on from there would never see that one.</summary>
    public static NpgsqlCommand Query(
        NpgsqlConnection connection, Guid? experimentId, Guid? streamId, string? type, string? actor, DateTimeOffset? from, DateTimeOffset? until, long? after, int limit)
    {
        var command = new NpgsqlCommand { Connection = connection };
        var filter = new Filter(command.Parameters, "sequence <= coalesce((select last_seq_id from phoenix.mt_event_progression where name = 'HighWaterMark'), 0)");
        filter.And("sequence >", after, NpgsqlDbType.Bigint);
        filter.And("experiment_id =", experimentId, NpgsqlDbType.Uuid);
        filter.And("stream_id =", streamId, NpgsqlDbType.Uuid);
        filter.And("type =", type, NpgsqlDbType.Varchar);
        filter.And("actor =", actor, NpgsqlDbType.Varchar);
        filter.And("at >=", from?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        filter.And("at <", until?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        command.CommandText =
            $"""
            select sequence, event_id, at, stream_type, stream_id, stream_version, experiment_id, type, actor, verification, reason,
                   correlation_id, causation_id, data
            from {AuditLog.View} where {filter.Where} order by sequence limit {limit}
            """;
        return command;
    }
}
