using System.Text.Json;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Tasks;
using Weasel.Core;
using Weasel.Postgresql.Tables;

namespace Phoenix.Projections.Fleet;

/// <summary>
/// The fleet by what events say of it: one row a host, with who it is and which pipeline it was last told to run as production.
/// What a host reports of itself every few seconds is not here.
/// </summary>
/// <remarks>
/// Events of one type that follow each other become one set-based statement, in which the last one of a host counts.
/// Of an event only its data and its timestamp are used: events that are appended in bulk have no more.
/// </remarks>
public sealed class FleetProjection : IProjection
{
    public const string Name = "Fleet";
    public const string TableName = "phoenix.fleet_host";

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

    static bool Concerns(object data) => data is AgentEnrolled || (data is TaskSucceeded succeeded && Production(succeeded) is not null);

    static RunningCollector? Production(TaskSucceeded e) => e.Collectors.FirstOrDefault(c => c.Arm == Arm.Production);

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
                var done = Last<TaskSucceeded>(run, e => e.HostId);
                ops.QueueSqlCommand(
                    $"update {TableName} h set production = t.production::jsonb, production_hash = t.hash, production_since = t.at " +
                    "from unnest(?, ?, ?, ?) as t(host, production, hash, at) where h.host_id = t.host",
                    Each(done, e => e.Data.HostId), Each(done, e => JsonSerializer.Serialize(Production(e.Data), EventStoreOptions.Json)),
                    Each(done, e => Production(e.Data)!.ConfigurationHash), Each(done, e => e.At));
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

    static T[] Each<TEvent, T>((TEvent Data, DateTimeOffset At)[] events, Func<(TEvent Data, DateTimeOffset At), T> value) => Array.ConvertAll(events, e => value(e));
}
