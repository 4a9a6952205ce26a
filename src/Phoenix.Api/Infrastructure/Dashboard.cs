using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Net.Http.Headers;

namespace Phoenix.Api.Infrastructure;

/// <summary>
/// Serves the dashboard that was built into <c>PHOENIX_DASHBOARD_DIR</c>, or that lies beside the program in <c>dashboard/</c>. Without one, <c>/</c> leads to
/// the reference of the API.
/// </summary>
public static class Dashboard
{
    public const string Variable = "PHOENIX_DASHBOARD_DIR";

    /// <summary>
    /// Scripts and connections of this origin alone. Styles may stand in the page: the components position what floats by them. Workers and frames are not used.
    /// </summary>
    const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; " +
        "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    const string Assets = "/assets";

    /// <summary>A file's name changes with its content.</summary>
    const string Forever = "public, max-age=31536000, immutable";

    /// <summary>What is not the dashboard's answers for itself that something is not there.</summary>
    const string Pages = "{**path:regex(^(?!(api|live|health|metrics|openapi|reference|assets)(/|$)))}";

    /// <summary>Beside a file lies what its build made of it with Brotli at its best, which takes too long for a request.</summary>
    const string Brotli = ".br";

    /// <summary>Before the routes: a page's address may end like a file's name, as a host's does.</summary>
    public static void UseDashboardFiles(this WebApplication app)
    {
        if (Folder(app.Configuration[Variable]) is not { } folder) return;
        var files = new PhysicalFileProvider(folder);
        app.Use((http, next) =>
        {
            if (!http.Request.Path.StartsWithSegments(Assets)) return next(http);
            // By itself it is no file of the dashboard.
            if (http.Request.Path.Value!.EndsWith(Brotli, StringComparison.Ordinal)) return Results.NotFound().ExecuteAsync(http);
            if (files.GetFileInfo(http.Request.Path + Brotli).Exists)
            {
                http.Response.Headers.Vary = HeaderNames.AcceptEncoding;
                if (TakesBrotli(http.Request)) http.Request.Path += Brotli;
            }
            return next(http);
        });
        app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = files,
            ContentTypeProvider = new ContentTypes(),
            OnPrepareResponse = context =>
            {
                if (context.File.Name.EndsWith(Brotli, StringComparison.Ordinal)) context.Context.Response.Headers.ContentEncoding = "br";
                Describe(context.Context.Response, context.Context.Request.Path.StartsWithSegments(Assets) ? Forever : "no-cache");
            },
        });
    }

    static bool TakesBrotli(HttpRequest request) =>
        request.GetTypedHeaders().AcceptEncoding.Any(e => e.Value.Equals("br", StringComparison.OrdinalIgnoreCase) && e.Quality is not 0);

    /// <summary>Of what a compressed file holds.</summary>
    sealed class ContentTypes : IContentTypeProvider
    {
        readonly FileExtensionContentTypeProvider _known = new();

        public bool TryGetContentType(string subpath, [MaybeNullWhen(false)] out string contentType) =>
            _known.TryGetContentType(subpath.EndsWith(Brotli, StringComparison.Ordinal) ? subpath[..^Brotli.Length] : subpath, out contentType);
    }

    /// <summary>A page's address belongs to the browser: each is answered with the one page, which then shows what the address means.</summary>
    public static void MapDashboard(this WebApplication app)
    {
        if (Folder(app.Configuration[Variable]) is not { } folder)
        {
            app.MapGet("/", () => Results.Redirect("/reference")).ExcludeFromDescription().AllowAnonymous();
            return;
        }
        foreach (var pattern in (string[])["/", Pages])
            app.MapFallback(pattern, (HttpContext http) =>
            {
                Describe(http.Response, "no-cache");
                return Results.File(Path.Combine(folder, "index.html"), "text/html; charset=utf-8");
            }).WithMetadata(new HttpMethodMetadata(["GET", "HEAD"])).ExcludeFromDescription().AllowAnonymous();
    }

    /// <summary>Null where none was built. One that is named and is not there stops the start.</summary>
    static string? Folder(string? named)
    {
        var folder = Path.GetFullPath(string.IsNullOrEmpty(named) ? Path.Combine(AppContext.BaseDirectory, "dashboard") : named);
        if (File.Exists(Path.Combine(folder, "index.html"))) return folder;
        return string.IsNullOrEmpty(named) ? null : throw new DirectoryNotFoundException($"{Variable} is '{named}', where there is no index.html. Build the dashboard there, or leave the variable out.");
    }

    static void Describe(HttpResponse response, string caching)
    {
        response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        response.Headers.CacheControl = caching;
    }
}
