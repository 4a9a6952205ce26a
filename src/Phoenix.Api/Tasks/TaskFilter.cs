using Marten;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Tasks;

/// <summary>Which tasks of the queue are meant: all that agree with every part that is given.</summary>
/// <param name="Ids">At most 1,000.</param>
public sealed record TaskFilter(string? HostId, Guid? ExperimentId, TaskPurpose? Purpose, Guid[]? Ids)
{
    public const int MaxIds = 1000;

    public IResult? Problem =>
        this is { HostId: null, ExperimentId: null, Purpose: null, Ids: null }
            ? Infrastructure.Problems.Of(422, "filter-missing", "Say which tasks: give 'ids', 'hostId', 'experimentId' or 'purpose'.", "ids")
        : Ids is { Length: > MaxIds }
            ? Infrastructure.Problems.Of(422, "ids-too-many", $"At most {MaxIds} ids in one request; a filter takes any number of tasks.", "ids")
        : null;

    /// <summary>The next ones by id, of one transaction.</summary>
    /// <param name="open">Queued and assigned ones; else the dead letters.</param>
    public async Task<Guid[]> Next(IQuerySession session, bool open, Guid after, CancellationToken cancellation) =>
        [.. await session.AdvancedSql.QueryAsync<Guid>(
            $"""
            select id from {TaskQueueProjection.TableName}
            where status = any(?) and id > ? and (?::text is null or host_id = ?::text) and (?::uuid is null or experiment_id = ?::uuid)
              and (?::text is null or purpose = ?::text) and (?::uuid[] is null or id = any(?::uuid[]))
            order by id limit {TaskEvents.PerTransaction}
            """, cancellation, open ? (int[])[0, 1] : [2], after, Or(HostId), Or(HostId), Or(ExperimentId), Or(ExperimentId), Or(Purpose?.ToString()), Or(Purpose?.ToString()), Or(Ids), Or(Ids))];

    static object Or(object? value) => value ?? DBNull.Value;
}
