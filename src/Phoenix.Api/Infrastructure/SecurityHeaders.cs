using Scalar.AspNetCore;

namespace Phoenix.Api.Infrastructure;

/// <summary>What every answer tells a browser: to take it for what it says it is, to name no address to other sites, and what a page may load.</summary>
public static class SecurityHeaders
{
    /// <summary>Of answers that are no page: a browser that is led to one shows it and follows nothing in it.</summary>
    const string OfData = "default-src 'none'; frame-ancestors 'none'";

    /// <summary>First of all, so that also what refuses a request answers so.</summary>
    public static void UseSecurityHeaders(this WebApplication app) => app.Use((http, next) =>
    {
        // When the answer leaves: who handles an error begins it anew.
        http.Response.OnStarting(static state =>
        {
            Describe((HttpContext)state);
            return Task.CompletedTask;
        }, http);
        return next(http);
    });

    static void Describe(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        // The dashboard's pages bring theirs.
        if (headers.ContentSecurityPolicy.Count == 0) headers.ContentSecurityPolicy = http.Items[ScalarOptions.NonceHttpContextItemKey] is string nonce ? OfReference(nonce) : OfData;
    }

    /// <summary>The reference of the API begins by a script in its page, which a number of this one answer lets run; it places what floats by styles in the page.</summary>
    static string OfReference(string nonce) =>
        $"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}
