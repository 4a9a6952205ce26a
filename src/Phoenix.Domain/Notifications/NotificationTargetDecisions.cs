using Phoenix.Domain.Agents;

namespace Phoenix.Domain.Notifications;

public static class NotificationTargetDecisions
{
    public const int MaxKinds = 100, MaxSubjectLength = 200;

    /// <summary>A target that exists is changed; the same again is no change.</summary>
    /// <param name="target">Null where there is none of the name.</param>
    /// <param name="address">Where it is told; null to leave that as it is.</param>
    public static Decision Define(
        NotificationTarget? target, string name, NotificationChannel? channel, Uri? address, IReadOnlyList<string>? kinds, string? subject, bool enabled)
    {
        if (name.Contains('/', StringComparison.Ordinal) || !HostLabels.IsKey(name))
            return Rejection.Invalid("notification-target-name-invalid", "name",
                $"A target's name has 1 to {HostLabels.MaxNameLength} letters, digits, '-', '_', '.', and begins and ends with a letter or digit.");
        if (channel is null) return Rejection.Invalid("notification-channel-missing", "channel", "Say how the target is told: 'webhook' or 'slack'.");
        if (address is null && target is null) return Rejection.Invalid("address-missing", "url", "Say where the target is told: a URL that begins with https:// or http://.");
        if (kinds is not { Count: > 0 and <= MaxKinds })
            return Rejection.Invalid("notification-kinds-missing", "kinds", $"Name 1 to {MaxKinds} kinds, such as 'experiment.verdict' or 'experiment.*'; GET /api/v2/notification-kinds lists them.");
        if (kinds.FirstOrDefault(k => !NotificationKinds.IsKnown(k)) is { } unknown)
            return Rejection.Invalid("notification-kind-unknown", "kinds", $"There is no kind '{(unknown.Length > 60 ? unknown[..60] + "…" : unknown)}'; GET /api/v2/notification-kinds lists them.");
        if (subject is { Length: > MaxSubjectLength })
            return Rejection.Invalid("text-too-long", "subject", $"'subject' has at most {MaxSubjectLength} characters.");
        var settings = new NotificationTargetSettings(channel.Value, address?.Origin() ?? target!.Settings.Origin, address?.Fingerprint() ?? target!.Settings.AddressFingerprint,
            [.. kinds.Distinct().Order(StringComparer.Ordinal)], string.IsNullOrWhiteSpace(subject) ? null : subject.Trim());
        List<object> events = [];
        if (target is null) events.Add(new NotificationTargetDefined(name, settings));
        else if (!Same(target.Settings, settings)) events.Add(new NotificationTargetChanged(settings));
        if (enabled != (target?.Enabled ?? true)) events.Add(enabled ? new NotificationTargetEnabled() : new NotificationTargetDisabled());
        return new Decision(events, null);
    }

    public static Decision Remove(NotificationTarget? target) => target is null ? Decision.Nothing : Decision.Of(new NotificationTargetRemoved(target.Name));

    /// <summary>Slack takes no signature: its address is the secret.</summary>
    public static Decision RotateSecret(NotificationTarget target, DateTimeOffset previousUntil) => target.Settings.Channel == NotificationChannel.Webhook
        ? Decision.Of(new NotificationSecretRotated(previousUntil))
        : Rejection.Conflict("notification-not-signed", "Only what a webhook is sent is signed. Where the address of a Slack channel got known, make a new one there and put it here.");

    static bool Same(NotificationTargetSettings a, NotificationTargetSettings b) =>
        a with { Kinds = b.Kinds } == b && a.Kinds.SequenceEqual(b.Kinds, StringComparer.Ordinal);
}
