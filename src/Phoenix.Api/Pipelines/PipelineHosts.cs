using Npgsql;
using Phoenix.Api.Reading;
using Phoenix.Projections.Fleet;
using Wolverine.Http;

namespace Phoenix.Api.Pipelines;

/// <param name="Hosts">How many should run it as production, decommissioned ones left out.</param>
public sealed record PipelineUse(Guid PipelineId, int Version, long Hosts);

/// <param name="Since">When the host reported that it runs.</param>
public sealed record PipelineHost(string HostId, int Version, string ConfigurationHash, DateTimeOffset? Since);

/// <summary>Where pipelines run as production, by what tasks have left on the hosts. A candidate of an experiment is not among it.</summary>
public static class PipelineHostsEndpoints
{
    const string OfPipeline = $"from {FleetProjection.TableName} h where h.decommissioned_at is null and h.production->>'pipelineId'";

    /// <summary>How many hosts run each version of each pipeline.</summary>
    [WolverineGet("/api/v2/pipelines/hosts"), Tags("Pipelines")]
    public static async Task<IReadOnlyList<PipelineUse>> All(NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"select (h.production->>'pipelineId')::uuid, (h.production->>'pipelineVersion')::int, count(*) {OfPipeline} is not null group by 1, 2 order by 1, 2");
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<PipelineUse> found = [];
        while (await reader.ReadAsync(cancellation)) found.Add(new(reader.GetGuid(0), reader.GetInt32(1), reader.GetInt64(2)));
        return found;
    }

    /// <summary>The hosts that run a pipeline, perhaps one version of it, by host id; <c>after</c> is the last one of the page before.</summary>
    [WolverineGet("/api/v2/pipelines/{id}/hosts"), Tags("Pipelines")]
    public static async Task<Page<PipelineHost>> Of(Guid id, NpgsqlDataSource database, int? version, string? after, int? limit, CancellationToken cancellation)
    {
        var most = Paging.Limit(limit);
        await using var command = database.CreateCommand(
            $"""
            select h.host_id, (h.production->>'pipelineVersion')::int, h.production_hash, h.production_since {OfPipeline} = $1
                and ($2::int is null or (h.production->>'pipelineVersion')::int = $2) and ($3::text is null or h.host_id > $3)
            order by h.host_id limit $4
            """);
        command.Parameters.Add(new() { Value = id.ToString() });
        command.Parameters.Add(new() { Value = (object?)version ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer });
        command.Parameters.Add(new() { Value = (object?)after ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = most + 1 });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<PipelineHost> found = [];
        while (await reader.ReadAsync(cancellation))
            found.Add(new(reader.GetString(0), reader.GetInt32(1), reader.GetString(2), await reader.IsDBNullAsync(3, cancellation) ? null : await reader.GetFieldValueAsync<DateTimeOffset>(3, cancellation)));
        return Paging.Of(found, most, h => h.HostId);
    }
}
