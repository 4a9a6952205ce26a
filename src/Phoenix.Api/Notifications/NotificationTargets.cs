using Marten;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Notifications;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Notifications;

/// <param name="Channel"><c>webhook</c> or <c>slack</c>.</param>
/// <param name="Url">Where it is told. Kept as a secret; needed when the target is new, and left out to leave it as it is.</param>
/// <param name="Kinds">Such as <c>experiment.verdict</c>, or <c>experiment.*</c> for all of a group.</param>
/// <param name="Subject">Told of subjects with such a name alone, such as <c>checkout-*</c>; all where left out.</param>
/// <param name="Enabled">True where left out.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record DefineNotificationTarget(NotificationChannel? Channel, string? Url, string?[]? Kinds, string? Subject, bool? Enabled, string? Reason);

/// <param name="Origin">Scheme, host and port; the rest of the address is never shown.</param>
/// <param name="AddressFingerprint">Beginning of the SHA-256 of the address.</param>
/// <param name="PreviousSecretUntil">Notifications carry a second signature until then.</param>
/// <param name="Secret">What notifications are signed with: told once, when it is made, and null otherwise.</param>
public sealed record NotificationTargetView(
    string Name, NotificationChannel Channel, string Origin, string AddressFingerprint, IReadOnlyList<string> Kinds, string? Subject, bool Enabled,
    DateTimeOffset? PreviousSecretUntil, string? Secret = null)
{
    public static NotificationTargetView Of(NotificationTarget t, string? secret = null) =>
        new(t.Name, t.Settings.Channel, t.Settings.Origin, t.Settings.AddressFingerprint, t.Settings.Kinds, t.Settings.Subject, t.Enabled, t.PreviousSecretUntil, secret);
}

public static class NotificationTargetEndpoints
{
    /// <summary>
    /// Has somebody told of events from now on, or changes of which and where. The answer to a new webhook has its secret, once; where it got lost,
    /// <c>rotate-secret</c> makes another.
    /// </summary>
    [WolverinePut("/api/v2/notification-targets/{name}"), RequireRole(Roles.Admin), Tags("Notifications"), ProducesResponseType<NotificationTargetView>(200), ProducesResponseType<NotificationTargetView>(201)]
    public static async Task<IResult> Put(string name, DefineNotificationTarget command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var (address, wrong) = command.Url is null ? (null, null) : OutboundAddress.Parse(command.Url, "url");
        if (wrong is not null) return wrong.ToProblem();
        var id = StreamIds.NotificationTarget(name);
        // In turn with a rotation, or the secret that one told would be overwritten with the one that was read before.
        var stream = await session.Events.FetchForExclusiveWriting<NotificationTarget>(id, cancellation);
        var before = stream.Aggregate;
        var decision = NotificationTargetDecisions.Define(before, name, command.Channel, address, command.Kinds?.OfType<string>().ToList(), command.Subject, command.Enabled ?? before?.Enabled ?? true);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        var secret = before is null ? null : await session.LoadAsync<NotificationSecret>(id, cancellation);
        var kept = secret?.Secret;
        var signs = command.Channel == NotificationChannel.Webhook;
        var url = address?.AbsoluteUri ?? secret!.Url;
        // What signs no more is no longer kept.
        var stored = signs && secret is not null ? secret with { Url = url, Secret = kept ?? NotificationSecret.New() }
            : new NotificationSecret { Id = id, Url = url, Secret = signs ? NotificationSecret.New() : null };
        if (stored != secret) session.Store(stored);
        session.Stamp(http, command.Reason);
        stream.AppendMany(decision.Events);
        var view = NotificationTargetView.Of(After(before, id, decision.Events), kept is null ? stored.Secret : null);
        return before is null ? TypedResults.Created($"/api/v2/notification-targets/{name}", view) : TypedResults.Ok(view);
    }

    /// <summary>Targets by name.</summary>
    [WolverineGet("/api/v2/notification-targets"), Tags("Notifications")]
    public static async Task<IReadOnlyList<NotificationTargetView>> List(IQuerySession session, CancellationToken cancellation) =>
        [.. (await session.Query<NotificationTarget>().OrderBy(t => t.Name).ToListAsync(cancellation)).Select(t => NotificationTargetView.Of(t))];

    [WolverineGet("/api/v2/notification-targets/{name}"), Tags("Notifications"), ProducesResponseType<NotificationTargetView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(string name, IQuerySession session, CancellationToken cancellation) =>
        await session.LoadAsync<NotificationTarget>(StreamIds.NotificationTarget(name), cancellation) is { } target
            ? TypedResults.Ok(NotificationTargetView.Of(target)) : Problems.NotFound("notification target", name);

    /// <summary>Nobody is told under this name any more. Address and secrets are deleted, and what waited to be sent is dropped.</summary>
    [WolverineDelete("/api/v2/notification-targets/{name}"), RequireRole(Roles.Admin), Tags("Notifications"), ProducesResponseType(204)]
    public static async Task<IResult> Remove(string name, [FromQuery] string? reason, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var stream = await session.Events.FetchForExclusiveWriting<NotificationTarget>(StreamIds.NotificationTarget(name), cancellation);
        session.Stamp(http, reason);
        stream.AppendMany(NotificationTargetDecisions.Remove(stream.Aggregate).Events);
        session.Delete<NotificationSecret>(StreamIds.NotificationTarget(name));
        return TypedResults.NoContent();
    }

    /// <summary>The kinds of events that can be told.</summary>
    [WolverineGet("/api/v2/notification-kinds"), Tags("Notifications")]
    public static IReadOnlyList<string> Kinds() => [.. NotificationKinds.All.Select(k => k.Kind)];

    static NotificationTarget After(NotificationTarget? before, Guid id, IReadOnlyList<object> events) => events.Aggregate(before, (t, e) => e switch
    {
        NotificationTargetDefined d => new() { Id = id, Name = d.Name, Settings = d.Settings, Enabled = true },
        NotificationTargetChanged c => t!.Apply(c),
        NotificationTargetEnabled enabled => t!.Apply(enabled),
        NotificationTargetDisabled disabled => t!.Apply(disabled),
        _ => t,
    })!;
}
