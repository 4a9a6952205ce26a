using Marten;

namespace Phoenix.Api.Notifications;

/// <summary>Where in the log a target begins to be told: where it was defined, or enabled again, last.</summary>
static class ToldSince
{
    const string Query =
        "select row(stream_id), row(max(seq_id)) from phoenix.mt_events where stream_id = any(?) and type in ('notification_target_defined', 'notification_target_enabled') group by stream_id";

    /// <summary>By target, the sequence of that event: what comes after it is told. The log says it, because an aggregate does not learn the sequence of what is being appended.</summary>
    public static async Task<IReadOnlyDictionary<Guid, long>> Of(IQuerySession session, IEnumerable<Guid> targets, CancellationToken cancellation) =>
        (await session.AdvancedSql.QueryAsync<Guid, long>(Query, cancellation, (object)targets.ToArray())).ToDictionary(s => s.Item1, s => s.Item2);
}
