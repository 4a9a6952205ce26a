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
        await using var command = database.CreateCommand(
            $"""
            select sequence, event_id, at, stream_type, stream_id, stream_version, experiment_id, type, actor, verification, reason,
                   correlation_id, causation_id, data
            from {AuditLogProjection.TableName}
            where sequence > $1 and ($2 is null or experiment_id = $2) and ($3 is null or stream_id = $3) and ($4 is null or type = $4)
              and ($5 is null or actor = $5) and ($6 is null or at >= $6) and ($7 is null or at < $7)
            order by sequence limit $8
            """);
        Add(after ?? 0, NpgsqlDbType.Bigint);
        Add(experimentId, NpgsqlDbType.Uuid);
        Add(streamId, NpgsqlDbType.Uuid);
        Add(type, NpgsqlDbType.Text);
        Add(actor, NpgsqlDbType.Text);
        Add(from?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        Add(until?.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        Add(take + 1, NpgsqlDbType.Integer);
        await using var r = await command.ExecuteReaderAsync(cancellation);
        List<AuditEntry> items = [];
        while (await r.ReadAsync(cancellation))
            items.Add(new(r.GetInt64(0), r.GetGuid(1), await r.GetFieldValueAsync<DateTimeOffset>(2, cancellation), Text(3), r.GetGuid(4), r.GetInt64(5),
                r.IsDBNull(6) ? null : r.GetGuid(6), r.GetString(7), Text(8), Text(9), Text(10), Text(11), Text(12),
                JsonSerializer.Deserialize<JsonElement>(r.GetString(13))));
        return Paging.Of(items, take, e => e.Sequence.ToString());

        void Add(object? value, NpgsqlDbType dbType) => command.Parameters.Add(new() { Value = value ?? DBNull.Value, NpgsqlDbType = dbType });
        string? Text(int i) => r.IsDBNull(i) ? null : r.GetString(i);
    }
}
