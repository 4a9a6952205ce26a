namespace Phoenix.Api.Identity;

/// <summary>
/// The cookie that holds a browser's token. No script can read it, and it counts for requests of the dashboard's own pages alone: browsers send it to no
/// other site's requests (SameSite), and what changes something, or opens the live connection, must name its own origin besides.
/// </summary>
public static class BrowserSession
{
    public const string Cookie = "phoenix-session";

    public static string? TokenOf(HttpRequest request) => request.Cookies[Cookie];

    /// <summary>Whether the request comes of a page of this very origin, as far as it has to: who only reads need not say.</summary>
    /// <remarks>
    /// Fetch Metadata (W3C) is sent by every browser of today, to secure origins and to loopback; elsewhere <c>Origin</c> says it. WebSockets are
    /// not bound by CORS, so a live connection says it too.
    /// </remarks>
    public static bool SentByOwnPage(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site) return site is "same-origin" || (site is "none" && Reads(request));
        if (request.Headers.Origin.ToString() is { Length: > 0 } origin)
            return Uri.TryCreate(origin, UriKind.Absolute, out var from) && string.Equals(from.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase);
        return Reads(request);
    }

    public static void Open(HttpContext http, string token, DateTimeOffset expiresAt) => http.Response.Cookies.Append(Cookie, token, Options(http, expiresAt));

    public static void Close(HttpContext http) => http.Response.Cookies.Delete(Cookie, Options(http, null));

    static bool Reads(HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);

    static CookieOptions Options(HttpContext http, DateTimeOffset? expiresAt) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, Path = "/", Expires = expiresAt, IsEssential = true };
}
