using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Phoenix.Contracts;

namespace Phoenix.Api.Tests;

/// <summary>Previews and simulated loads, from the user's request to the host and back.</summary>
[Collection(nameof(ControlPlane))]
public sealed class HostWorkTests(ControlPlane plane)
{
    static readonly StreamCounts Counts = new(10, 12, 10, 12, 100, 120, 5000);

    static readonly PreviewReport Found = new(
        new("live", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddMinutes(5), 30, 60, true, 0), Counts, Counts with { SeriesActive = 3 }, 900, 300,
        new(3, 290, 0, null, 0, [new("filter: x", 5)]), new(2, 2, []), [new("shop.requests", 10, 3, ["customer"])], 0, 12.5,
        new(240, 9600, 2400, 720, 240));

    [Fact]
    public async Task a_preview_reaches_the_host_and_its_numbers_come_back()
    {
        var agent = await TestAgent.Enrol(plane);
        var asked = await plane.User.PostAsJsonAsync("/api/v2/pipelines/preview",
            new { template = new { name = "topk", parameters = new { labels = new[] { "customer" } } }, hosts = new[] { agent.HostId }, protectedMetrics = new[] { "up" } });
        asked.StatusCode.ShouldBe(HttpStatusCode.Accepted, await asked.Content.ReadAsStringAsync());
        var id = (await asked.Content.ReadFromJsonAsync<JsonElement>())[0].GetProperty("id").GetGuid();
        (await plane.Get($"/api/v2/previews/{id}")).GetProperty("state").GetString().ShouldBe("queued");

        var task = (await agent.Poll()).ShouldHaveSingleItem();
        task.Kind.ShouldBe(TaskKind.Preview);
        task.Preview!.Collector.ShouldBe("production");
        task.Preview.Configuration.ShouldContain("phoenix_topk");
        task.Preview.ProtectedMetrics.ShouldBe(["up"]);
        task.Desired.ExperimentId.ShouldBeNull();
        (await agent.Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var empty = await agent.Http.PostAsJsonAsync($"/api/v2/tasks/{task.Id}/result", new TaskResult(task.Lease, TaskOutcome.Succeeded, [], null), WireJson.Default.Options);
        await empty.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "result-contradicts-task");
        var result = await agent.Http.PostAsJsonAsync($"/api/v2/tasks/{task.Id}/result",
            new TaskResult(task.Lease, TaskOutcome.Succeeded, [], null, Preview: Found), WireJson.Default.Options);
        result.StatusCode.ShouldBe(HttpStatusCode.OK, await result.Content.ReadAsStringAsync());

        var view = await plane.Get($"/api/v2/previews/{id}");
        view.GetProperty("state").GetString().ShouldBe("succeeded");
        view.GetProperty("report").GetProperty("output").GetProperty("seriesActive").GetInt64().ShouldBe(3);
        view.GetProperty("report").GetProperty("changes")[0].GetProperty("labels")[0].GetString().ShouldBe("customer");
        await (await plane.User.GetAsync($"/api/v2/loads/{id}")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        (await plane.Get("/api/v2/agents/" + agent.HostId)).GetProperty("production").ValueKind.ShouldBe(JsonValueKind.Null, "a preview runs nothing");
    }

    [Fact]
    public async Task a_preview_that_cannot_be_is_refused_before_it_is_queued()
    {
        var agent = await TestAgent.Enrol(plane);
        await Refused(new { configuration = "a: b", hosts = new[] { agent.HostId } }, "configuration-invalid");
        await Refused(new { hosts = new[] { agent.HostId } }, "configuration-missing");
        await Refused(new { configuration = Scenario.Yaml, hosts = new[] { "stranger" } }, "host-unknown");
        await Refused(new { configuration = Scenario.Yaml }, "hosts-invalid");
        (await agent.Poll(0)).ShouldBeEmpty();

        async Task Refused(object request, string code) =>
            await (await plane.User.PostAsJsonAsync("/api/v2/pipelines/preview", request)).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, code);
    }

    [Fact]
    public async Task previews_say_what_their_hosts_would_cost_less()
    {
        var (first, second, early) = (await Answered(Found), await Answered(Found with { Flow = new(120, 4800, 1200, 360, 120) }), await Answered(Found with { Flow = null }));

        // 80 samples a second in 730 hours on two hosts, at 0.10 USD a million; a quarter of them leave.
        var view = await plane.Get($"/api/v2/previews/saving?id={first}&id={second}&id={early}&price=signoz-cloud-samples");
        view.GetProperty("hosts").GetInt32().ShouldBe(2);
        view.GetProperty("leftOut").EnumerateArray().ShouldHaveSingleItem().GetProperty("code").GetString().ShouldBe("collector-too-old");
        var saving = view.GetProperty("saving");
        saving.GetProperty("before").GetProperty("total").GetDecimal().ShouldBe(80 * 3600 * 730 * 0.1m / 1_000_000, 0.000001m);
        saving.GetProperty("perMonth").GetDecimal().ShouldBe(60 * 3600 * 730 * 0.1m / 1_000_000, 0.000001m);
        saving.GetProperty("from").GetProperty("measuredMinutes").GetDouble().ShouldBe(2);
        saving.GetProperty("gaps").EnumerateArray().ShouldContain(gap => gap.GetString()!.Contains("not declared"));
        // 12 and 3 series a host at 0.30 USD, and 3 MB and 1 MB a second of which 100 GB a month are free, at 0.40.
        saving = (await plane.Get($"/api/v2/previews/saving?id={first}&id={second}&price=cloudwatch-custom-metrics")).GetProperty("saving");
        (Total("before"), Total("after")).ShouldBe((24 * 0.3m, 6 * 0.3m));
        var large = await Answered(Found with { Flow = new(60, 1, 1, 180_000_000, 60_000_000) });
        saving = (await plane.Get($"/api/v2/previews/saving?id={large}&price=new-relic-ingest")).GetProperty("saving");
        Total("before").ShouldBe((3 * 3.6m * 730 - 100) * 0.4m, 0.000001m);
        Total("after").ShouldBe((3.6m * 730 - 100) * 0.4m, 0.000001m);

        await Refused($"id={early}&price=signoz-cloud-samples", HttpStatusCode.Conflict, "collector-too-old");
        var brief = await Answered(Found with { Sample = Found.Sample with { To = Found.Sample.From.AddSeconds(59) }, Flow = null });
        await Refused($"id={brief}&price=signoz-cloud-samples", HttpStatusCode.Conflict, "preview-too-short");
        await Refused($"id={first}&id={first}&price=signoz-cloud-samples", HttpStatusCode.UnprocessableEntity, "previews-invalid");
        await Refused("price=signoz-cloud-samples", HttpStatusCode.UnprocessableEntity, "previews-invalid");
        await Refused($"id={first}", HttpStatusCode.UnprocessableEntity, "price-missing");
        await Refused($"id={first}&price=nobodys", HttpStatusCode.NotFound, "price-entry-unknown");
        await Refused($"id={Guid.NewGuid()}&price=signoz-cloud-samples", HttpStatusCode.NotFound, "not-found");
        await Refused($"id={(await Ordered(await TestAgent.Enrol(plane)))}&price=signoz-cloud-samples", HttpStatusCode.Conflict, "preview-unanswered");

        decimal Total(string bill) => saving.GetProperty(bill).GetProperty("total").GetDecimal();

        async Task Refused(string query, HttpStatusCode status, string code) =>
            await (await plane.User.GetAsync("/api/v2/previews/saving?" + query)).ShouldBeProblem(status, code);

        async Task<Guid> Ordered(TestAgent agent)
        {
            var asked = await plane.User.PostAsJsonAsync("/api/v2/pipelines/preview", new { configuration = Scenario.Yaml, hosts = new[] { agent.HostId } });
            return (await asked.Content.ReadFromJsonAsync<JsonElement>())[0].GetProperty("id").GetGuid();
        }

        async Task<Guid> Answered(PreviewReport report)
        {
            var agent = await TestAgent.Enrol(plane);
            var id = await Ordered(agent);
            var task = (await agent.Poll()).ShouldHaveSingleItem();
            (await agent.Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
            (await agent.Http.PostAsJsonAsync($"/api/v2/tasks/{task.Id}/result", new TaskResult(task.Lease, TaskOutcome.Succeeded, [], null, Preview: report), WireJson.Default.Options))
                .StatusCode.ShouldBe(HttpStatusCode.OK);
            return id;
        }
    }

    [Fact]
    public async Task a_report_that_no_collector_can_have_found_is_refused()
    {
        var agent = await TestAgent.Enrol(plane);
        (await plane.User.PostAsJsonAsync("/api/v2/pipelines/preview", new { configuration = Scenario.Yaml, hosts = new[] { agent.HostId } })).EnsureSuccessStatusCode();
        var task = (await agent.Poll()).ShouldHaveSingleItem();
        (await agent.Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        PreviewReport[] impossible =
        [
            Found with { Input = null! }, Found with { Protected = Found.Protected with { Missing = null! } }, Found with { Conservation = Found.Conservation with { Dropped = [null!] } },
            Found with { Changes = [new(null!, 1, 1, [])] }, Found with { Sample = Found.Sample with { To = Found.Sample.From.AddSeconds(-1) } }, Found with { Output = Counts with { SeriesActive = -1 } },
            Found with { Flow = Found.Flow! with { Seconds = 1e300 } }, Found with { Flow = Found.Flow! with { Seconds = 0 } }, Found with { Flow = Found.Flow! with { WireBytesOut = long.MaxValue } },
        ];
        foreach (var report in impossible) await (await Result(report)).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "preview-invalid");
        (await Result(Found)).StatusCode.ShouldBe(HttpStatusCode.OK);

        Task<HttpResponseMessage> Result(PreviewReport report) => agent.Http.PostAsJsonAsync(
            $"/api/v2/tasks/{task.Id}/result", new TaskResult(task.Lease, TaskOutcome.Succeeded, [], null, Preview: report), WireJson.Default.Options);
    }

    [Fact]
    public async Task a_failed_preview_says_why()
    {
        var agent = await TestAgent.Enrol(plane);
        var asked = await plane.User.PostAsJsonAsync("/api/v2/pipelines/preview", new { configuration = Scenario.Yaml, hosts = new[] { agent.HostId } });
        var id = (await asked.Content.ReadFromJsonAsync<JsonElement>())[0].GetProperty("id").GetGuid();
        var task = (await agent.Poll()).ShouldHaveSingleItem();
        (await agent.Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await agent.Fail(task, "no-sample", retryable: false)).StatusCode.ShouldBe(HttpStatusCode.OK);

        var view = await plane.Get($"/api/v2/previews/{id}");
        view.GetProperty("state").GetString().ShouldBe("deadLettered");
        view.GetProperty("error").GetString()!.ShouldContain("no-sample");
    }

    [Fact]
    public async Task a_load_is_made_reported_and_can_be_cancelled()
    {
        var agent = await TestAgent.Enrol(plane);
        var first = await Ask(agent.HostId);
        var task = (await agent.Poll()).ShouldHaveSingleItem();
        task.Kind.ShouldBe(TaskKind.Load);
        task.Load.ShouldBe(new LoadOrder("production", LoadKind.HighChurn, 500, 2, 30));
        (await agent.Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var report = new LoadReport(LoadKind.HighChurn, 30, true, 15, 7500, 0, 0, 2000, 0, 1, 2, null);
        (await agent.Http.PostAsJsonAsync($"/api/v2/tasks/{task.Id}/result", new TaskResult(task.Lease, TaskOutcome.Succeeded, [], null, Load: report), WireJson.Default.Options))
            .StatusCode.ShouldBe(HttpStatusCode.OK);
        (await plane.Get($"/api/v2/loads/{first}")).GetProperty("report").GetProperty("pointsAccepted").GetInt64().ShouldBe(7500);

        var second = await Ask(agent.HostId);
        task = (await agent.Poll()).ShouldHaveSingleItem();
        (await agent.Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await plane.User.PostAsJsonAsync($"/api/v2/loads/{second}/cancel", new { reason = "enough" })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await plane.User.PostAsJsonAsync($"/api/v2/loads/{second}/cancel", new { reason = "again" })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await (await agent.Progress(task)).ShouldBeProblem(HttpStatusCode.Conflict, "lease-superseded");
        (await plane.Get($"/api/v2/loads/{second}")).GetProperty("state").GetString().ShouldBe("cancelled");
    }

    [Fact]
    public async Task a_host_in_an_experiment_gets_no_load_and_a_loaded_host_no_experiment()
    {
        var (_, busy) = await plane.Running();
        var refused = await plane.User.PostAsJsonAsync("/api/v2/loads", new { hostId = busy.HostId });
        await refused.ShouldBeProblem(HttpStatusCode.Conflict, "host-in-experiment");
        refused = await plane.User.PostAsJsonAsync("/api/v2/loads", new { hostId = busy.HostId, durationSeconds = 1e9 });
        await refused.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "load-times-invalid");

        var loaded = await TestAgent.Enrol(plane);
        var load = await Ask(loaded.HostId);
        var (baseline, candidate) = (await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml));
        var experiment = await plane.Experiment(baseline, candidate, [loaded.HostId]);
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{experiment}/start", new { reason = "too early" })).ShouldBeProblem(HttpStatusCode.Conflict, "load-running");
        (await plane.User.PostAsJsonAsync($"/api/v2/loads/{load}/cancel", new { })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await plane.Command(experiment, "start");
    }

    async Task<Guid> Ask(string hostId)
    {
        var asked = await plane.User.PostAsJsonAsync("/api/v2/loads", new { hostId, profile = "highChurn", series = 500, intervalSeconds = 2, durationSeconds = 30, reason = "to see" });
        asked.StatusCode.ShouldBe(HttpStatusCode.Accepted, await asked.Content.ReadAsStringAsync());
        return (await asked.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }
}
