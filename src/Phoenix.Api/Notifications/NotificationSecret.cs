using System.Security.Cryptography;
using Phoenix.Domain.Notifications;

namespace Phoenix.Api.Notifications;

/// <summary>What no event, log or answer may say of a target. One document for each, gone with the target.</summary>
public sealed record NotificationSecret
{
    /// <summary>The target's.</summary>
    public Guid Id { get; init; }

    public string Url { get; init; } = "";

    /// <summary>Signs; null where nothing is signed.</summary>
    public string? Secret { get; init; }

    /// <summary>Signs too until <see cref="PreviousUntil"/>.</summary>
    public string? Previous { get; init; }

    public DateTimeOffset? PreviousUntil { get; init; }

    public static string New() => WebhookSignature.Secret(RandomNumberGenerator.GetBytes(32));

    /// <summary>The secrets to sign with at the time, the newest first.</summary>
    public IEnumerable<string> InForce(DateTimeOffset now)
    {
        if (Secret is not null) yield return Secret;
        if (Previous is not null && PreviousUntil > now) yield return Previous;
    }
}
