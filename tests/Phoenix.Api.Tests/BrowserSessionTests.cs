using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Phoenix.Domain.Users;

namespace Phoenix.Api.Tests;

/// <summary>Sign-in, sign-out and what a session's cookie counts for, as browsers send it.</summary>
[Collection(nameof(ControlPlane))]
public sealed class BrowserSessionTests(ControlPlane plane)
{
    const string Session = "/api/v2/auth/session";
    const string Own = "http://localhost", OwnSecure = "https://localhost";

    [Fact]
    public async Task a_session_lies_in_a_cookie_that_no_script_and_no_other_site_has()
    {
        var cookie = await Opened(await plane.Person(Roles.Viewer));
        cookie.Name.ShouldBe("phoenix-session");
        cookie.Attributes.ShouldContain("httponly");
        cookie.Attributes.ShouldContain("samesite=strict");
        cookie.Attributes.ShouldContain("path=/");
        cookie.Attributes.ShouldNotContain(a => a.StartsWith("domain", StringComparison.Ordinal));
        cookie.Attributes.ShouldNotContain("secure", "a browser would not keep it over plain HTTP");
        cookie.Expires.ShouldBe(DateTimeOffset.UtcNow.AddDays(30), TimeSpan.FromMinutes(5));
        (await Me(cookie)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task over_tls_the_cookie_is_secure_and_of_this_very_host_and_no_other_one_counts()
    {
        var cookie = await Opened(await plane.Person(Roles.Viewer), OwnSecure);
        cookie.Name.ShouldBe("__Host-phoenix-session");
        cookie.Attributes.ShouldContain("secure");
        cookie.Attributes.ShouldContain("path=/");
        cookie.Attributes.ShouldNotContain(a => a.StartsWith("domain", StringComparison.Ordinal));
        (await Me(cookie, OwnSecure)).StatusCode.ShouldBe(HttpStatusCode.OK);
        // What a sibling's page could have put there.
        await (await Me(cookie with { Name = "phoenix-session" }, OwnSecure)).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Theory]
    [InlineData("GET", null, null, true)]
    [InlineData("GET", "same-origin", null, true)]
    [InlineData("GET", "none", null, true)]
    [InlineData("GET", "same-site", null, false)]
    [InlineData("GET", "cross-site", null, false)]
    [InlineData("GET", null, Own, true)]
    [InlineData("GET", null, "http://sibling.localhost", false)]
    [InlineData("PUT", null, null, false)]
    [InlineData("PUT", "same-origin", null, true)]
    [InlineData("PUT", "none", null, false)]
    [InlineData("PUT", "same-site", Own, false)]
    [InlineData("PUT", "cross-site", null, false)]
    [InlineData("PUT", null, Own, true)]
    [InlineData("PUT", null, "http://localhost:81", false)]
    [InlineData("PUT", null, "http://sibling.localhost", false)]
    [InlineData("PUT", null, "null", false)]
    public async Task the_cookie_counts_for_requests_of_own_pages_alone(string method, string? site, string? origin, bool counts)
    {
        var cookie = await Opened(await plane.Person(Roles.Viewer));
        var answer = await Send(method, "/api/v2/users/me/preferences", cookie, site: site, origin: origin, body: method == "PUT" ? "{}" : null);
        if (counts) answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        else await answer.ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Theory]
    [InlineData("same-origin", Own, true)]
    [InlineData(null, Own, true)]
    [InlineData("same-site", "http://sibling.localhost", false)]
    [InlineData("cross-site", null, false)]
    [InlineData(null, "http://sibling.localhost", false)]
    public async Task a_live_connection_is_opened_by_own_pages_alone(string? site, string? origin, bool opens)
    {
        var cookie = await Opened(await plane.Person(Roles.Viewer));
        var client = plane.Host.Server.CreateWebSocketClient();
        client.ConfigureRequest = request => Describe(request.Headers, cookie, site, origin);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var connecting = client.ConnectAsync(new Uri("ws://localhost/live"), limit.Token);
        if (opens)
        {
            using var socket = await connecting;
            socket.State.ShouldBe(System.Net.WebSockets.WebSocketState.Open);
        }
        else (await Should.ThrowAsync<InvalidOperationException>(connecting)).Message.ShouldContain("401");
    }

    [Theory]
    [InlineData("same-site", "http://sibling.localhost")]
    [InlineData("cross-site", null)]
    [InlineData("none", null)]
    [InlineData(null, "http://sibling.localhost")]
    [InlineData(null, "null")]
    public async Task another_site_signs_nobody_in(string? site, string? origin)
    {
        var (_, secret) = await plane.Registered($"lured-{Guid.NewGuid():N}", Roles.Viewer);
        // As a page can send it without asking first: without a type that CORS would look at.
        var answer = await Send("POST", Session, null, site: site, origin: origin, body: $$"""{"secret":"{{secret}}"}""", type: null);
        await answer.ShouldBeProblem(HttpStatusCode.Forbidden, "cross-origin");
        answer.Headers.Contains("Set-Cookie").ShouldBeFalse();
        // Nor was the secret used up.
        (await plane.Redeem(secret)).ShouldNotBeNullOrEmpty();
    }

    [Theory]
    [InlineData("same-origin", Own)]
    [InlineData(null, Own)]
    [InlineData(null, null)]
    public async Task an_own_page_and_a_program_sign_in_with_a_secret(string? site, string? origin)
    {
        var (_, secret) = await plane.Registered($"signs-in-{Guid.NewGuid():N}", Roles.Viewer);
        var cookie = Cookie.Of(await Send("POST", Session, null, site: site, origin: origin, body: $$"""{"secret":"{{secret}}"}"""));
        (await Me(cookie)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await (await Send("POST", Session, null, site: site, origin: origin, body: $$"""{"secret":"{{secret}}"}""")).ShouldBeProblem(HttpStatusCode.Unauthorized, "secret-invalid");
    }

    [Fact]
    public async Task who_signs_out_has_no_session_any_more_and_keeps_the_other_tokens()
    {
        var person = await plane.Person(Roles.Viewer);
        var (cookie, elsewhere) = (await Opened(person), await Opened(person));
        var left = await Send("DELETE", Session, cookie, site: "same-origin");
        left.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        var removed = Cookie.Of(left, HttpStatusCode.NoContent);
        (removed.Name, removed.Value).ShouldBe((cookie.Name, ""));
        removed.Expires.ShouldBeLessThan(DateTimeOffset.UtcNow);
        await (await Me(cookie)).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        (await Me(elsewhere)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await person.Http.GetAsync("/api/v2/users/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await UntilRevoked(person, 1);
    }

    [Fact]
    public async Task who_signs_in_over_a_session_ends_it_whoever_had_it()
    {
        var (first, second) = (await plane.Person(Roles.Viewer), await plane.Person(Roles.Viewer));
        var copied = await Opened(first);
        var renewed = Cookie.Of(await Send("POST", Session, copied, site: "same-origin", body: "{}"));
        renewed.Value.ShouldNotBe(copied.Value);
        await (await Me(copied)).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        (await Me(renewed)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await UntilRevoked(first, 1);

        var others = Cookie.Of(await Send("POST", Session, renewed, site: "same-origin", body: "{}", bearer: second.Token));
        await (await Me(renewed)).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        (await (await Me(others)).ShouldBe(HttpStatusCode.OK)).GetProperty("id").GetGuid().ShouldBe(second.Id);
        await UntilRevoked(first, 2);
        // The tokens that they use elsewhere are none of the browser's.
        foreach (var person in (Person[])[first, second]) (await person.Http.GetAsync("/api/v2/users/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
        // Who fails to sign in has the session that was there.
        await (await Send("POST", Session, others, site: "same-origin", body: """{"secret":"guess"}""")).ShouldBeProblem(HttpStatusCode.Unauthorized, "secret-invalid");
        (await Me(others)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task a_page_gets_a_token_for_a_program_which_goes_on_after_the_session_and_is_listed()
    {
        var person = await plane.Person(Roles.Viewer);
        var cookie = await Opened(person);
        await (await Send("POST", "/api/v2/auth/tokens", cookie, site: "same-site", body: "{}")).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        var issued = await (await Send("POST", "/api/v2/auth/tokens", cookie, site: "same-origin", body: "{}")).ShouldBe(HttpStatusCode.Created);
        (await (await Send("GET", "/api/v2/auth/tokens", cookie)).ShouldBe(HttpStatusCode.OK)).GetArrayLength().ShouldBe(3, "the first one, the session's and this");
        (await Send("DELETE", Session, cookie, site: "same-origin")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await plane.With(issued.GetProperty("token").GetString()!).GetAsync("/api/v2/users/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task who_is_refused_learns_of_both_ways_in()
    {
        var refused = await plane.Anonymous().GetAsync("/api/v2/agents");
        var detail = (await refused.ShouldBe(HttpStatusCode.Unauthorized)).GetProperty("detail").GetString()!;
        detail.ShouldContain("Authorization: Bearer");
        detail.ShouldContain("/api/v2/auth/session");
    }

    /// <summary>What <c>Set-Cookie</c> says.</summary>
    sealed record Cookie(string Name, string Value, IReadOnlyList<string> Attributes)
    {
        public DateTimeOffset Expires => DateTimeOffset.Parse(Attributes.Single(a => a.StartsWith("expires=", StringComparison.Ordinal))["expires=".Length..], System.Globalization.CultureInfo.InvariantCulture);

        public static Cookie Of(HttpResponseMessage answer, HttpStatusCode status = HttpStatusCode.NoContent)
        {
            answer.StatusCode.ShouldBe(status);
            var parts = answer.Headers.GetValues("Set-Cookie").ShouldHaveSingleItem().Split("; ");
            var at = parts[0].IndexOf('=', StringComparison.Ordinal);
            return new(parts[0][..at], parts[0][(at + 1)..], [.. parts[1..].Select(p => p.StartsWith("expires", StringComparison.Ordinal) ? p : p.ToLowerInvariant())]);
        }
    }

    async Task<Cookie> Opened(Person person, string at = Own) => Cookie.Of(await Send("POST", Session, null, at, "same-origin", body: "{}", bearer: person.Token));

    Task<HttpResponseMessage> Me(Cookie cookie, string at = Own) => Send("GET", "/api/v2/users/me", cookie, at, "same-origin");

    async Task UntilRevoked(Person person, int times) => await Eventually.Get(
        async () => (await plane.Get($"/api/v2/audit?streamId={person.Id}&type=access_token_revoked")).GetProperty("items").GetArrayLength(), n => n == times, $"{times} revoked tokens in the audit log");

    /// <summary>As a browser sends it; with neither <paramref name="site"/> nor <paramref name="origin"/> as a program.</summary>
    async Task<HttpResponseMessage> Send(
        string method, string path, Cookie? cookie, string at = Own, string? site = null, string? origin = null, string? body = null, string? type = "application/json", string? bearer = null)
    {
        using var request = new HttpRequestMessage(new(method), at + path);
        if (cookie is not null) request.Headers.Add("Cookie", $"{cookie.Name}={cookie.Value}");
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
        if (origin is not null) request.Headers.Add("Origin", origin);
        if (bearer is not null) request.Headers.Authorization = new("Bearer", bearer);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if (type is not null) request.Content.Headers.ContentType = new(type);
        }
        return await plane.Anonymous().SendAsync(request);
    }

    static void Describe(IHeaderDictionary headers, Cookie cookie, string? site, string? origin)
    {
        headers.Cookie = $"{cookie.Name}={cookie.Value}";
        if (site is not null) headers["Sec-Fetch-Site"] = site;
        if (origin is not null) headers.Origin = origin;
    }
}
