namespace Phoenix.Domain.Notifications;

/// <summary>Somebody outside is told of what happens from now on, and of nothing that was before.</summary>
/// <param name="Name">What the target is called in the API.</param>
public sealed record NotificationTargetDefined(string Name, NotificationTargetSettings Settings);

/// <summary>The target is told of other things, or in another place.</summary>
public sealed record NotificationTargetChanged(NotificationTargetSettings Settings);

/// <summary>The target is told again of what happens from now on; what happened meanwhile it is not told.</summary>
public sealed record NotificationTargetEnabled;

/// <summary>The target is told nothing; what still waited to be sent is dropped.</summary>
public sealed record NotificationTargetDisabled;

/// <summary>Notifications are signed with a new secret.</summary>
/// <param name="PreviousUntil">Until then they carry the signature of the one before as well.</param>
public sealed record NotificationSecretRotated(DateTimeOffset PreviousUntil);

/// <summary>Nobody is told under this name any more. Its address and its secrets are deleted.</summary>
public sealed record NotificationTargetRemoved(string Name);

/// <param name="Origin">Scheme, host and port of the address. The rest may be a secret (Slack's is) and is kept elsewhere.</param>
/// <param name="AddressFingerprint">Shows that the address is another one without showing it.</param>
/// <param name="Kinds">Such as <c>experiment.verdict</c>, or <c>experiment.*</c> for all of a group.</param>
/// <param name="Subject">Told of subjects (experiments, hosts, releases) with such a name alone; <c>*</c> is any run of characters. Null for all.</param>
public sealed record NotificationTargetSettings(NotificationChannel Channel, string Origin, string AddressFingerprint, IReadOnlyList<string> Kinds, string? Subject);

public enum NotificationChannel
{
    /// <summary>JSON, signed as Standard Webhooks says.</summary>
    Webhook,

    /// <summary>The message of an incoming webhook of Slack, which Mattermost, Rocket.Chat and others take too.</summary>
    Slack,
}
