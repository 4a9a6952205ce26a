using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Alba;
using Microsoft.AspNetCore.Http;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;

namespace Phoenix.Api.Tests;

/// <summary>On a node whose bounds are so low that a test reaches them, behind one trusted proxy.</summary>
public sealed class AdmissionTests : IAsyncLifetime
{
    readonly string _database = $"phoenix_limits_{Guid.NewGuid():N}";
    string _secretFile = "", _enrolmentToken = "", _userToken = "";
    IAlbaHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        await using var server = NpgsqlDataSource.Create(ControlPlane.ServerConnectionString);
        await server.CreateCommand($"create database {_database}").ExecuteNonQueryAsync();
        _secretFile = Path.Combine(Path.GetTempPath(), $"{_database}.secret");
        _host = await ControlPlane.Start(new NpgsqlConnectionStringBuilder(ControlPlane.ServerConnectionString) { Database = _database }.ConnectionString, _secretFile,
            ("PHOENIX_LIMIT_ENROLMENTS_PER_ADDRESS", "1"), ("PHOENIX_LIMIT_ENROLMENTS_PER_SECOND", "100"), ("PHOENIX_LIMIT_PARKED_POLLS", "2"),
            ("PHOENIX_LIMIT_SESSIONS_PER_SECOND", "5"), ("PHOENIX_LIMIT_HEARTBEATS_PER_SECOND", "2"), (AdmissionControl.TrustedProxies, "10.0.0.0/8"),
            (Metrics.TokenVariable, "scrape-me"));
        var user = _host.Server.CreateClient();
        var issued = await user.PostAsJsonAsync("/api/v2/auth/tokens", new { secret = (await File.ReadAllTextAsync(_secretFile)).Trim() });
        _userToken = (await issued.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
        user.DefaultRequestHeaders.Authorization = new("Bearer", _userToken);
        var enrolment = await user.PostAsJsonAsync("/api/v2/enrolment-tokens", new { name = "tests" });
        _enrolmentToken = (await enrolment.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        File.Delete(_secretFile);
        await ControlPlane.Drop(_database);
    }

    [Fact]
    public async Task a_flood_of_enrolments_from_one_address_is_refused_and_counted_and_keeps_nobody_else_out()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Enrol($"flood-{i}", remote: "192.0.2.1")));
        var refused = answers.Where(a => a.Response.StatusCode == 429).ToList();
        answers.Count(a => a.Response.StatusCode == 200).ShouldBeGreaterThanOrEqualTo(10);
        refused.Count.ShouldBeGreaterThanOrEqualTo(30);
        foreach (var answer in refused) int.Parse(answer.Response.Headers.RetryAfter!, System.Globalization.CultureInfo.InvariantCulture).ShouldBeInRange(1, 30);
        refused.Select(a => a.Response.Headers.RetryAfter.ToString()).Distinct().Count().ShouldBeGreaterThan(3);
        (await Code(refused[0])).ShouldBe("enrolments-limited");
        (await Enrol("other", remote: "192.0.2.2")).Response.StatusCode.ShouldBe(200);
        (await Counted("enrolments-limited", 429)).ShouldBeGreaterThanOrEqualTo(refused.Count);
        // Those that were let in are there, the others are not.
        (await Hosts()).Count(h => h.StartsWith("flood-", StringComparison.Ordinal)).ShouldBe(answers.Length - refused.Count);
    }

    [Fact]
    public async Task behind_a_trusted_proxy_the_address_is_the_one_it_names_and_from_anybody_else_it_is_not_believed()
    {
        var proxied = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Enrol($"proxied-{i}", remote: "10.0.0.1", forwardedFor: $"198.51.100.{i}")));
        proxied.ShouldAllBe(answer => answer.Response.StatusCode == 200);
        var lying = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Enrol($"lying-{i}", remote: "192.0.2.9", forwardedFor: $"198.51.100.{100 + i}")));
        lying.Count(answer => answer.Response.StatusCode == 429).ShouldBeGreaterThanOrEqualTo(30);
    }

    [Theory]
    [InlineData("10.0.0.1", "https", true)]
    [InlineData("10.0.0.1", "http", false)]
    [InlineData("10.0.0.1", null, false)]
    [InlineData("192.0.2.9", "https", false)]
    public async Task behind_a_trusted_proxy_that_ends_tls_the_sessions_cookie_is_secure(string remote, string? proto, bool secure)
    {
        var answer = await _host.Server.SendAsync(http =>
        {
            http.Connection.RemoteIpAddress = IPAddress.Parse(remote);
            http.Request.Method = "POST";
            http.Request.Path = "/api/v2/auth/session";
            http.Request.Host = new("phoenix.example.org");
            http.Request.ContentType = "application/json";
            http.Request.Headers.Authorization = $"Bearer {_userToken}";
            http.Request.Headers["X-Forwarded-For"] = "198.51.100.7";
            if (proto is not null) http.Request.Headers["X-Forwarded-Proto"] = proto;
            // Of no proxy is it believed.
            http.Request.Headers["X-Forwarded-Host"] = "evil.example";
            http.Request.Headers.Origin = "https://phoenix.example.org";
            http.Request.Body = new MemoryStream("{}"u8.ToArray());
            http.Request.ContentLength = 2;
        });
        answer.Response.StatusCode.ShouldBe(204);
        var cookie = answer.Response.Headers.SetCookie.ToString();
        cookie.ShouldStartWith(secure ? "__Host-phoenix-session=" : "phoenix-session=");
        cookie.Contains("; secure", StringComparison.Ordinal).ShouldBe(secure);
    }

    [Fact]
    public async Task the_addresses_of_one_ipv6_network_are_one_source()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Enrol($"six-{i}", remote: $"2001:db8:0:1::{i + 1:x}")));
        answers.Count(answer => answer.Response.StatusCode == 429).ShouldBeGreaterThanOrEqualTo(30);
        (await Enrol("seven", remote: "2001:db8:0:2::1")).Response.StatusCode.ShouldBe(200);
    }

    [Fact]
    public async Task more_polls_than_a_node_holds_are_sent_away()
    {
        var agents = new List<HttpClient>();
        for (var i = 0; i < 3; i++) agents.Add(await Agent($"poll-{i}", $"203.0.113.{i}"));
        using var gone = new CancellationTokenSource();
        var parked = agents.Take(2).Select(a => a.GetAsync("/api/v2/tasks/poll?waitSeconds=30", gone.Token)).ToList();
        var matchmaker = (Tasks.Matchmaker)_host.Services.GetService(typeof(Tasks.Matchmaker))!;
        await Eventually.Get(() => Task.FromResult(matchmaker.Parked), n => n == 2, "two parked polls");
        var third = await agents[2].GetAsync("/api/v2/tasks/poll?waitSeconds=0");
        await third.ShouldBeProblem(HttpStatusCode.TooManyRequests, "polls-limited");
        third.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
        // One goes, another may come.
        await gone.CancelAsync();
        foreach (var poll in parked) await Should.ThrowAsync<OperationCanceledException>(poll);
        (await Eventually.Get(() => agents[2].GetAsync("/api/v2/tasks/poll?waitSeconds=0"), a => a.StatusCode == HttpStatusCode.NoContent, "room")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task heartbeats_and_new_processes_past_the_bound_are_told_when_to_come_again()
    {
        var agent = await Agent("beats", "203.0.113.50");
        var beat = new Heartbeat("1", DateTimeOffset.UnixEpoch, 1, 1, []);
        // Together, so that however slow the machine is they come faster than the bounds let them in.
        var beats = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => agent.PostAsJsonAsync("/api/v2/agents/heartbeat", beat, WireJson.Default.Options)));
        await beats.First(b => b.StatusCode == HttpStatusCode.TooManyRequests).ShouldBeProblem(HttpStatusCode.TooManyRequests, "heartbeats-limited");
        var boots = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ =>
        {
            var boot = _host.Server.CreateClient();
            boot.DefaultRequestHeaders.Authorization = agent.DefaultRequestHeaders.Authorization;
            boot.DefaultRequestHeaders.Add(AgentHeaders.HostId, "beats");
            boot.DefaultRequestHeaders.Add(AgentHeaders.BootId, Guid.NewGuid().ToString());
            return boot.PostAsJsonAsync($"/api/v2/tasks/{Guid.NewGuid()}/progress", new TaskProgress(1, "accepted", null));
        }));
        var limited = boots.First(b => b.StatusCode == HttpStatusCode.TooManyRequests);
        await limited.ShouldBeProblem(HttpStatusCode.TooManyRequests, "sessions-limited");
        limited.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        // Who is sent away is let in later: nothing was noted of it.
        agent.DefaultRequestHeaders.Remove(AgentHeaders.BootId);
        agent.DefaultRequestHeaders.Add(AgentHeaders.BootId, Guid.NewGuid().ToString());
        await Eventually.Get(() => agent.GetAsync("/api/v2/tasks/poll?waitSeconds=0"), a => a.StatusCode == HttpStatusCode.NoContent, "a poll that is let in");
    }

    [Fact]
    public async Task metrics_are_for_users_and_for_who_has_the_token()
    {
        var anybody = _host.Server.CreateClient();
        await (await anybody.GetAsync("/metrics")).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        anybody.DefaultRequestHeaders.Authorization = new("Bearer", "wrong");
        await (await anybody.GetAsync("/metrics")).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        anybody.DefaultRequestHeaders.Authorization = new("Bearer", _userToken);
        (await anybody.GetAsync("/metrics")).StatusCode.ShouldBe(HttpStatusCode.OK);
        var text = await Scrape();
        text.ShouldContain("phoenix_polls_parked");
        text.ShouldContain("phoenix_hosts_heard");
        // The scraper's token opens nothing else.
        anybody.DefaultRequestHeaders.Authorization = new("Bearer", "scrape-me");
        await (await anybody.GetAsync("/api/v2/agents")).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Theory]
    [InlineData("PHOENIX_LIMIT_PARKED_POLLS", "-1")]
    [InlineData("PHOENIX_AGENT_LOST_SECONDS", "soon")]
    [InlineData("PHOENIX_TRUSTED_PROXIES", "proxy.example")]
    [InlineData("PHOENIX_OUTBOUND_NETWORKS", "10.300.0.0/16")]
    [InlineData("PHOENIX_PUBLIC_URL", "phoenix.example.org")]
    [InlineData("PHOENIX_PUBLIC_URL", "https://phoenix.example.org/console")]
    public async Task a_setting_that_makes_no_sense_stops_the_start_and_is_named(string name, string value)
    {
        var error = await Should.ThrowAsync<FormatException>(async () =>
        {
            await using var host = await ControlPlane.Start(
                new NpgsqlConnectionStringBuilder(ControlPlane.ServerConnectionString) { Database = _database }.ConnectionString, _secretFile, (name, value));
        });
        error.Message.ShouldContain(name);
        error.Message.ShouldContain(value);
    }

    [Fact]
    public void a_large_fleet_is_asked_to_come_less_often()
    {
        var settings = new FleetSettings(TimeSpan.FromSeconds(120), TimeSpan.FromSeconds(15), 2_000, 1, 1, 1, 1);
        ReceiveHeartbeat.Next(settings, 1_000, 0.5).ShouldBe(TimeSpan.FromSeconds(15));
        ReceiveHeartbeat.Next(settings, 10_000, 0.5).ShouldBe(TimeSpan.FromSeconds(25));
        ReceiveHeartbeat.Next(settings, 40_000, 0.5).ShouldBe(TimeSpan.FromSeconds(30));
        ReceiveHeartbeat.Next(settings, 100_000, 0.5).TotalSeconds.ShouldBe(66.7, 0.1);
        ReceiveHeartbeat.Next(settings, 1, 0).ShouldBe(TimeSpan.FromSeconds(13.5));
    }

    async Task<HttpContext> Enrol(string host, string remote, string? forwardedFor = null) => await _host.Server.SendAsync(http =>
    {
        http.Connection.RemoteIpAddress = IPAddress.Parse(remote);
        http.Request.Method = "POST";
        http.Request.Path = "/api/v2/agents/enrol";
        http.Request.ContentType = "application/json";
        if (forwardedFor is not null) http.Request.Headers["X-Forwarded-For"] = forwardedFor;
        http.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(
            new EnrolmentRequest(host, _enrolmentToken, new string('x', 43), "1", "linux", "x64"), JsonSerializerOptions.Web)));
        http.Request.ContentLength = http.Request.Body.Length;
    });

    async Task<HttpClient> Agent(string host, string remote)
    {
        (await Enrol(host, remote)).Response.StatusCode.ShouldBe(200);
        var agent = _host.Server.CreateClient();
        agent.DefaultRequestHeaders.Authorization = new("Bearer", new string('x', 43));
        agent.DefaultRequestHeaders.Add(AgentHeaders.HostId, host);
        agent.DefaultRequestHeaders.Add(AgentHeaders.BootId, Guid.NewGuid().ToString());
        await Eventually.Get(() => agent.GetAsync("/api/v2/tasks/poll?waitSeconds=0"), a => a.StatusCode == HttpStatusCode.NoContent, "a first poll");
        return agent;
    }

    static async Task<string?> Code(HttpContext answer) => (await JsonSerializer.DeserializeAsync<JsonElement>(answer.Response.Body)).GetProperty("code").GetString();

    async Task<List<string>> Hosts()
    {
        var user = _host.Server.CreateClient();
        user.DefaultRequestHeaders.Authorization = new("Bearer", _userToken);
        return [.. (await user.GetFromJsonAsync<JsonElement>("/api/v2/agents?limit=1000")).GetProperty("items").EnumerateArray().Select(h => h.GetProperty("hostId").GetString()!)];
    }

    async Task<string> Scrape()
    {
        var scraper = _host.Server.CreateClient();
        scraper.DefaultRequestHeaders.Authorization = new("Bearer", "scrape-me");
        return await scraper.GetStringAsync("/metrics");
    }

    /// <summary>Refusals of a code that were counted since the process began.</summary>
    async Task<double> Counted(string code, int status) => (await Scrape()).Split('\n')
        .Where(l => l.StartsWith("phoenix_refusals_total{", StringComparison.Ordinal) && l.Contains($"code=\"{code}\"", StringComparison.Ordinal) && l.Contains($"status=\"{status}\"", StringComparison.Ordinal))
        .Sum(l => double.Parse(l[(l.IndexOf('}', StringComparison.Ordinal) + 1)..].Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
}
