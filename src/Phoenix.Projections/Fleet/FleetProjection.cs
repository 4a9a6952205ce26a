using System.Text.Json;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Tasks;
using Weasel.Core;
using Weasel.Postgresql.Tables;

namespace Phoenix.Projections.Fleet;

/// <summary>
/// The fleet by what events say of it: one row a host, with who it is, what state it is in and which pipeline it was last told to run
/// as production. What a host reports of itself every few seconds is not here. Hosts that are drained or decommissioned are also
/// noted where the queue looks, so that no claim hands them what they should not get.
/// </summary>
/// <remarks>
/// Events of one type that follow each other become one set-based statement, in which the last one of a host counts.
/// Of an event only its data and its timestamp are used: events that are appended in bulk have no more.
/// </remarks>
public sealed class FleetProjection : IProjection
{
    public const string Name = "Fleet";
    public const string TableName = "phoenix.fleet_host";

    const string Hold = TaskQueueProjection.HoldTableName;

    /// <summary>The table, for the store's schema.</summary>
    public static IReadOnlyList<ISchemaObject> SchemaObjects
    {
        get
        {
            var table = new Table(TableName);
            table.AddColumn("host_id", "text").AsPrimaryKey();
            table.AddColumn("agent_version", "text").NotNull();
            table.AddColumn("operating_system", "text").NotNull();
            table.AddColumn("architecture", "text").NotNull();
            table.AddColumn("verification", "text").NotNull();
            table.AddColumn("enrolled_at", "timestamptz").NotNull();
            table.AddColumn("labels", "jsonb").NotNull().DefaultValueByExpression("'{}'::jsonb");
            table.AddColumn("production", "jsonb"); // a RunningCollector; null before the first task that left one
            table.AddColumn("production_hash", "text");
            table.AddColumn("production_since", "timestamptz");
            table.AddColumn("lost_contact", "timestamptz"); // of a lost host, when it was heard last
            table.AddColumn("drained_at", "timestamptz");
            table.AddColumn("decommissioned_at", "timestamptz");
            table.Indexes.Add(new IndexDefinition("ix_fleet_host_labels") { Columns = ["labels"], Method = IndexMethod.gin });
            return [table];
        }
    }

    public Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        List<IEvent> run = [];
        foreach (var e in events)
        {
            if (!Concerns(e.Data)) continue;
            if (run.Count > 0 && run[0].Data.GetType() != e.Data.GetType())
            {
                Write(operations, run);
                run.Clear();
            }
            run.Add(e);
        }
        if (run.Count > 0) Write(operations, run);
        return Task.CompletedTask;
    }

    static bool Concerns(object data) => data is TaskSucceeded succeeded
        ? Production(succeeded) is not null || Removed(succeeded)
        : data is AgentEnrolled or AgentLabelled or AgentLost or AgentRecovered or AgentDrained or AgentDrainEnded or AgentDecommissioned or AgentRecommissioned;

    /// <summary>What should run from now on. What runs for a while only is not it: the host returns to what it ran before, by itself too.</summary>
    static RunningCollector? Production(TaskSucceeded e) => e.Collectors.FirstOrDefault(c => c is { Arm: Arm.Production, ExpiresAt: null });

    /// <summary>Whether nothing should run any more.</summary>
    static bool Removed(TaskSucceeded e) => e.Removed.Contains(ExperimentTasks.Production);

    static void Write(IDocumentOperations ops, List<IEvent> run)
    {
        switch (run[0].Data)
        {
            case AgentEnrolled:
                var enrolled = Last<AgentEnrolled>(run, e => e.HostId);
                ops.QueueSqlCommand(
                    $"insert into {TableName}(host_id, agent_version, operating_system, architecture, verification, enrolled_at) " +
                    "select * from unnest(?, ?, ?, ?, ?, ?) " +
                    "on conflict (host_id) do update set agent_version = excluded.agent_version, operating_system = excluded.operating_system, " +
                    "architecture = excluded.architecture, verification = excluded.verification, enrolled_at = excluded.enrolled_at",
                    Each(enrolled, e => e.Data.HostId), Each(enrolled, e => e.Data.AgentVersion), Each(enrolled, e => e.Data.OperatingSystem),
                    Each(enrolled, e => e.Data.Architecture), Each(enrolled, e => e.Data.Verification), Each(enrolled, e => e.At));
                break;
            case TaskSucceeded:
                // In one order: reports of the same hosts are written by several transactions at once, which would else wait for each other in a circle.
                var done = Last<TaskSucceeded>(run, e => e.HostId);
                ops.QueueSqlCommand(
                    $"with locked as materialized (select host_id from {TableName} where host_id = any(?) order by host_id for update) " +
                    $"update {TableName} h set production = t.production::jsonb, production_hash = t.hash, production_since = t.at " +
                    "from unnest(?, ?, ?, ?) as t(host, production, hash, at) join locked on locked.host_id = t.host where h.host_id = t.host",
                    Each(done, e => e.Data.HostId), Each(done, e => e.Data.HostId),
                    Each(done, e => Production(e.Data) is { } production ? JsonSerializer.Serialize(production, EventStoreOptions.Json) : null!),
                    Each(done, e => Production(e.Data)?.ConfigurationHash!), Each(done, e => e.At));
                break;
            case AgentLabelled:
                var labelled = Last<AgentLabelled>(run, e => e.HostId);
                ops.QueueSqlCommand($"update {TableName} h set labels = t.labels::jsonb from unnest(?, ?) as t(host, labels) where h.host_id = t.host",
                    Each(labelled, e => e.Data.HostId), Each(labelled, e => JsonSerializer.Serialize(e.Data.Labels, EventStoreOptions.Json)));
                break;
            case AgentLost:
                var lost = Last<AgentLost>(run, e => e.HostId);
                ops.QueueSqlCommand($"update {TableName} h set lost_contact = t.contact from unnest(?, ?) as t(host, contact) where h.host_id = t.host",
                    Each(lost, e => e.Data.HostId), Each(lost, e => e.Data.LastContact));
                break;
            case AgentRecovered:
                ops.QueueSqlCommand($"update {TableName} set lost_contact = null where host_id = any(?)", (object)Hosts<AgentRecovered>(run, e => e.HostId));
                break;
            case AgentDrained:
                var drained = Last<AgentDrained>(run, e => e.HostId);
                ops.QueueSqlCommand($"update {TableName} h set drained_at = t.at from unnest(?, ?) as t(host, at) where h.host_id = t.host",
                    Each(drained, e => e.Data.HostId), Each(drained, e => e.At));
                ops.QueueSqlCommand($"insert into {Hold}(host_id, decommissioned) select h, false from unnest(?) h on conflict (host_id) do nothing",
                    (object)Each(drained, e => e.Data.HostId));
                break;
            case AgentDrainEnded:
                var free = Hosts<AgentDrainEnded>(run, e => e.HostId);
                ops.QueueSqlCommand($"update {TableName} set drained_at = null where host_id = any(?)", (object)free);
                ops.QueueSqlCommand($"delete from {Hold} where host_id = any(?) and not decommissioned", (object)free);
                break;
            case AgentDecommissioned:
                var gone = Last<AgentDecommissioned>(run, e => e.HostId);
                ops.QueueSqlCommand(
                    $"update {TableName} h set decommissioned_at = t.at, drained_at = null, lost_contact = null from unnest(?, ?) as t(host, at) where h.host_id = t.host",
                    Each(gone, e => e.Data.HostId), Each(gone, e => e.At));
                ops.QueueSqlCommand($"insert into {Hold}(host_id, decommissioned) select h, true from unnest(?) h on conflict (host_id) do update set decommissioned = true",
                    (object)Each(gone, e => e.Data.HostId));
                break;
            case AgentRecommissioned:
                var again = Last<AgentRecommissioned>(run, e => e.HostId);
                // Nothing that ran before is known to run now: who decommissioned the host may have given it a new disk.
                ops.QueueSqlCommand(
                    $"update {TableName} h set agent_version = t.version, operating_system = t.os, architecture = t.architecture, verification = t.verification, " +
                    "enrolled_at = t.at, decommissioned_at = null, production = null, production_hash = null, production_since = null " +
                    "from unnest(?, ?, ?, ?, ?, ?) as t(host, version, os, architecture, verification, at) where h.host_id = t.host",
                    Each(again, e => e.Data.HostId), Each(again, e => e.Data.AgentVersion), Each(again, e => e.Data.OperatingSystem),
                    Each(again, e => e.Data.Architecture), Each(again, e => e.Data.Verification), Each(again, e => e.At));
                ops.QueueSqlCommand($"delete from {Hold} where host_id = any(?)", (object)Each(again, e => e.Data.HostId));
                break;
        }
    }

    /// <summary>One statement changes a row once: of several events of a host in a run the last one counts.</summary>
    static (TEvent Data, DateTimeOffset At)[] Last<TEvent>(List<IEvent> run, Func<TEvent, string> host)
    {
        Dictionary<string, (TEvent, DateTimeOffset)> last = [];
        foreach (var e in run) last[host((TEvent)e.Data)] = ((TEvent)e.Data, e.Timestamp);
        return [.. last.Values];
    }

    static string[] Hosts<TEvent>(List<IEvent> run, Func<TEvent, string> host) => run.Select(e => host((TEvent)e.Data)).Distinct().ToArray();

    static T[] Each<TEvent, T>((TEvent Data, DateTimeOffset At)[] events, Func<(TEvent Data, DateTimeOffset At), T> value) => Array.ConvertAll(events, e => value(e));
}
