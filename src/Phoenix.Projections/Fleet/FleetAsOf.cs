namespace Phoenix.Projections.Fleet;

/// <summary>
/// The fleet as it was at a moment, by the events up to then: what <see cref="FleetProjection"/> would have said, asked of the event store itself in one query over
/// however many hosts. Nothing that hosts report every few seconds is in it.
/// </summary>
public static class FleetAsOf
{
    /// <summary>What a task has left on its host as production for good, or that it left nothing there.</summary>
    const string LeavesProduction =
        """
        (jsonb_path_exists(data, '$.collectors[*] ? (@.arm == "production" && (!(exists(@.expiresAt)) || @.expiresAt == null))') or data -> 'removed' @> '["production"]')
        """;

    const string Upgrades = "data ->> 'purpose' = 'upgradeAgent'";

    /// <summary>
    /// Of all that tasks have done on a host, that which changed what it is: each is found by host and time, however much other work the host has done. The
    /// queries say the conditions with the same words.
    /// </summary>
    public const string IndexDefinition = $"""((data ->> 'hostId'), "timestamp", seq_id) where type = 'task_succeeded' and ({LeavesProduction} or {Upgrades})""";

    const string Events = EventStoreOptions.Schema + ".mt_events";

    /// <summary>Of the event with which a host joined.</summary>
    public const string HostId = "data ->> 'hostId'";

    /// <summary>
    /// <c>with … as_of as (…)</c>: rows of the columns of <see cref="FleetProjection.TableName"/> but for production, at the moment that is parameter 1. The version is that with
    /// which the host joined; see <see cref="Upgraded"/>.
    /// </summary>
    /// <remarks>A host joins once or a few times, and is labelled, lost and found again for years: what it became is read of the hosts that are wanted alone.</remarks>
    /// <param name="only">A condition on the event with which a host joined, by <c>stream_id</c> or <see cref="HostId"/>, where not all hosts are meant.</param>
    /// <param name="first">SQL of how many hosts are meant, the first by their ids; null for all.</param>
    public static string Hosts(string only = "true", string? first = null) =>
        $"""
        with joined as materialized (
          select * from (
            select distinct on (stream_id) stream_id, seq_id, type, "timestamp" as at, data from {Events}
            where type in ('agent_enrolled', 'agent_recommissioned') and "timestamp" <= $1 and {only} order by stream_id, seq_id desc) every
          {(first is null ? "" : $"order by {HostId} limit {first}")}),
        of_agents as materialized (
          select stream_id, seq_id, type, "timestamp" as at, data from {Events}
          where type in ('agent_recommissioned', 'agent_labelled', 'agent_lost', 'agent_recovered', 'agent_drained', 'agent_drain_ended', 'agent_decommissioned')
            and "timestamp" <= $1 and stream_id in (select stream_id from joined)),
        labelled as (select distinct on (stream_id) * from of_agents where type = 'agent_labelled' order by stream_id, seq_id desc),
        heard as (select distinct on (stream_id) * from of_agents where type in ('agent_lost', 'agent_recovered', 'agent_decommissioned') order by stream_id, seq_id desc),
        held as (select distinct on (stream_id) * from of_agents where type in ('agent_drained', 'agent_drain_ended', 'agent_decommissioned') order by stream_id, seq_id desc),
        gone as (select distinct on (stream_id) * from of_agents where type in ('agent_decommissioned', 'agent_recommissioned') order by stream_id, seq_id desc),
        as_of as (
          select j.data ->> 'hostId' as host_id, j.data ->> 'agentVersion' as agent_version, j.data ->> 'operatingSystem' as operating_system,
            j.data ->> 'architecture' as architecture, j.data ->> 'verification' as verification, j.at as enrolled_at, j.seq_id as joined_by, coalesce(l.data -> 'labels', '{"{}"}') as labels,
            case when h.type = 'agent_lost' then (h.data ->> 'lastContact')::timestamptz end as lost_contact,
            case when d.type = 'agent_drained' then d.at end as drained_at, case when g.type = 'agent_decommissioned' then g.at end as decommissioned_at
          from joined j
          left join labelled l using (stream_id) left join heard h using (stream_id) left join held d using (stream_id) left join gone g using (stream_id))
        """;

    /// <summary>The version of a row <c>h</c> of <c>as_of</c> to which <see cref="Upgraded"/> is joined.</summary>
    public const string Version = "coalesce(upgraded.version, h.agent_version)";

    /// <summary><c>left join lateral (…) as upgraded</c> to a row <c>h</c> of <c>as_of</c>: the version that Phoenix gave the agent last since it joined.</summary>
    public const string Upgraded =
        $"""
        left join lateral (
          select t.data -> 'report' ->> 'version' as version from {Events} t
          where t.type = 'task_succeeded' and t.data ->> 'purpose' = 'upgradeAgent' and t.data ->> 'hostId' = h.host_id and t."timestamp" <= $1
            and t.seq_id > h.joined_by
          order by t."timestamp" desc, t.seq_id desc limit 1) upgraded on true
        """;

    /// <summary>
    /// <c>left join lateral (…) as production</c> to a row <c>h</c> of <c>as_of</c>: the <c>collector</c> that the last task left on the host, null where it left none, and
    /// <c>since</c> when. Who decommissioned a host may have given it a new disk: what ran before it joined again counts no more.
    /// </summary>
    public const string Production =
        $"""
        left join lateral (
          select (select c from jsonb_array_elements(data -> 'collectors') with ordinality as every(c, nth)
                  where c ->> 'arm' = 'production' and c ->> 'expiresAt' is null order by nth limit 1) as collector, "timestamp" as since
          from {Events}
          where type = 'task_succeeded' and {LeavesProduction} and data ->> 'hostId' = h.host_id and "timestamp" <= $1 and seq_id > h.joined_by
          order by "timestamp" desc, seq_id desc limit 1) production on true
        """;
}
