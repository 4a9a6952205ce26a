namespace Phoenix.Api.Infrastructure;

/// <summary>
/// The address at which browsers reach the control plane, where <c>PHOENIX_PUBLIC_URL</c> says it. Every request then counts as sent there, whatever the proxy before it tells or
/// leaves out: over https the session's cookie is always secure, and pages of that origin alone are the control plane's own.
/// </summary>
public static class PublicAddress
{
    public const string Variable = "PHOENIX_PUBLIC_URL";

    /// <summary>After the proxies' headers, over which it goes.</summary>
    public static void UsePublicAddress(this WebApplication app)
    {
        if (Of(app.Configuration[Variable]) is not { } address) return;
        var host = new HostString(address.Authority);
        app.Use((http, next) =>
        {
            (http.Request.Scheme, http.Request.Host) = (address.Scheme, host);
            return next(http);
        });
    }

    static Uri? Of(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        return Uri.TryCreate(text.Trim(), UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
            && address is { PathAndQuery: "/", Fragment: "", UserInfo: "" }
            ? address
            : throw new FormatException($"{Variable} is '{text}'. Use the address at which browsers reach the control plane, without a path, as https://phoenix.example.org.");
    }
}
