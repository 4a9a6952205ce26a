using System.Security.Cryptography;
using System.Text;

namespace Phoenix.Domain.Notifications;

/// <summary>Signatures of the Standard Webhooks specification: HMAC-SHA256 over <c>id.timestamp.body</c>, in base64, after <c>v1,</c>.</summary>
public static class WebhookSignature
{
    public const string SecretPrefix = "whsec_";

    /// <summary>Of a key; the specification asks for 24 to 64 bytes.</summary>
    public static string Secret(ReadOnlySpan<byte> key) => SecretPrefix + Convert.ToBase64String(key);

    /// <summary>The header <c>webhook-signature</c>: one signature for each secret, with a space between.</summary>
    /// <param name="unixSeconds">The header <c>webhook-timestamp</c>: of this attempt.</param>
    public static string Header(IEnumerable<string> secrets, string id, long unixSeconds, ReadOnlySpan<byte> body)
    {
        var head = Encoding.UTF8.GetBytes($"{id}.{unixSeconds}.");
        byte[] signed = [.. head, .. body];
        return string.Join(' ', secrets.Select(secret => "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(secret[SecretPrefix.Length..]), signed))));
    }
}
