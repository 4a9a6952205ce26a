using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Reading;
using Phoenix.Domain;
using Phoenix.Domain.Notifications;
using Wolverine.Http;

namespace Phoenix.Api.Notifications;

/// <param name="Id">As in the header <c>webhook-id</c>.</param>
/// <param name="Sequence">Of the event.</param>
/// <param name="Status"><c>queued</c>, <c>retrying</c>, <c>delivered</c>, <c>dead</c> (kept under <c>/api/v2/dead-messages</c>) or <c>dropped</c> (the target was disabled or removed meanwhile).</param>
public sealed record DeliveryView(
    string Id, long Sequence, string Kind, string Subject, string Status, int Attempts, int? HttpStatus, string? Error,
    DateTimeOffset QueuedAt, DateTimeOffset ChangedAt, DateTimeOffset? NextAttemptAt);

public static class DeliveryReads
{
    /// <summary>What became of the notifications of the last 30 days, the newest event first.</summary>
    [WolverineGet("/api/v2/notification-targets/{name}/deliveries"), Tags("Notifications"), ProducesResponseType<Page<DeliveryView>>(200), ProducesResponseType(404)]
    public static async Task<IResult> List(string name, long? after, int? limit, IQuerySession session, NpgsqlDataSource database, CancellationToken cancellation)
    {
        var id = StreamIds.NotificationTarget(name);
        if (await session.LoadAsync<NotificationTarget>(id, cancellation) is null) return Problems.NotFound("notification target", name);
        var take = Paging.Limit(limit);
        await using var command = database.CreateCommand(
            $"""
            select id, sequence, kind, subject, status, attempts, http_status, error, queued_at, changed_at, next_attempt_at from {NotificationDeliveries.TableName}
            where target_id = $1 and sequence < $2 order by sequence desc limit $3
            """);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = after ?? long.MaxValue });
        command.Parameters.Add(new() { Value = take + 1 });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<DeliveryView> found = [];
        while (await reader.ReadAsync(cancellation))
            found.Add(new(DeliverNotificationHandler.IdOf(reader.GetGuid(0)), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetInt32(5),
                reader.IsDBNull(6) ? null : reader.GetInt32(6), reader.IsDBNull(7) ? null : reader.GetString(7), reader.GetFieldValue<DateTimeOffset>(8),
                reader.GetFieldValue<DateTimeOffset>(9), reader.IsDBNull(10) ? null : reader.GetFieldValue<DateTimeOffset>(10)));
        return TypedResults.Ok(Paging.Of(found, take, d => d.Sequence.ToString()));
    }
}
