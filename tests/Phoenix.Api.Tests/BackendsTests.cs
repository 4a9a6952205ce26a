using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Npgsql;
using Phoenix.Api.Backends;
using Phoenix.Contracts;
using Phoenix.Domain;

namespace Phoenix.Api.Tests;

/// <summary>What Phoenix counted, held against real backends and against such as behave badly.</summary>
[Collection(nameof(ControlPlane))]
public sealed class BackendsTests(ControlPlane plane)
{
    readonly string _name = $"backend-{Guid.NewGuid():N}";

    Task<HttpResponseMessage> Put(object command) => plane.User.PutAsJsonAsync($"/api/v2/backends/{_name}", command);

    async Task Define(object command)
    {
        var answer = await Put(command);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
    }

    async Task<JsonElement> Tested()
    {
        var answer = await plane.User.PostAsync($"/api/v2/backends/{_name}/test", null);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    async Task ShouldFail(string code) => (await Tested()).GetProperty("code").GetString().ShouldBe(code);

    /// <summary>An experiment that runs on so many hosts.</summary>
    async Task<(Guid Experiment, IReadOnlyList<TestAgent> Agents)> Running(int hosts)
    {
        List<TestAgent> agents = [];
        for (var i = 0; i < hosts; i++) agents.Add(await TestAgent.Enrol(plane));
        var id = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [.. agents.Select(a => a.HostId)]);
        await plane.Command(id, "start");
        foreach (var agent in agents) await agent.DoNext();
        await plane.UntilState(id, "running");
        return (id, agents);
    }

    /// <summary>A window in which the production arm had so many live series.</summary>
    static WindowReport Window(long series, DateTimeOffset from, DateTimeOffset to)
    {
        var good = Windows.Good(1);
        var baseline = good.Baseline!;
        return good with
        {
            StartedAt = from, EndedAt = to,
            Baseline = baseline with { StartedAt = from, EndedAt = to, Output = baseline.Output with { Counts = baseline.Output.Counts with { SeriesActive = series } } },
        };
    }

    /// <summary>As a collector with <c>external_labels: { host_id: … }</c> exposes them.</summary>
    static string Series(string host, int series, long? milliseconds = null)
    {
        var text = new StringBuilder();
        for (var i = 0; i < series; i++) text.Append(CultureInfo.InvariantCulture, $"shop_requests_total{{host_id=\"{host}\",customer=\"{i}\"}} {i}{(milliseconds is { } at ? " " + at : "")}\n");
        return text.ToString();
    }

    async Task<JsonElement> Check(Guid experiment, string query = "") => await plane.Get($"/api/v2/experiments/{experiment}/backend-check?backend={_name}{query}");

    static JsonElement Host(JsonElement check, TestAgent agent) => check.GetProperty("hosts").EnumerateArray().Single(h => h.GetProperty("hostId").GetString() == agent.HostId);

    static IEnumerable<string?> Reasons(JsonElement host) => host.GetProperty("reasons").EnumerateArray().Select(r => r.GetProperty("code").GetString());

    [Fact]
    public async Task a_prometheus_that_scrapes_agrees_or_is_warned_of()
    {
        var (experiment, agents) = await Running(3);
        var (same, fewer, silent) = (agents[0], agents[1], agents[2]);
        var exposition = Series(same.HostId, 200) + Series(fewer.HostId, 140);
        await using var target = await Receiver.Start((http, _) => { http.Response.ContentType = "text/plain; version=0.0.4"; return http.Response.WriteAsync(exposition); });
        await using var prometheus = await MetricsServer.Prometheus(target.Address);
        await Define(new { url = prometheus.Address });
        var test = await Tested();
        test.GetProperty("reachable").GetBoolean().ShouldBeTrue();
        test.GetProperty("kind").GetString().ShouldBe("Prometheus");
        test.GetProperty("version").GetString()!.ShouldStartWith("2.");
        test.GetProperty("milliseconds").GetDouble().ShouldBeGreaterThan(0);

        // Before there is any window: nobody is hidden, and what the backend has now is shown.
        var none = await Check(experiment);
        none.GetProperty("total").GetProperty("outcome").GetString().ShouldBe("notComparable");
        Reasons(Host(none, same)).ShouldBe(["no-window"]);

        var from = DateTimeOffset.UtcNow;
        await target.Until(all => all.Count >= 3, "Prometheus to scrape");
        await Eventually.Get(async () => Host(await Check(experiment), same).GetProperty("backend").GetProperty("series").GetInt64(), n => n == 200, "the series to be in the backend");
        var to = DateTimeOffset.UtcNow;
        await same.Report(experiment, Window(200, from, to));
        await fewer.Report(experiment, Window(200, from, to));

        var check = await Check(experiment);
        Host(check, same).GetProperty("outcome").GetString().ShouldBe("agrees");
        Host(check, same).GetProperty("differencePct").GetDouble().ShouldBe(0);
        Host(check, same).GetProperty("backend").GetProperty("to").GetDateTimeOffset().ShouldBe(Host(check, same).GetProperty("phoenix").GetProperty("to").GetDateTimeOffset());
        Host(check, fewer).GetProperty("outcome").GetString().ShouldBe("differs");
        Host(check, fewer).GetProperty("backend").GetProperty("series").GetInt64().ShouldBe(140);
        Host(check, fewer).GetProperty("differencePct").GetDouble().ShouldBe(-30);
        Reasons(Host(check, fewer)).ShouldBe(["window-fresh", "target-info-missing"]);
        Host(check, silent).GetProperty("outcome").GetString().ShouldBe("notComparable");
        var total = check.GetProperty("total");
        (total.GetProperty("phoenix").GetInt64(), total.GetProperty("backend").GetInt64(), total.GetProperty("hostsDiffering").GetInt32(), total.GetProperty("hostsNotComparable").GetInt32()).ShouldBe((400, 340, 1, 1));
        total.GetProperty("outcome").GetString().ShouldBe("differs");
        check.GetProperty("warnings").EnumerateArray().Select(w => w.GetString()).ShouldContain("1 of 3 hosts differ by more than the tolerance; each says what may be the reason.");
        (await Check(experiment, "&tolerancePct=30")).GetProperty("total").GetProperty("hostsDiffering").GetInt32().ShouldBe(0);
    }

    [Fact]
    public async Task a_victoria_metrics_counts_what_lies_in_the_window_and_nothing_else()
    {
        var (experiment, agents) = await Running(2);
        await using var victoria = await MetricsServer.VictoriaMetrics();
        await Define(new { url = victoria.Address });
        var test = await Tested();
        test.GetProperty("kind").GetString().ShouldBe("VictoriaMetrics");
        test.GetProperty("reachable").GetBoolean().ShouldBeTrue();

        var to = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.AddMinutes(-2).ToUnixTimeMilliseconds());
        var from = to.AddSeconds(-60);
        using var http = new HttpClient { BaseAddress = victoria.Address };
        // 90 series in the window, 10 more that ended before it, and one that VictoriaMetrics' scraper would make.
        var text = Series(agents[0].HostId, 90, to.AddSeconds(-5).ToUnixTimeMilliseconds())
            + Series(agents[0].HostId, 10, from.AddSeconds(-30).ToUnixTimeMilliseconds()).Replace("shop_requests_total", "shop_ended_total", StringComparison.Ordinal)
            + Series(agents[1].HostId, 90, to.AddSeconds(-5).ToUnixTimeMilliseconds())
            + string.Concat(Enumerable.Range(0, 30).Select(i => $"scrape_samples_{i}{{host_id=\"{agents[1].HostId}\"}} 1 {to.AddSeconds(-5).ToUnixTimeMilliseconds()}\n"));
        (await http.PostAsync("/api/v1/import/prometheus", new StringContent(text))).EnsureSuccessStatusCode();
        (await http.GetAsync("/internal/force_flush")).EnsureSuccessStatusCode();
        foreach (var agent in agents) await agent.Report(experiment, Window(90, from, to));

        var check = await Eventually.Get(() => Check(experiment), c => Host(c, agents[0]).GetProperty("backend").GetProperty("series").GetInt64() > 0, "the series to be found");
        Host(check, agents[0]).GetProperty("backend").GetProperty("series").GetInt64().ShouldBe(90);
        Host(check, agents[0]).GetProperty("outcome").GetString().ShouldBe("agrees");
        Host(check, agents[1]).GetProperty("backend").GetProperty("series").GetInt64().ShouldBe(120);
        Reasons(Host(check, agents[1])).ShouldBe(["series-of-the-backend", "other-writers"]);

        // The same host by its label, beside one that no experiment measures.
        var outside = await TestAgent.Enrol(plane);
        foreach (var agent in (TestAgent[])[agents[0], outside])
            (await plane.User.PutAsJsonAsync($"/api/v2/agents/{agent.HostId}/labels", new { labels = new { check = _name[^20..] } })).EnsureSuccessStatusCode();
        var chosen = await plane.Get($"/api/v2/backends/{_name}/check?selector=check={_name[^20..]}");
        chosen.GetProperty("hosts").GetArrayLength().ShouldBe(2);
        Host(chosen, agents[0]).GetProperty("outcome").GetString().ShouldBe("agrees");
        Reasons(Host(chosen, outside)).ShouldBe(["no-window"]);
        await (await plane.User.GetAsync($"/api/v2/backends/{_name}/check")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "selector-missing");
    }

    /// <summary>More hosts than one query asks for, and names that would end a string, a selector or a line.</summary>
    [Theory]
    [InlineData("Prometheus")]
    [InlineData("VictoriaMetrics")]
    public async Task each_of_many_hosts_is_counted_whatever_its_name(string kind)
    {
        List<string> hosts = ["a\"b", "a\\b", "a\nb", "a\\\"b", "{x=~\".*\"}", ".*", "ä€😀", .. Enumerable.Range(0, 120).Select(i => $"host-{i}")];
        var exposition = string.Concat(hosts.Select((host, i) => Series(
            host.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal), i % 4 + 1)));
        await using var target = await Receiver.Start((http, _) => { http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8"; return http.Response.WriteAsync(exposition); });
        await using var server = kind == "Prometheus" ? await MetricsServer.Prometheus(target.Address) : await MetricsServer.VictoriaMetrics();
        if (kind == "VictoriaMetrics")
        {
            using var http = new HttpClient { BaseAddress = server.Address };
            (await http.PostAsync("/api/v1/import/prometheus", new StringContent(exposition))).EnsureSuccessStatusCode();
            (await http.GetAsync("/internal/force_flush")).EnsureSuccessStatusCode();
        }
        var settings = new Domain.Backends.BackendSettings(server.Address.ToString(), null, Domain.Backends.BackendAuthentication.None, null, null, null, TimeSpan.FromSeconds(30), "host_id");
        using var client = new PrometheusClient(new HttpClient { BaseAddress = server.Address, MaxResponseContentBufferSize = 1 << 20 }, settings);
        var counted = await Eventually.Get(() =>
        {
            var now = DateTimeOffset.UtcNow;
            return HostCounts.Ask(client, "host_id", [.. hosts.Append("nobody").Select(h => new CountedHost(h, now.AddMinutes(-5), now.AddSeconds(1)))], CancellationToken.None);
        }, counts => hosts.TrueForAll(h => counts.Counts[h].Series > 0), "the series of every host to be found");
        foreach (var (host, i) in hosts.Select((h, i) => (h, i))) counted.Counts[host].Series.ShouldBe(i % 4 + 1, host);
        counted.Counts["nobody"].Series.ShouldBe(0);
    }

    [Fact]
    public async Task own_authority_password_and_nothing_less_reach_a_guarded_prometheus()
    {
        using var pair = new Certificates();
        // The password is 'test', as in Prometheus' documentation.
        var web = $"""
            tls_server_config:
              cert_file: {pair.CertificateFile}
              key_file: {pair.KeyFile}
            basic_auth_users:
              phoenix: $2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay
            """;
        using var reaches = new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator };
        await using var prometheus = await MetricsServer.Prometheus(web: (web, reaches));

        await Define(new { url = prometheus.Address, authentication = "basic", userName = "phoenix", secret = "test" });
        await ShouldFail("backend-tls-failed");
        using var other = new Certificates();
        await Define(new { url = prometheus.Address, authentication = "basic", userName = "phoenix", certificateAuthority = other.Authority });
        await ShouldFail("backend-tls-failed");
        await Define(new { url = prometheus.Address, authentication = "basic", userName = "phoenix", certificateAuthority = pair.Authority });
        (await Tested()).GetProperty("kind").GetString().ShouldBe("Prometheus");
        await Define(new { url = prometheus.Address, authentication = "basic", userName = "phoenix", secret = "wr0ngpassword", certificateAuthority = pair.Authority });
        await ShouldFail("backend-credential-refused");
        await Define(new { url = prometheus.Address, certificateAuthority = pair.Authority });
        await ShouldFail("backend-credential-refused");

        foreach (var path in (string[])["/api/v2/backends", $"/api/v2/backends/{_name}", $"/api/v2/audit?streamId={StreamIds.Backend(_name)}"])
            (await plane.Get(path)).GetRawText().ShouldNotContain("wr0ngpassword");
    }

    [Fact]
    public async Task a_client_certificate_is_shown_where_one_is_asked_for()
    {
        using var pair = new Certificates();
        string? shown = null;
        await using var backend = await Receiver.Start((http, _) =>
        {
            shown = http.Connection.ClientCertificate?.Thumbprint;
            return http.Response.WriteAsync("""{"status":"success","data":{"version":"2.9.1","application":"Grafana Mimir","revision":"x","resultType":"vector","result":[]}}""");
        }, builder => builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https =>
        {
            https.ServerCertificate = pair.Server;
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            https.AllowAnyClientCertificate();
        })), https: true);
        var certificate = await File.ReadAllTextAsync(pair.CertificateFile);
        await (await Put(new { url = backend.Address, certificateAuthority = pair.Authority, clientCertificate = certificate })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "client-key-missing");
        await Define(new { url = backend.Address, certificateAuthority = pair.Authority, clientCertificate = certificate, clientKey = await File.ReadAllTextAsync(pair.KeyFile) });
        var test = await Tested();
        test.GetProperty("kind").GetString().ShouldBe("Mimir", test.GetRawText());
        test.GetProperty("version").GetString().ShouldBe("2.9.1");
        shown.ShouldBe(pair.Server.Thumbprint);
    }

    [Fact]
    public async Task prefix_tenant_and_token_go_with_every_request()
    {
        await using var backend = await Receiver.Start((http, _) => http.Response.WriteAsync("""{"status":"success","data":{"version":"2.9.1","application":"Grafana Mimir","resultType":"vector","result":[]}}"""));
        await Define(new { url = new Uri(backend.Address, "/prometheus/"), tenant = "team-a|team-b", authentication = "bearer", secret = "t0ken" });
        (await Tested()).GetProperty("kind").GetString().ShouldBe("Mimir");
        backend.All.Select(r => r.Path).ShouldBe(["/prometheus/api/v1/status/buildinfo", "/prometheus/api/v1/query"]);
        backend.All.ShouldAllBe(r => r.Headers["X-Scope-OrgID"] == "team-a|team-b" && r.Headers["Authorization"] == "Bearer t0ken");

        // The token was for that server.
        await (await Put(new { url = "https://elsewhere.example.com", tenant = "team-a|team-b", authentication = "bearer" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "credential-missing");
        (await plane.User.DeleteAsync($"/api/v2/backends/{_name}?reason=test")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await (await Put(new { url = new Uri(backend.Address, "/prometheus/"), authentication = "bearer" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "credential-missing");
    }

    [Fact]
    public async Task a_token_that_is_replaced_while_something_else_changes_stays()
    {
        await using var backend = await Receiver.Start((http, _) => http.Response.WriteAsync("""{"status":"success","data":{"version":"2.9.1","application":"Grafana Mimir","resultType":"vector","result":[]}}"""));
        await Define(new { url = backend.Address, authentication = "bearer", secret = "f1rst" });
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand(
            """
            with stream as materialized (select id from phoenix.mt_streams where id = $1 for update)
            update phoenix.mt_doc_backendcredential c set data = jsonb_set(c.data, '{secret}', '"s3cond"') from stream where c.id = stream.id
            """, connection, transaction) { Parameters = { new() { Value = StreamIds.Backend(_name) } } };
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
        var changed = Define(new { url = backend.Address, authentication = "bearer", timeoutSeconds = 7 });
        await NotificationsTests.Waiting(database, connection.ProcessID);
        await transaction.CommitAsync();
        await changed;

        (await plane.Get($"/api/v2/backends/{_name}")).GetProperty("timeoutSeconds").GetDouble().ShouldBe(7);
        (await Tested()).GetProperty("reachable").GetBoolean().ShouldBeTrue();
        backend.All.ShouldAllBe(r => r.Headers["Authorization"] == "Bearer s3cond");
    }

    [Fact]
    public async Task what_a_bad_backend_does_is_said()
    {
        var mode = "";
        var never = new TaskCompletionSource();
        await using var backend = await Receiver.Start(async (http, _) =>
        {
            switch (mode)
            {
                case "silent":
                    await never.Task.WaitAsync(http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                    break;
                case "huge":
                    var chunk = new byte[1 << 20];
                    for (var i = 0; i < 64 && !http.RequestAborted.IsCancellationRequested; i++) await http.Response.Body.WriteAsync(chunk);
                    break;
                case "error":
                    http.Response.StatusCode = 422;
                    await http.Response.WriteAsync("""{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory"}""");
                    break;
                case "redirect":
                    http.Response.Redirect("http://127.0.0.1:1/");
                    break;
                case "html":
                    await http.Response.WriteAsync("<html>Sign in</html>");
                    break;
                case "broken":
                    http.Response.StatusCode = 500;
                    break;
            }
        });
        await Define(new { url = backend.Address, timeoutSeconds = 1 });
        foreach (var (how, code) in ((string, string)[])[("silent", "backend-timeout"), ("huge", "backend-answer-too-large"), ("error", "backend-query-failed"),
            ("redirect", "backend-redirects"), ("html", "backend-answer-unknown"), ("broken", "backend-failed")])
        {
            mode = how;
            await ShouldFail(code);
        }
        var (experiment, _) = await plane.Running();
        mode = "error";
        var answer = await plane.User.GetAsync($"/api/v2/experiments/{experiment}/backend-check?backend={_name}");
        await answer.ShouldBeProblem(HttpStatusCode.BadGateway, "backend-query-failed");
        (await answer.Content.ReadAsStringAsync()).ShouldContain("too many samples");
        mode = "silent";
        await (await plane.User.GetAsync($"/api/v2/experiments/{experiment}/backend-check?backend={_name}")).ShouldBeProblem(HttpStatusCode.GatewayTimeout, "backend-timeout");
        await Define(new { url = "http://127.0.0.1:1" });
        await ShouldFail("backend-unreachable");
        await Define(new { url = "http://169.254.169.254" });
        await ShouldFail("address-not-allowed");
    }

    [Fact]
    public async Task an_incomplete_answer_is_no_figure()
    {
        var (experiment, agent) = await plane.Running();
        await agent.Report(experiment, Window(100, DateTimeOffset.UtcNow.AddMinutes(-3), DateTimeOffset.UtcNow.AddMinutes(-2)));
        await using var backend = await Receiver.Start((http, _) => http.Response.WriteAsync(
            $$$"""{"status":"success","isPartial":true,"warnings":["one node is away"],"data":{"resultType":"vector","result":[{"metric":{"host_id":"{{{agent.HostId}}}"},"value":[1,"50"]}]}}"""));
        await Define(new { url = backend.Address });
        var check = await Check(experiment);
        Host(check, agent).GetProperty("outcome").GetString().ShouldBe("notComparable");
        Host(check, agent).GetProperty("backend").ValueKind.ShouldBe(JsonValueKind.Null);
        Reasons(Host(check, agent)).ShouldBe(["backend-incomplete"]);
        check.GetProperty("warnings").EnumerateArray().Select(w => w.GetString()).ShouldContain("one node is away");
    }

    [Fact]
    public async Task what_makes_no_backend_is_refused_with_the_field()
    {
        await (await Put(new { url = "not a url" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "address-invalid");
        await (await Put(new { url = "https://u:p@example.com" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "address-holds-secret");
        await (await Put(new { url = "https://example.com", authentication = "bearer" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "credential-missing");
        await (await Put(new { url = "https://example.com", authentication = "bearer", secret = "a\r\nX: y" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "secret-invalid");
        await (await Put(new { url = "https://example.com", authentication = "bearer", secret = "tökén" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "secret-invalid");
        await (await Put(new { url = "https://example.com", certificateAuthority = "no pem" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "certificate-invalid");
        await (await Put(new { url = "https://example.com", timeoutSeconds = 0.1 })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "timeout-invalid");
        await (await plane.User.PostAsync($"/api/v2/backends/{_name}/test", null)).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        var (experiment, _) = await plane.Running();
        await (await plane.User.GetAsync($"/api/v2/experiments/{experiment}/backend-check")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "backend-missing");
        await (await plane.User.GetAsync($"/api/v2/experiments/{experiment}/backend-check?backend={_name}")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    /// <summary>An authority and a certificate for 127.0.0.1 that it has signed, as files.</summary>
    sealed class Certificates : IDisposable
    {
        readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("phoenix-test-");

        public Certificates()
        {
            using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var authority = new CertificateRequest("CN=Authority of a test", authorityKey, HashAlgorithmName.SHA256);
            authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            authority.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
            using var root = authority.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
            Authority = root.ExportCertificatePem();
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            using var signed = request.Create(root, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
            Server = signed.CopyWithPrivateKey(key);
            File.WriteAllText(CertificateFile, signed.ExportCertificatePem());
            File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
        }

        public string Authority { get; }
        public X509Certificate2 Server { get; }
        public string CertificateFile => Path.Combine(_folder.FullName, "server.pem");
        public string KeyFile => Path.Combine(_folder.FullName, "server.key");

        public void Dispose()
        {
            Server.Dispose();
            _folder.Delete(recursive: true);
        }
    }
}
