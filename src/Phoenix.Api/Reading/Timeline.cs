using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Experiments;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <summary>One event of an experiment, straight from its stream.</summary>
public sealed record TimelineEntry(long Version, long Sequence, DateTimeOffset Timestamp, string Type, string? Actor, string? Reason, object Data);

public static class TimelineRead
{
    /// <summary>The experiment's own events in order.</summary>
    [WolverineGet("/api/v2/experiments/{id}/timeline"), Tags("Experiments"), ProducesResponseType<Page<TimelineEntry>>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(Guid id, long? after, int? limit, IQuerySession session, CancellationToken cancellation)
    {
        var events = await session.Events.FetchStreamAsync(id, token: cancellation);
        if (events.Count == 0 || events[0].Data is not ExperimentDrafted) return Problems.NotFound("experiment", id);
        var take = Paging.Limit(limit);
        return TypedResults.Ok(Paging.Of(
            [.. events.Where(e => e.Version > (after ?? 0)).Take(take + 1).Select(e => new TimelineEntry(e.Version, e.Sequence, e.Timestamp, e.EventTypeName, e.UserName,
                e.GetHeader(Projections.Audit.AuditLog.ReasonHeader)?.ToString(), e.Data))], take, e => e.Version.ToString()));
    }
}
