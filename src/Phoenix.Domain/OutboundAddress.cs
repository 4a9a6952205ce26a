using System.Security.Cryptography;
using System.Text;

namespace Phoenix.Domain;

/// <summary>An address that the control plane is told to send requests to.</summary>
public static class OutboundAddress
{
    public const int MaxLength = 2_000;

    /// <summary>An absolute <c>http</c> or <c>https</c> URL without user name, password and fragment.</summary>
    /// <param name="field">What the command calls it.</param>
    public static (Uri? Address, Rejection? Rejection) Parse(string? text, string field)
    {
        if (text is { Length: > MaxLength })
            return (null, Rejection.Invalid("address-invalid", field, $"'{field}' has at most {MaxLength} characters."));
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.Host.Length == 0)
            return (null, Rejection.Invalid("address-invalid", field, $"'{field}' is a whole URL that begins with https:// or http://."));
        if (address.UserInfo.Length > 0)
            return (null, Rejection.Invalid("address-holds-secret", field, $"'{field}' holds a user name or password, which would be shown to everybody. Give them in their own fields."));
        return address.Fragment.Length > 0
            ? (null, Rejection.Invalid("address-invalid", field, $"'{field}' has a fragment (#…), which no server is told of. Leave it out."))
            : (address, null);
    }

    /// <summary>Scheme, host and port: what may be shown of an address whose path is a secret.</summary>
    public static string Origin(this Uri address) => address.GetLeftPart(UriPartial.Authority);

    /// <summary>Tells two addresses apart without telling them: 12 hex digits of SHA-256.</summary>
    public static string Fingerprint(this Uri address) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(address.AbsoluteUri)))[..12];
}
