using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Projections;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

public static class ExperimentsAsOf
{
    /// <summary>Each experiment that has changed since is made anew from its events, which may be hundreds of thousands.</summary>
    public const int DefaultLimit = 20, MaxLimit = 100;

    /// <summary>Drafted by the moment that is parameter 1, the newest first, with whether it was archived then.</summary>
    const string Drafted =
        $"""
        select d.stream_id from {EventStoreOptions.Schema}.mt_events d
        left join lateral (
          select a.type from {EventStoreOptions.Schema}.mt_events a
          where a.stream_id = d.stream_id and a.type in ('experiment_archived', 'experiment_unarchived') and a."timestamp" <= $1 order by a.version desc limit 1) a on true
        where d.type = 'experiment_drafted' and d."timestamp" <= $1 and coalesce(a.type = 'experiment_archived', false) = $2
        order by d."timestamp" desc, d.seq_id desc offset $3 limit $4
        """;

    /// <summary>
    /// Experiments as events had them at a past moment, the newest first; those that had not been drafted are not there. Archived ones where they are asked for, and
    /// then those alone. <c>after</c> is <c>next</c> of the page before; a page has at most 100.
    /// </summary>
    [WolverineGet("/api/v2/experiments/as-of"), Tags("Experiments"), ProducesResponseType<Page<ExperimentSummary>>(200), ProducesResponseType(422)]
    public static async Task<IResult> List(
        DateTimeOffset? at, bool? archived, int? limit, int? after, ExperimentHistories histories, NpgsqlDataSource database, CancellationToken cancellation)
    {
        if (at is not { } moment) return Problems.Of(422, "at-invalid", "Say which moment is meant: at=2026-01-31T12:00:00Z.", "at");
        if (AsOf.Refused(at) is { } refused) return refused;
        var (take, skip) = (Math.Clamp(limit ?? DefaultLimit, 1, MaxLimit), Math.Max(0, after ?? 0));
        List<Guid> ids = [];
        await using (var command = database.CreateCommand(Drafted))
        {
            foreach (var value in (object[])[moment.ToUniversalTime(), archived ?? false, skip, take + 1]) command.Parameters.Add(new() { Value = value });
            await using var r = await command.ExecuteReaderAsync(cancellation);
            while (await r.ReadAsync(cancellation)) ids.Add(r.GetGuid(0));
        }
        List<ExperimentSummary> found = [];
        foreach (var id in ids.Take(take))
            if (await histories.RowAt(id, moment, cancellation) is { } row) found.Add(row);
        return TypedResults.Ok(new Page<ExperimentSummary>(found, ids.Count > take ? (skip + take).ToString() : null));
    }
}
