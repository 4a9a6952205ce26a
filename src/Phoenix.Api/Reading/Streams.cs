using System.Globalization;
using System.Text.Json;
using Marten;
using Npgsql;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Backends;
using Phoenix.Domain.Budgets;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Explorations;
using Phoenix.Domain.Notifications;
using Phoenix.Domain.Pipelines;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Tasks;
using Phoenix.Domain.Upgrades;
using Phoenix.Domain.Usage;
using Phoenix.Domain.Users;
using Phoenix.Projections;
using Phoenix.Projections.Audit;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <param name="Type">What it is a stream of, such as <c>Experiment</c>; null where its first event is of a type that this version does not know.</param>
/// <param name="Version">How many events it has.</param>
public sealed record StreamView(Guid Id, string? Type, long Version, DateTimeOffset FirstAt, DateTimeOffset LastAt);

/// <summary>A stream as one of its events left it.</summary>
/// <param name="Event">The event's data.</param>
/// <param name="State">What the events up to this one make together, in the shape in which decisions see it; null where that is nothing.</param>
/// <param name="StateMissing">Why there is no state; null where there is one.</param>
public sealed record StreamVersionView(
    Guid Id, string? Type, long Version, DateTimeOffset At, string EventType, string? Actor, string? Reason, JsonElement Event, object? State, string? StateMissing);

/// <summary>A user by their events. The name is in none of them.</summary>
public sealed record UserState(Guid Id, string Role, bool Disabled);

public static class StreamReads
{
    /// <summary>What the events of a stream make together, by what it is a stream of. The one place that knows; a kind that is not here has no state of its own.</summary>
    static readonly Dictionary<string, Func<IQuerySession, Guid, long, CancellationToken, Task<object?>>> States = new()
    {
        [nameof(Experiment)] = State<Experiment>,
        [nameof(AgentTask)] = State<AgentTask>,
        [nameof(Deployment)] = State<Deployment>,
        [nameof(ChangePolicy)] = State<ChangePolicy>,
        [nameof(Upgrade)] = State<Upgrade>,
        [nameof(Agent)] = State<Agent>,
        ["Group"] = State<HostGroup>,
        [nameof(Pipeline)] = State<Pipeline>,
        [nameof(PriceBook)] = State<PriceBook>,
        [nameof(Backend)] = State<Backend>,
        [nameof(NotificationTarget)] = State<NotificationTarget>,
        [nameof(Budget)] = State<Budget>,
        ["Usage"] = State<UsageDay>,
        ["User"] = UserState,
        [nameof(MetricProtection)] = State<MetricProtection>,
        [nameof(Exploration)] = State<Exploration>,
    };

    /// <summary>Kinds of streams that have a state.</summary>
    public static IReadOnlyCollection<string> Replayed => States.Keys;

    /// <summary>A stream: what it is of and how far it goes. <c>GET /api/v2/audit?streamId=</c> lists its events.</summary>
    [WolverineGet("/api/v2/streams/{id}"), Tags("Audit"), ProducesResponseType<StreamView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(Guid id, NpgsqlDataSource database, CancellationToken cancellation) =>
        await Find(id, database, cancellation) is { } stream ? TypedResults.Ok(stream) : Problems.NotFound("stream", id);

    /// <summary>The stream as its event number <c>version</c> left it, from 1 on: made anew from the events up to that one.</summary>
    [WolverineGet("/api/v2/streams/{id}/versions/{version}"), Tags("Audit"), ProducesResponseType<StreamVersionView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Version(Guid id, long version, IQuerySession session, NpgsqlDataSource database, CancellationToken cancellation)
    {
        if (await Find(id, database, cancellation) is not { } stream) return Problems.NotFound("stream", id);
        await using var command = database.CreateCommand($"select {AuditReads.Columns} from {AuditLog.View} where stream_id = $1 and stream_version = $2");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = version });
        if (await AuditReads.Read(command, cancellation) is not [var found])
            return Problems.NotFound("version", $"{version.ToString(CultureInfo.InvariantCulture)} of a stream with {stream.Version.ToString(CultureInfo.InvariantCulture)}");
        var known = States.TryGetValue(stream.Type ?? "", out var read);
        var state = known ? await read!(session, id, version, cancellation) : null;
        return TypedResults.Ok(new StreamVersionView(id, stream.Type, version, found.Timestamp, found.Type, found.Actor, found.Reason, found.Data,
            // In the words in which the API says everything else, whatever type it is.
            state is null ? null : JsonSerializer.SerializeToElement(state, state.GetType(), EventStoreOptions.Json),
            state is not null ? null : known ? "removed" : "no-state"));
    }

    static async Task<StreamView?> Find(Guid id, NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select f.type, l.stream_version, f.at, l.at
            from (select type, at from {AuditLog.View} where stream_id = $1 order by stream_version limit 1) f,
                 (select stream_version, at from {AuditLog.View} where stream_id = $1 order by stream_version desc limit 1) l
            """);
        command.Parameters.Add(new() { Value = id });
        await using var r = await command.ExecuteReaderAsync(cancellation);
        return await r.ReadAsync(cancellation)
            ? new(id, StreamTypes.Of(r.GetString(0)), r.GetInt64(1), await r.GetFieldValueAsync<DateTimeOffset>(2, cancellation), await r.GetFieldValueAsync<DateTimeOffset>(3, cancellation))
            : null;
    }

    static async Task<object?> State<T>(IQuerySession session, Guid id, long version, CancellationToken cancellation) where T : class =>
        await session.Events.AggregateStreamAsync<T>(id, version, token: cancellation);

    static async Task<object?> UserState(IQuerySession session, Guid id, long version, CancellationToken cancellation)
    {
        var events = await session.Events.FetchStreamAsync(id, version, token: cancellation);
        var user = events.Aggregate(new User { Id = id }, (u, e) => e.Data is UserRegistered registered ? u with { Role = registered.Role } : u.After(e.Data));
        return new UserState(user.Id, user.Role, user.Disabled);
    }
}
