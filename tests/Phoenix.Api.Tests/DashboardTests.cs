using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.RegularExpressions;
using Alba;
using Phoenix.Api.Infrastructure;

namespace Phoenix.Api.Tests;

/// <summary>A node with a dashboard at a public address, beside the shared one.</summary>
public sealed class ServingNode(ControlPlane plane) : IAsyncLifetime
{
    public const string Page = "<!doctype html><title>The dashboard</title>";

    public static readonly string Script = "export {};" + new string(' ', 4096);

    readonly string _folder = Directory.CreateTempSubdirectory("phoenix-dashboard-").FullName;
    readonly string _secretFile = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.secret");

    public IAlbaHost Host { get; private set; } = null!;
    public string Assets => Path.Combine(_folder, "assets");

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Assets);
        await File.WriteAllTextAsync(Path.Combine(_folder, "index.html"), Page);
        await File.WriteAllTextAsync(Path.Combine(Assets, "app-1a2b.js"), Script);
        await using (var compressed = new BrotliStream(File.Create(Path.Combine(Assets, "app-1a2b.js.br")), CompressionLevel.SmallestSize))
            await compressed.WriteAsync(Encoding.UTF8.GetBytes(Script));
        Host = await ControlPlane.Start(plane.ConnectionString, _secretFile, (Dashboard.Variable, _folder), (PublicAddress.Variable, "https://phoenix.example.org"));
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        File.Delete(_secretFile);
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>What browsers are served.</summary>
[Collection(nameof(ControlPlane))]
public sealed partial class DashboardTests(ControlPlane plane, ServingNode node) : IClassFixture<ServingNode>
{
    [Fact]
    public async Task every_address_of_a_page_is_the_page_and_nothing_else_is()
    {
        foreach (var path in (string[])["/", "/fleet", "/fleet/host.example.org", "/apix", "/lives/1", "/referenced"])
        {
            var page = await Get(path);
            (await page.Content.ReadAsStringAsync()).ShouldBe(ServingNode.Page, path);
            page.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
            page.Headers.CacheControl!.NoCache.ShouldBeTrue();
        }
        // What is not the dashboard's says for itself that it is not there, or asks who one is.
        foreach (var path in (string[])["/api", "/api/v2/nothing", "/live/nothing", "/health/nothing", "/metrics/nothing", "/openapi/nothing", "/assets/nothing.js"])
        {
            var nothing = await Get(path);
            nothing.StatusCode.ShouldBeOneOf(HttpStatusCode.NotFound, HttpStatusCode.Unauthorized);
            (await nothing.Content.ReadAsStringAsync()).ShouldNotContain("The dashboard", Case.Sensitive, path);
        }
        using var change = new HttpRequestMessage(HttpMethod.Post, "/fleet");
        (await node.Host.Server.CreateClient().SendAsync(change)).StatusCode.ShouldNotBe(HttpStatusCode.OK);
        (await Get("/assets/app-1a2b.js")).Headers.CacheControl!.ToString().ShouldContain("immutable");
    }

    [Theory]
    [InlineData("gzip, deflate, br, zstd", true)]
    [InlineData("gzip, br;q=0", false)]
    [InlineData(null, false)]
    public async Task a_file_comes_as_its_build_compressed_it_to_who_can_read_that(string? accepts, bool compressed)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/assets/app-1a2b.js");
        if (accepts is not null) request.Headers.Add("Accept-Encoding", accepts);
        var answer = await node.Host.Server.CreateClient().SendAsync(request);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/javascript");
        answer.Headers.Vary.ShouldContain("Accept-Encoding");
        answer.Headers.CacheControl!.ToString().ShouldContain("immutable");
        answer.Content.Headers.ContentEncoding.Contains("br").ShouldBe(compressed);
        if (accepts is not null && !compressed) return;
        await using var body = await answer.Content.ReadAsStreamAsync();
        using var text = new StreamReader(compressed ? new BrotliStream(body, CompressionMode.Decompress) : body);
        (await text.ReadToEndAsync()).ShouldBe(ServingNode.Script);
        (await Get("/assets/app-1a2b.js.br")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task every_answer_says_what_a_browser_may_do_with_it()
    {
        foreach (var (path, policy) in ((string, string)[])
        [
            ("/", "script-src 'self';"), ("/fleet/a", "script-src 'self';"), ("/assets/app-1a2b.js", "script-src 'self';"), ("/assets/nothing.js", "default-src 'none'; frame-ancestors 'none'"),
            ("/api/v2/agents", "default-src 'none'; frame-ancestors 'none'"), ("/api/v2/nothing", "default-src 'none'; frame-ancestors 'none'"), ("/health/live", "default-src 'none'; frame-ancestors 'none'"),
            ("/openapi/v2.json", "default-src 'none'; frame-ancestors 'none'"), ("/reference/", "script-src 'self' 'nonce-"),
        ])
            Described(await Get(path), policy, path);
        // What an error handler writes begins anew.
        var malformed = await node.Host.Server.CreateClient().PostAsync("/api/v2/auth/session", new StringContent("{", null, "application/json"));
        malformed.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        Described(malformed, "default-src 'none'; frame-ancestors 'none'", "a malformed body");

        static void Described(HttpResponseMessage answer, string policy, string what)
        {
            answer.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"], what);
            answer.Headers.GetValues("Referrer-Policy").ShouldBe(["same-origin"], what);
            var all = answer.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem(what);
            all.ShouldContain(policy, Case.Sensitive, what);
            all.ShouldStartWith("default-src 'none'");
            all.ShouldContain("frame-ancestors 'none'");
        }
    }

    [Fact]
    public async Task the_reference_runs_its_own_script_by_a_number_that_counts_once()
    {
        var (first, second) = (await Get("/reference/"), await Get("/reference/"));
        var page = await first.Content.ReadAsStringAsync();
        var nonce = Nonce().Match(first.Headers.GetValues("Content-Security-Policy").Single()).Groups[1].Value;
        nonce.Length.ShouldBeGreaterThan(15);
        var scripts = page.Split("<script").Skip(1).ToList();
        scripts.ShouldNotBeEmpty();
        scripts.ShouldAllBe(script => script.Contains($"nonce=\"{nonce}\""));
        second.Headers.GetValues("Content-Security-Policy").Single().ShouldNotContain(nonce);
    }

    [Fact]
    public async Task at_a_public_address_the_cookie_is_secure_and_pages_of_that_origin_are_own_whatever_the_proxy_leaves_out()
    {
        async Task<HttpResponseMessage> Open(string origin)
        {
            // As it arrives from a proxy that says nothing of TLS and has put its own upstream in the place of Host.
            using var request = new HttpRequestMessage(HttpMethod.Post, "http://upstream:8080/api/v2/auth/session") { Content = JsonContent.Create(new { }) };
            request.Headers.Authorization = new("Bearer", plane.Token);
            request.Headers.Add("Origin", origin);
            return await node.Host.Server.CreateClient().SendAsync(request);
        }
        var opened = await Open("https://phoenix.example.org");
        opened.StatusCode.ShouldBe(HttpStatusCode.NoContent, await opened.Content.ReadAsStringAsync());
        var cookie = opened.Headers.GetValues("Set-Cookie").ShouldHaveSingleItem();
        cookie.ShouldStartWith("__Host-phoenix-session=");
        cookie.ShouldContain("; secure");
        await (await Open("http://upstream:8080")).ShouldBeProblem(HttpStatusCode.Forbidden, "cross-origin");
    }

    [Theory]
    [InlineData("/openapi/v2.json", "application/json")]
    [InlineData("/assets/app-1a2b.js", "text/javascript")]
    [InlineData("/api/v2/audit/export?format=csv", "text/csv")]
    [InlineData("/api/v2/audit/export?format=ndjson", "application/x-ndjson")]
    [InlineData("/api/v2/audit?streamType=Nothing", "application/problem+json")]
    public async Task answers_are_compressed_over_tls_too(string path, string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://phoenix.example.org" + path);
        request.Headers.Authorization = new("Bearer", plane.Token);
        request.Headers.Add("Accept-Encoding", "gzip");
        var answer = await node.Host.Server.CreateClient().SendAsync(request);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe(type);
        answer.Content.Headers.ContentEncoding.ShouldBe(["gzip"]);
        await using var text = new System.IO.Compression.GZipStream(await answer.Content.ReadAsStreamAsync(), System.IO.Compression.CompressionMode.Decompress);
        (await new StreamReader(text).ReadToEndAsync()).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task a_dashboard_that_is_not_where_it_is_named_stops_the_start()
    {
        var error = await Should.ThrowAsync<DirectoryNotFoundException>(async () =>
        {
            await using var host = await ControlPlane.Start(plane.ConnectionString, "", (Dashboard.Variable, node.Assets));
        });
        error.Message.ShouldContain(Dashboard.Variable);
        error.Message.ShouldContain(node.Assets);
    }

    Task<HttpResponseMessage> Get(string path) => node.Host.Server.CreateClient().GetAsync(path);

    [GeneratedRegex("'nonce-([^']+)'")]
    private static partial Regex Nonce();
}
