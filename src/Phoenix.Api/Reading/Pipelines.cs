using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Projections;
using Phoenix.Projections.Pipelines;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

public sealed record PipelineView(Guid Id, string Name, string Description, bool Deprecated, int LatestVersion, IReadOnlyList<PipelineVersionView> Versions);

/// <param name="Template">Name of the template that it was rendered from; null where it was written by hand.</param>
public sealed record PipelineVersionView(int Version, string ConfigurationHash, DateTimeOffset PublishedAt, string? Template);

public static class PipelineReads
{
    /// <summary>Pipelines by name; where a past moment is given as <c>at</c>, those that there were, as they were then.</summary>
    [WolverineGet("/api/v2/pipelines"), Tags("Pipelines"), ProducesResponseType<Page<PipelineView>>(200), ProducesResponseType(422)]
    public static async Task<IResult> List(DateTimeOffset? at, IQuerySession session, NpgsqlDataSource database, CancellationToken cancellation) =>
        AsOf.Refused(at) is { } refused ? refused
        : TypedResults.Ok(new Page<PipelineView>(at is { } moment
            ? [.. (await At(moment, null, database, cancellation)).OrderBy(p => p.Name, StringComparer.Ordinal)]
            : [.. (await session.Query<PipelineText>().OrderBy(p => p.Name).ToListAsync(cancellation)).Select(View)], null));

    /// <summary>A pipeline as it is, or as it was at a past moment; 404 where it had not been drafted yet.</summary>
    [WolverineGet("/api/v2/pipelines/{id}"), Tags("Pipelines"), ProducesResponseType<PipelineView>(200), ProducesResponseType(404), ProducesResponseType(422)]
    public static async Task<IResult> Get(Guid id, DateTimeOffset? at, IQuerySession session, NpgsqlDataSource database, CancellationToken cancellation)
    {
        if (AsOf.Refused(at) is { } refused) return refused;
        var found = at is { } moment ? (await At(moment, id, database, cancellation)).SingleOrDefault()
            : await session.LoadAsync<PipelineText>(id, cancellation) is { } pipeline ? View(pipeline) : null;
        return found is null ? Problems.NotFound("pipeline", id) : TypedResults.Ok(found);
    }

    /// <summary>From the events, without the texts that they carry.</summary>
    static async Task<List<PipelineView>> At(DateTimeOffset at, Guid? id, NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select stream_id, type, "timestamp", data ->> 'name', data ->> 'description', (data ->> 'version')::int, data ->> 'configurationHash', data -> 'template' ->> 'name'
            from {EventStoreOptions.Schema}.mt_events
            where type in ('pipeline_drafted', 'pipeline_version_published', 'pipeline_deprecated') and "timestamp" <= $1 {(id is null ? "" : "and stream_id = $2")}
            order by stream_id, version
            """);
        command.Parameters.Add(new() { Value = at.ToUniversalTime() });
        if (id is { } one) command.Parameters.Add(new() { Value = one });
        await using var r = await command.ExecuteReaderAsync(cancellation);
        List<PipelineView> found = [];
        List<PipelineVersionView> versions = [];
        while (await r.ReadAsync(cancellation))
            switch (r.GetString(1))
            {
                case "pipeline_drafted":
                    found.Add(new(r.GetGuid(0), r.GetString(3), r.GetString(4), false, 0, versions = []));
                    break;
                case "pipeline_deprecated":
                    found[^1] = found[^1] with { Deprecated = true };
                    break;
                default:
                    versions.Add(new(r.GetInt32(5), r.GetString(6), await r.GetFieldValueAsync<DateTimeOffset>(2, cancellation), await r.IsDBNullAsync(7, cancellation) ? null : r.GetString(7)));
                    found[^1] = found[^1] with { LatestVersion = versions.Count };
                    break;
            }
        return found;
    }

    /// <summary>A version with its text.</summary>
    [WolverineGet("/api/v2/pipelines/{id}/versions/{version}"), Tags("Pipelines"), ProducesResponseType<VersionText>(200), ProducesResponseType(404)]
    public static async Task<IResult> Version(Guid id, int version, IQuerySession session, CancellationToken cancellation) =>
        (await session.LoadAsync<PipelineText>(id, cancellation))?.Versions.FirstOrDefault(v => v.Version == version) is { } found
            ? TypedResults.Ok(found)
            : Problems.NotFound("pipeline version", $"{id}/{version}");

    static PipelineView View(PipelineText p) =>
        new(p.Id, p.Name, p.Description, p.Deprecated, p.Versions.Count, [.. p.Versions.Select(v => new PipelineVersionView(v.Version, v.ConfigurationHash, v.PublishedAt, v.Template?.Name))]);
}
