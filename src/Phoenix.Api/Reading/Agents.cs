using Marten;
using Phoenix.Api.Agents;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Phoenix.Domain.Tasks;
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
    /// <summary>The fleet by host id.</summary>
    [WolverineGet("/api/v2/agents"), Tags("Agents")]
    public static async Task<Page<AgentView>> List(IQuerySession session, AgentPresence presence, CancellationToken cancellation)
    {
        var seen = await presence.Read(cancellation);
        return new([.. (await session.Query<FleetMember>().OrderBy(h => h.Id).ToListAsync(cancellation)).Select(h => View(h, seen))], null);
    }

    [WolverineGet("/api/v2/agents/{hostId}"), Tags("Agents"), ProducesResponseType<AgentView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(string hostId, IQuerySession session, AgentPresence presence, CancellationToken cancellation) =>
        await session.LoadAsync<FleetMember>(hostId, cancellation) is { } host
            ? TypedResults.Ok(View(host, await presence.Read(cancellation)))
            : Problems.NotFound("host", hostId);

    static AgentView View(FleetMember h, IReadOnlyDictionary<string, (DateTimeOffset LastSeenAt, Heartbeat? Heartbeat)> seen)
    {
        var found = seen.TryGetValue(h.Id, out var p);
        return new(h.Id, found && p.Heartbeat is { } beat ? beat.AgentVersion : h.AgentVersion, h.OperatingSystem, h.Architecture, h.Verification,
            h.EnrolledAt, found ? p.LastSeenAt : null, h.Production, h.ProductionSince, p.Heartbeat?.ResidentBytes, p.Heartbeat?.Collectors ?? []);
    }
}
