using Marten;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Phoenix.Api.Notifications;

/// <summary>
/// What became of each notification, for people who ask why they were not told: one row per target and event, kept for 30 days. No delivery rests on it; that is
/// the message's.
/// </summary>
public static class NotificationDeliveries
{
    public const string TableName = "phoenix.notification_delivery";

    const string Retention = "30 days";

    public const string Queued = "queued", Retrying = "retrying", Delivered = "delivered", Dead = "dead", Dropped = "dropped";

    /// <summary>The table, for the store's schema.</summary>
    public static Table Table
    {
        get
        {
            var table = new Table(TableName);
            table.AddColumn("id", "uuid").AsPrimaryKey();
            table.AddColumn("target_id", "uuid").NotNull();
            table.AddColumn("sequence", "bigint").NotNull();
            table.AddColumn("kind", "text").NotNull();
            table.AddColumn("subject", "text").NotNull();
            table.AddColumn("status", "text").NotNull();
            table.AddColumn("attempts", "integer").NotNull();
            table.AddColumn("http_status", "integer");
            table.AddColumn("error", "text");
            table.AddColumn("queued_at", "timestamptz").NotNull();
            table.AddColumn("changed_at", "timestamptz").NotNull();
            table.AddColumn("next_attempt_at", "timestamptz");
            table.Indexes.Add(new IndexDefinition("ix_notification_delivery_target") { Columns = ["target_id", "sequence"] });
            table.Indexes.Add(new IndexDefinition("ix_notification_delivery_queued_at") { Columns = ["queued_at"] });
            return table;
        }
    }

    /// <summary>Deletes, in the session's transaction, what is past its time.</summary>
    public static void LetGo(IDocumentOperations operations) => operations.QueueSqlCommand($"delete from {TableName} where queued_at < now() - interval '{Retention}'");

    /// <summary>Writes down, in the session's transaction, that one waits.</summary>
    public static void Queue(IDocumentOperations operations, DeliverNotification message) =>
        operations.QueueSqlCommand(
            $"insert into {TableName}(id, target_id, sequence, kind, subject, status, attempts, queued_at, changed_at) values (?, ?, ?, ?, ?, '{Queued}', 0, now(), now()) on conflict do nothing",
            message.DeliveryId, message.TargetId, message.Body.Sequence, message.Body.Kind, message.Body.Subject);

    const string Note = $"update {TableName} set status = $2, attempts = attempts + $3, http_status = $4, error = $5, next_attempt_at = $6, changed_at = now() where id = $1";

    /// <summary>Writes down what came of an attempt, in the session's transaction.</summary>
    public static void Ended(IDocumentOperations operations, Guid id, string status, DeliveryAttempt? attempt, DateTimeOffset? next = null) =>
        operations.QueueSqlCommand(
            $"update {TableName} set status = ?, attempts = attempts + ?, http_status = ?::integer, error = ?::text, next_attempt_at = ?::timestamptz, changed_at = now() where id = ?",
            status, attempt is null ? 0 : 1, (object?)attempt?.Status?.ToString() ?? DBNull.Value, (object?)attempt?.Error ?? DBNull.Value, (object?)next?.ToString("O") ?? DBNull.Value, id);

    /// <summary>Writes down at once that none is left: the message's own transaction fails, as it has to for the message to be kept.</summary>
    public static async Task Died(NpgsqlDataSource database, Guid id, DeliveryAttempt attempt, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(Note);
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = Dead });
        command.Parameters.Add(new() { Value = 1 });
        command.Parameters.Add(new() { Value = (object?)attempt.Status ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer });
        command.Parameters.Add(new() { Value = (object?)attempt.Error ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Whether it has arrived: a message that is handled again, because a node died between the answer and the commit, is then done.</summary>
    public static async Task<bool> HasArrived(IQuerySession session, Guid id, CancellationToken cancellation) =>
        (await session.AdvancedSql.QueryAsync<string>($"select status from {TableName} where id = ?", cancellation, id)) is [Delivered];
}
