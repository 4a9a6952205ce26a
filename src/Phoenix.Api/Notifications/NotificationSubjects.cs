using JasperFx.Events;
using Marten;
using Phoenix.Domain.Notifications;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Notifications;

/// <summary>What the things are called that events are about.</summary>
static class NotificationSubjects
{
    /// <param name="Names">Query for the names of streams by id; null where the events say it themselves.</param>
    /// <param name="Link">Path, before the stream's id or the name.</param>
    sealed record Source(string Type, string? Names, string Link, bool LinkByName = false);

    /// <summary>By the last part of the namespace of the events.</summary>
    static readonly Dictionary<string, Source> Sources = new()
    {
        ["Experiments"] = new("experiment", "select row(id), row(coalesce(data->>'name', '')) from phoenix.mt_doc_experiment where id = any(?)", "/api/v2/experiments/"),
        ["Budgets"] = new("budget", "select row(id), row(coalesce(data->'terms'->>'name', '')) from phoenix.mt_doc_budget where id = any(?)", "/api/v2/budgets/"),
        ["Deployments"] = new("deployment", "select row(id), row(coalesce(data->'pipeline'->>'name', '')) from phoenix.mt_doc_deployment where id = any(?)", "/api/v2/deployments/"),
        ["Upgrades"] = new("upgrade", "select row(id), row(coalesce(data->>'release', '')) from phoenix.mt_doc_upgrade where id = any(?)", "/api/v2/upgrades/"),
        ["Tasks"] = new("task", $"select row(id), row(host_id) from {TaskQueueProjection.TableName} where id = any(?)", "/api/v2/tasks/"),
        ["Agents"] = new("agent", null, "/api/v2/agents/", LinkByName: true),
    };

    /// <summary>A name for each event; the stream's id where there is none.</summary>
    public static async Task<IReadOnlyList<(string Name, string Type, string Link)>> Of(
        IQuerySession session, IReadOnlyList<(IEvent Event, NotificationKind Kind)> told, CancellationToken cancellation)
    {
        Dictionary<Guid, string> names = [];
        foreach (var group in told.GroupBy(t => Sources.GetValueOrDefault(Area(t.Event))))
            if (group.Key is { Names: { } query })
                foreach (var (id, name) in await session.AdvancedSql.QueryAsync<Guid, string>(query, cancellation, (object)group.Select(t => t.Event.StreamId).Distinct().ToArray())) names[id] = name;
        return [.. told.Select(t =>
        {
            var source = Sources.GetValueOrDefault(Area(t.Event)) ?? new(Area(t.Event).ToLowerInvariant(), null, "/api/v2/audit?streamId=");
            var name = t.Kind.Subject(t.Event.Data) ?? names.GetValueOrDefault(t.Event.StreamId) ?? t.Event.StreamId.ToString();
            return (name, source.Type, source.Link + (source.LinkByName ? Uri.EscapeDataString(name) : t.Event.StreamId.ToString()));
        })];
    }

    static string Area(IEvent e) => e.Data.GetType().Namespace!.Split('.')[^1];
}
