using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Projections.Fleet;
using Wolverine.Http;

namespace Phoenix.Api.Agents;

/// <param name="Selector">As <c>role=web,env in (staging,test),!legacy</c>.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record DefineGroup(string? Selector, string? Description, string? Reason);

/// <param name="Hosts">That belong to it now, decommissioned ones left out.</param>
public sealed record GroupView(string Name, string Selector, string Description, long Hosts);

public static class GroupEndpoints
{
    /// <summary>Names a label selector, or changes what the name means. Who belongs to the group follows from the labels, at every moment anew.</summary>
    [WolverinePut("/api/v2/groups/{name}"), Tags("Groups"), ProducesResponseType<GroupView>(200)]
    public static async Task<IResult> Put(
        string name, DefineGroup command, IDocumentSession session, NpgsqlDataSource database, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var stream = await session.Events.FetchForWriting<HostGroup>(StreamIds.Group(name), cancellation);
        var decision = HostGroupDecisions.Define(stream.Aggregate, name, command.Selector, command.Description);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        session.Stamp(http, command.Reason);
        stream.AppendMany(decision.Events);
        var (selector, _) = LabelSelector.Parse(command.Selector);
        return TypedResults.Ok(new GroupView(name, selector!.ToString(), command.Description ?? "", (await Count(database, [selector], cancellation))[0]));
    }

    [WolverineDelete("/api/v2/groups/{name}"), Tags("Groups"), ProducesResponseType(204)]
    public static async Task<IResult> Delete(string name, [FromQuery] string? reason, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var stream = await session.Events.FetchForWriting<HostGroup>(StreamIds.Group(name), cancellation);
        session.Stamp(http, reason);
        stream.AppendMany(HostGroupDecisions.Delete(stream.Aggregate).Events);
        return TypedResults.NoContent();
    }

    /// <summary>All groups by name, with the number of their hosts.</summary>
    [WolverineGet("/api/v2/groups"), Tags("Groups")]
    public static async Task<IReadOnlyList<GroupView>> List(IQuerySession session, NpgsqlDataSource database, CancellationToken cancellation)
    {
        var groups = await session.Query<HostGroup>().OrderBy(g => g.Name).ToListAsync(cancellation);
        var counts = await Count(database, [.. groups.Select(g => LabelSelector.Parse(g.Selector).Selector!)], cancellation);
        return [.. groups.Select((g, i) => new GroupView(g.Name, g.Selector, g.Description, counts[i]))];
    }

    [WolverineGet("/api/v2/groups/{name}"), Tags("Groups"), ProducesResponseType<GroupView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(string name, IQuerySession session, NpgsqlDataSource database, CancellationToken cancellation) =>
        await session.LoadAsync<HostGroup>(StreamIds.Group(name), cancellation) is { } g
            ? TypedResults.Ok(new GroupView(g.Name, g.Selector, g.Description, (await Count(database, [LabelSelector.Parse(g.Selector).Selector!], cancellation))[0]))
            : Problems.NotFound("group", name);

    /// <summary>In one pass over the fleet, however many selectors.</summary>
    static async Task<IReadOnlyList<long>> Count(NpgsqlDataSource database, IReadOnlyList<LabelSelector> selectors, CancellationToken cancellation)
    {
        if (selectors.Count == 0) return [];
        await using var command = database.CreateCommand();
        var counts = selectors.Select(s => $"count(*) filter (where {s.Condition("labels", command.Parameters)})").ToList();
        command.CommandText = $"select {string.Join(", ", counts)} from {FleetProjection.TableName} where decommissioned_at is null";
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        return [.. selectors.Select((_, i) => reader.GetInt64(i))];
    }
}
