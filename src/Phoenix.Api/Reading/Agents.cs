using System.Text.Json;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Phoenix.Domain.Tasks;
using Phoenix.Projections;
using Phoenix.Projections.Fleet;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <param name="LastSeenAt">Last poll or heartbeat; null where the host was never heard of after its enrolment.</param>
public sealed record AgentView(
    string HostId, string AgentVersion, string OperatingSystem, string Architecture, string Verification, DateTimeOffset EnrolledAt,
    DateTimeOffset? LastSeenAt, RunningCollector? Production, DateTimeOffset? ProductionSince, long? ResidentBytes,
    IReadOnlyList<CollectorHealth> Collectors);

public static class AgentReads
{
    const string Select =
        $"""
        select h.host_id, h.agent_version, h.operating_system, h.architecture, h.verification, h.enrolled_at, p.last_seen_at, h.production,
            h.production_since, p.heartbeat
        from {FleetProjection.TableName} h left join {AgentPresence.TableName} p using (host_id)
        """;

    /// <summary>The fleet by host id.</summary>
    [WolverineGet("/api/v2/agents"), Tags("Agents")]
    public static async Task<Page<AgentView>> List(NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"{Select} order by h.host_id");
        return new(await Read(command, cancellation), null);
    }

    [WolverineGet("/api/v2/agents/{hostId}"), Tags("Agents"), ProducesResponseType<AgentView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(string hostId, NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"{Select} where h.host_id = $1");
        command.Parameters.Add(new() { Value = hostId });
        return await Read(command, cancellation) is [var host] ? TypedResults.Ok(host) : Problems.NotFound("host", hostId);
    }

    static async Task<List<AgentView>> Read(NpgsqlCommand command, CancellationToken cancellation)
    {
        await using var r = await command.ExecuteReaderAsync(cancellation);
        List<AgentView> hosts = [];
        while (await r.ReadAsync(cancellation))
        {
            var beat = await r.IsDBNullAsync(9, cancellation) ? null : JsonSerializer.Deserialize(r.GetString(9), WireJson.Default.Heartbeat);
            hosts.Add(new(r.GetString(0), beat?.AgentVersion ?? r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4),
                await r.GetFieldValueAsync<DateTimeOffset>(5, cancellation), await r.GetFieldValueAsync<DateTimeOffset?>(6, cancellation),
                await r.IsDBNullAsync(7, cancellation) ? null : JsonSerializer.Deserialize<RunningCollector>(r.GetString(7), EventStoreOptions.Json),
                await r.GetFieldValueAsync<DateTimeOffset?>(8, cancellation), beat?.ResidentBytes, beat?.Collectors ?? []));
        }
        return hosts;
    }
}
