using System.Text.RegularExpressions;
using JasperFx.Events;

namespace Phoenix.Domain.Notifications;

/// <summary>Who is told of which events, as commands and deliveries see it. Where exactly, and with which secret, is not in events.</summary>
public sealed record NotificationTarget
{
    public Guid Id { get; init; }
    public required string Name { get; init; }
    public required NotificationTargetSettings Settings { get; init; }
    public bool Enabled { get; init; }
    public DateTimeOffset? PreviousSecretUntil { get; init; }

    public static NotificationTarget Create(IEvent<NotificationTargetDefined> e) => new() { Id = e.StreamId, Name = e.Data.Name, Settings = e.Data.Settings, Enabled = true };

    public NotificationTarget Apply(NotificationTargetChanged e) => this with { Settings = e.Settings };

    public NotificationTarget Apply(NotificationTargetEnabled _) => this with { Enabled = true };

    public NotificationTarget Apply(NotificationTargetDisabled _) => this with { Enabled = false };

    public NotificationTarget Apply(NotificationSecretRotated e) => this with { PreviousSecretUntil = e.PreviousUntil };

    public static bool ShouldDelete(NotificationTargetRemoved _) => true;

    /// <summary>Whether it wants to be told of this. Case does not matter in names.</summary>
    public bool Wants(string kind, string? subject) =>
        Enabled && Settings.Kinds.Any(k => k == kind || (k.EndsWith(".*", StringComparison.Ordinal) && kind.StartsWith(k[..^1], StringComparison.Ordinal)))
        && (Settings.Subject is null || Regex.IsMatch(subject ?? "", $"^{Regex.Escape(Settings.Subject).Replace("\\*", ".*", StringComparison.Ordinal)}$", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline));
}
