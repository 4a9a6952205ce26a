namespace Phoenix.Api.Identity;

/// <summary>
/// The cookie that holds a browser's token. No script can read it, and it counts for requests of the dashboard's own pages alone: browsers send it to no
/// other site's requests (SameSite), and what changes something, or opens the live connection, must name its own origin besides.
/// </summary>
public static class BrowserSession
{
    /// <summary>
    /// Over https. By its prefix browsers take it over a secure connection and from this very host alone (RFC 6265bis, section 4.1.3.2): a page of a sibling
    /// domain cannot put a session of its own in its place.
    /// </summary>
    public const string SecureCookie = "__Host-phoenix-session";

    /// <summary>Over plain HTTP, where browsers keep none of that prefix. It counts for nothing over https.</summary>
    public const string PlainCookie = "phoenix-session";

    public static string? TokenOf(HttpRequest request) => request.Cookies[Name(request)];

    /// <summary>Whether the request comes of a page of this very origin, as far as it has to: who only reads need not say.</summary>
    public static bool SentByOwnPage(HttpRequest request) => SaysOwnPage(request) ?? Reads(request);

    /// <summary>Whether the request says that it comes of anything but a page of this very origin. What is no browser says nothing.</summary>
    public static bool SentByOtherPage(HttpRequest request) => SaysOwnPage(request) is false;

    public static void Open(HttpContext http, string token, DateTimeOffset expiresAt) => http.Response.Cookies.Append(Name(http.Request), token, Options(http, expiresAt));

    public static void Close(HttpContext http) => http.Response.Cookies.Delete(Name(http.Request), Options(http, null));

    /// <summary>Null where nothing says it.</summary>
    /// <remarks>
    /// Fetch Metadata (W3C) is sent by every browser of today, to secure origins and to loopback; elsewhere <c>Origin</c> says it. WebSockets are
    /// not bound by CORS, so a live connection says it too.
    /// </remarks>
    static bool? SaysOwnPage(HttpRequest request)
    {
        if (request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site) return site is "same-origin" || (site is "none" && Reads(request));
        if (request.Headers.Origin.ToString() is { Length: > 0 } origin)
            return Uri.TryCreate(origin, UriKind.Absolute, out var from) && string.Equals(from.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase);
        return null;
    }

    static bool Reads(HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);

    static string Name(HttpRequest request) => request.IsHttps ? SecureCookie : PlainCookie;

    static CookieOptions Options(HttpContext http, DateTimeOffset? expiresAt) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = http.Request.IsHttps, Path = "/", Expires = expiresAt, IsEssential = true };
}
