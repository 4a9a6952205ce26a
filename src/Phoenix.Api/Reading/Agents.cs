using System.Text.Json;
using Marten;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Tasks;
using Phoenix.Domain.Users;
using Phoenix.Projections;
using Phoenix.Projections.Fleet;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <param name="State"><c>active</c>, <c>stopped</c> (its agent has said goodbye), <c>lost</c>, <c>drained</c> or <c>decommissioned</c>.</param>
/// <param name="LastSeenAt">Last poll or heartbeat, or the enrolment where nothing came after it; by the database's clock.</param>
/// <param name="LostSince">Of a lost host, when it was heard last.</param>
/// <param name="Production">What should run, by what tasks have left there.</param>
/// <param name="HeartbeatAt">When the figures that follow were reported; null where no heartbeat has come yet.</param>
/// <param name="ResidentBytes">Of the agent itself.</param>
/// <param name="CpuPercent">Of one core, by the agent itself, between its last two heartbeats.</param>
/// <param name="Collectors">With their health and configuration; their last log lines only where an operator asks for one host.</param>
/// <param name="PanicAt">When the host owner put the host back by <c>phoenix-agent panic</c>: it refuses changes until that is cleared.</param>
/// <param name="Dropped">What the agent's buffers gave up because they were full; null where nothing.</param>
/// <param name="Drift">How what runs differs from what should; null where it does not, or is just being changed.</param>
public sealed record AgentView(
    string HostId, string State, string AgentVersion, string OperatingSystem, string Architecture, string Verification,
    IReadOnlyDictionary<string, string> Labels, DateTimeOffset EnrolledAt, DateTimeOffset? LastSeenAt, DateTimeOffset? LostSince, DateTimeOffset? DrainedAt,
    DateTimeOffset? DecommissionedAt, RunningCollector? Production, DateTimeOffset? ProductionSince, DateTimeOffset? HeartbeatAt, long? ResidentBytes,
    double? CpuPercent, IReadOnlyList<CollectorHealth> Collectors, DateTimeOffset? PanicAt, DroppedReports? Dropped, Drift? Drift)
{
    /// <summary>Of the host's own events: the audit log's <c>streamId</c>.</summary>
    public Guid StreamId => StreamIds.Agent(HostId);
}

/// <param name="Code"><c>production-missing</c>, <c>production-differs</c> or <c>production-unexpected</c>.</param>
public sealed record Drift(string Code, string Detail, string? WantedHash, string? RunningHash);

/// <param name="Hosts">All that are not decommissioned.</param>
/// <param name="Collectors">By what hosts last said that are not lost, stopped or decommissioned; null of a past moment, since no event says it.</param>
/// <param name="Drifted">Null of a past moment.</param>
public sealed record FleetSummary(
    long Hosts, IReadOnlyDictionary<string, long> States, IReadOnlyDictionary<string, long> Versions, CollectorCounts? Collectors, long? Drifted);

public sealed record CollectorCounts(long Healthy, long Unhealthy);

public static class AgentReads
{
    const string Stopped = "stopped";

    static readonly string[] States = ["active", Stopped, "lost", "drained", "decommissioned"];

    /// <summary>What a host <c>h</c> with presence <c>p</c> is, in one word: what an operator has decided comes before what was observed.</summary>
    const string State =
        """
        case when h.decommissioned_at is not null then 'decommissioned' when h.drained_at is not null then 'drained' when h.lost_contact is not null then 'lost'
             when p.stopped then 'stopped' else 'active' end
        """;

    const string From = $"from {FleetProjection.TableName} h left join {AgentPresence.TableName} p using (host_id)";

    const string Version = "coalesce(p.agent_version, h.agent_version)";

    const string Select =
        $"""
        select h.host_id, {State}, {Version}, h.operating_system, h.architecture, h.verification, h.labels, h.enrolled_at, p.last_seen_at,
            h.lost_contact, h.drained_at, h.decommissioned_at, h.production, h.production_since, p.heartbeat_at, p.heartbeat, p.cpu_percent, {HostDrift.Code}
        {From}
        """;

    const string LabelsColumn = "h.labels";

    /// <summary>
    /// The fleet by host id, a page at a time: <c>after</c> is the last host id of the page before. All filters that are given must hold; <c>search</c> is a part of the
    /// host id. Where a past moment is given
    /// as <c>at</c>, it is the fleet as events had it then: who had joined, labels, lost, drained or decommissioned, and production; what only heartbeats tell is null,
    /// and a version is that of the enrolment or of the upgrade that Phoenix made last. No host is <c>stopped</c> then.
    /// </summary>
    /// <param name="unhealthy">Those whose agent says now that a collector is unhealthy, as the summary counts them; or all others.</param>
    [WolverineGet("/api/v2/agents"), Tags("Agents"), ProducesResponseType<Page<AgentView>>(200), ProducesResponseType(404), ProducesResponseType(422)]
    public static async Task<IResult> List(
        IQuerySession session, NpgsqlDataSource database, string? selector, string? group, string? state, string? version, bool? drift, bool? unhealthy, string? search, string? after, int? limit,
        DateTimeOffset? at, CancellationToken cancellation)
    {
        if (AsOf.Refused(at) is { } refused) return refused;
        if (at is not null && drift is not null)
            return Problems.Of(422, "drift-unknown", "What ran on a host at a past moment only its heartbeats told, which are not kept. Leave out 'drift', or 'at'.", "drift");
        if (at is not null && unhealthy is not null)
            return Problems.Of(422, "unhealthy-unknown", "How collectors were at a past moment only heartbeats told, which are not kept. Leave out 'unhealthy', or 'at'.", "unhealthy");
        var (labels, rejection) = LabelSelector.Parse(selector);
        if (rejection is not null) return rejection.ToProblem();
        if (state is not null && !States.Contains(state)) return Problems.Of(422, "state-unknown", $"A host is one of {string.Join(", ", States)}.", "state");
        if (at is not null && state == Stopped)
            return Problems.Of(422, "stopped-unknown", "Whether an agent had said goodbye at a past moment only its heartbeats told, which are not kept: such a host counts as active then. Ask for another 'state', or leave out 'at'.", "state");
        await using var command = database.CreateCommand();
        if (at is { } moment) Add(moment.ToUniversalTime());
        List<string> conditions = [labels!.Condition(LabelsColumn, command.Parameters)];
        if (group is not null)
        {
            var id = StreamIds.Group(group);
            // A group then meant what it was then.
            if ((at is null ? await session.LoadAsync<HostGroup>(id, cancellation)
                : await session.Events.AggregateStreamAsync<HostGroup>(id, timestamp: at.Value.ToUniversalTime(), token: cancellation)) is not { } named) return Problems.NotFound("group", group);
            conditions.Add(LabelSelector.Parse(named.Selector).Selector!.Condition(LabelsColumn, command.Parameters));
        }
        if (state is not null) conditions.Add($"{(at is null ? State : StateThen)} = {Add(state)}");
        // Which hosts there were at a past moment is known of each by itself, but for what is asked of its labels, state or version.
        var ofEach = conditions is ["true"] && version is null;
        if (version is not null) conditions.Add($"{(at is null ? Version : FleetAsOf.Version)} = {Add(version)}");
        if (drift is { } drifted) conditions.Add($"{HostDrift.Code} is {(drifted ? "not null" : "null")}");
        // Those that the summary counts: of a host that is silent it is not known how its collectors are.
        if (unhealthy is { } unwell)
            conditions.Add($"{(unwell ? "" : "not ")}(coalesce(p.unhealthy, 0) > 0 and {State} not in ('lost', '{Stopped}', 'decommissioned'))");
        List<string> byId = [];
        var hostId = at is null ? "h.host_id" : FleetAsOf.HostId;
        if (!string.IsNullOrWhiteSpace(search)) byId.Add($"position(lower({Add(search.Trim())}) in lower({hostId})) > 0");
        if (after is not null) byId.Add($"{hostId} > {Add(after)}");
        var most = Paging.Limit(limit);
        var oneMore = Add(most + 1);
        command.CommandText = at is null
            ? $"{Select} where {string.Join(" and ", [.. conditions, .. byId])} order by h.host_id limit {oneMore}"
            : Then(string.Join(" and ", ["true", .. byId]), ofEach ? oneMore : null, string.Join(" and ", conditions), oneMore, withVersions: version is not null);
        return TypedResults.Ok(Paging.Of(await Read(command, false, cancellation), most, h => h.HostId));

        string Add(object value)
        {
            command.Parameters.Add(new() { Value = value });
            return "$" + command.Parameters.Count;
        }
    }

    /// <summary>
    /// A host as it is, or as events had it at a past moment; 404 where it had not joined yet. The last log lines of its collectors are told to operators: of logs a viewer
    /// reads nothing.
    /// </summary>
    [WolverineGet("/api/v2/agents/{hostId}"), Tags("Agents"), ProducesResponseType<AgentView>(200), ProducesResponseType(404), ProducesResponseType(422)]
    public static async Task<IResult> Get(string hostId, DateTimeOffset? at, NpgsqlDataSource database, HttpContext http, CancellationToken cancellation)
    {
        if (AsOf.Refused(at) is { } refused) return refused;
        await using var command = database.CreateCommand(at is null ? $"{Select} where h.host_id = $1" : Then("stream_id = $2"));
        if (at is { } moment)
        {
            command.Parameters.Add(new() { Value = moment.ToUniversalTime() });
            command.Parameters.Add(new() { Value = StreamIds.Agent(hostId) });
        }
        else command.Parameters.Add(new() { Value = hostId });
        return await Read(command, http.HasRole(Roles.Operator), cancellation) is [var host] ? TypedResults.Ok(host) : Problems.NotFound("host", hostId);
    }

    /// <summary>The fleet in numbers; where a past moment is given as <c>at</c>, as events had it then.</summary>
    [WolverineGet("/api/v2/fleet/summary"), Tags("Agents"), ProducesResponseType<FleetSummary>(200), ProducesResponseType(422)]
    public static async Task<IResult> Summary(DateTimeOffset? at, NpgsqlDataSource database, CancellationToken cancellation)
    {
        if (AsOf.Refused(at) is { } refused) return refused;
        await using var command = database.CreateCommand(at is null
            ? $"""
              select state, version, count(*), coalesce(sum(healthy), 0), coalesce(sum(unhealthy), 0), count(*) filter (where drift is not null)
              from (select {State} as state, {Version} as version, p.healthy, p.unhealthy, {HostDrift.Code} as drift {From}) hosts group by state, version
              """
            : $"{FleetAsOf.Hosts()} select {StateThen}, {FleetAsOf.Version}, count(*), 0::bigint, 0::bigint, 0::bigint from as_of h {FleetAsOf.Upgraded} group by 1, 2");
        if (at is { } moment) command.Parameters.Add(new() { Value = moment.ToUniversalTime() });
        await using var r = await command.ExecuteReaderAsync(cancellation);
        var states = States.ToDictionary(s => s, _ => 0L);
        SortedDictionary<string, long> versions = new(StringComparer.Ordinal);
        long healthy = 0, unhealthy = 0, drifted = 0;
        while (await r.ReadAsync(cancellation))
        {
            var (state, version, hosts) = (r.GetString(0), r.GetString(1), r.GetInt64(2));
            states[state] += hosts;
            if (state == "decommissioned") continue;
            versions[version] = versions.GetValueOrDefault(version) + hosts;
            drifted += r.GetInt64(5);
            if (state is "lost" or Stopped) continue;
            healthy += r.GetInt64(3);
            unhealthy += r.GetInt64(4);
        }
        return TypedResults.Ok(at is null
            ? new FleetSummary(versions.Values.Sum(), states, versions, new(healthy, unhealthy), drifted)
            : new FleetSummary(versions.Values.Sum(), states, versions, null, null));
    }

    /// <summary>What a host was in one word, by events alone: that an agent said goodbye only its presence told.</summary>
    const string StateThen =
        "case when h.decommissioned_at is not null then 'decommissioned' when h.drained_at is not null then 'drained' when h.lost_contact is not null then 'lost' else 'active' end";

    /// <summary>The columns of <see cref="Select"/> at the moment that is parameter 1. Production and versions are looked up for the hosts of the page alone.</summary>
    /// <param name="only">A condition on the event with which a host joined, where not all are meant.</param>
    /// <param name="first">So many hosts, the first by their ids; null where others than these could be needed.</param>
    /// <param name="where">A condition on a host <c>h</c>.</param>
    /// <param name="limit">Hosts of the page; null for all.</param>
    /// <param name="withVersions">The condition asks for the version.</param>
    public static string Then(string only, string? first = null, string where = "true", string? limit = null, bool withVersions = false) =>
        $"""
        {FleetAsOf.Hosts(only, first)},
        page as materialized (select h.* from as_of h {(withVersions ? FleetAsOf.Upgraded : "")} where {where} order by h.host_id {(limit is null ? "" : "limit " + limit)})
        select h.host_id, {StateThen}, {FleetAsOf.Version}, h.operating_system, h.architecture, h.verification, h.labels, h.enrolled_at, null::timestamptz,
            h.lost_contact, h.drained_at, h.decommissioned_at, production.collector, production.since, null::timestamptz, null::text, null::double precision, null::text
        from page h {FleetAsOf.Upgraded} {FleetAsOf.Production} order by h.host_id
        """;

    static async Task<List<AgentView>> Read(NpgsqlCommand command, bool withLogs, CancellationToken cancellation)
    {
        await using var r = await command.ExecuteReaderAsync(cancellation);
        List<AgentView> hosts = [];
        while (await r.ReadAsync(cancellation))
        {
            var beat = await r.IsDBNullAsync(15, cancellation) ? null : JsonSerializer.Deserialize(r.GetString(15), WireJson.Default.Heartbeat);
            var production = await r.IsDBNullAsync(12, cancellation) ? null : JsonSerializer.Deserialize<RunningCollector>(r.GetString(12), EventStoreOptions.Json);
            var collectors = beat?.Collectors ?? [];
            hosts.Add(new(r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetString(5),
                JsonSerializer.Deserialize<Dictionary<string, string>>(r.GetString(6))!, await At(7) ?? default, await At(8), await At(9), await At(10), await At(11),
                production, await At(13), await At(14), beat?.ResidentBytes, await r.IsDBNullAsync(16, cancellation) ? null : r.GetDouble(16),
                withLogs ? collectors : [.. collectors.Select(c => c with { LogTail = [] })], beat?.PanicAt, beat?.Dropped,
                await r.IsDBNullAsync(17, cancellation) ? null : HostDrift.Of(r.GetString(17), production, collectors)));
        }
        return hosts;

        async Task<DateTimeOffset?> At(int column) => await r.IsDBNullAsync(column, cancellation) ? null : await r.GetFieldValueAsync<DateTimeOffset>(column, cancellation);
    }
}
