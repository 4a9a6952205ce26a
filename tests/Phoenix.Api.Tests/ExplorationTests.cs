using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using Phoenix.Api.Explorations;
using Phoenix.Contracts;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Users;

namespace Phoenix.Api.Tests;

/// <summary>What recent input is made of, from the operator's question to the hosts and back, as one.</summary>
[Collection(nameof(ControlPlane))]
public sealed class ExplorationTests(ControlPlane plane)
{
    [Fact]
    public async Task hosts_count_their_input_and_what_they_find_is_one()
    {
        var (first, second) = (await Agent(), await Agent());
        var asked = await Ask(new { hosts = new[] { first.HostId, second.HostId }, price = "signoz-cloud-samples", reason = "too many customers" });
        var id = asked.GetProperty("id").GetGuid();
        asked.GetProperty("hosts").EnumerateArray().Select(h => h.GetProperty("hostId").GetString()).ShouldBe([first.HostId, second.HostId]);

        var task = (await first.Poll()).ShouldHaveSingleItem();
        (task.Kind, task.Explore).ShouldBe((TaskKind.Explore, new ExploreOrder("production")));
        (await first.Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await (await Answer(first, task, null)).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "result-contradicts-task");
        (await Answer(first, task, Report(Metric("requests", 30, 300, Label("customer", 3, ("ada", 20), ("bob", 9), ("cy", 1)))))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Answer(first, task, Report(Metric("requests", 30, 300, Label("customer", 3, ("ada", 20), ("bob", 9), ("cy", 1)))))).StatusCode.ShouldBe(HttpStatusCode.OK, "told again it is the same");

        var half = await plane.Get($"/api/v2/explorations/{id}");
        (half.GetProperty("state").GetString(), half.GetProperty("totalSeries").GetInt64()).ShouldBe(("running", 30));

        await Do(second, Report(Metric("requests", 10, 60, Label("customer", 2, ("ada", 4), ("dan", 6))), Metric("up", 1, 6)));
        var view = await plane.Get($"/api/v2/explorations/{id}");
        view.GetProperty("state").GetString().ShouldBe("done");
        view.GetProperty("hosts").EnumerateArray().ShouldAllBe(h => h.GetProperty("state").GetString() == "done");
        (view.GetProperty("totalSeries").GetInt64(), view.GetProperty("sampleSeconds").GetDouble(), view.GetProperty("truncated").GetBoolean()).ShouldBe((41, 60, false));
        var requests = view.GetProperty("metrics")[0];
        (requests.GetProperty("name").GetString(), requests.GetProperty("series").GetInt64(), requests.GetProperty("samplesPerMinute").GetDouble()).ShouldBe(("requests", 40, 360));
        requests.GetProperty("sharePct").GetDouble().ShouldBe(100.0 * 40 / 41, 1e-9);
        var customer = requests.GetProperty("labels")[0];
        (customer.GetProperty("values").GetInt64(), customer.GetProperty("valuesAtLeast").GetBoolean(), customer.GetProperty("series").GetInt64()).ShouldBe((4, false, 40));
        customer.GetProperty("top").EnumerateArray().Select(v => (v.GetProperty("value").GetString(), v.GetProperty("series").GetInt64())).ShouldBe([("ada", 24), ("bob", 9), ("dan", 6), ("cy", 1)]);
        // 360 of 366 samples a minute by 0.10 per million, 43,800 minutes a month, shared over all that goes in anywhere.
        view.GetProperty("currency").GetString().ShouldBe("USD");
        requests.GetProperty("monthlyCost").GetDecimal().ShouldBe(1.5768m, 0.001m);
        customer.GetProperty("top")[0].GetProperty("monthlyCost").GetDecimal().ShouldBe(1.5768m * 24 / 40, 0.001m);

        // While no other host has answered the reports are not taken apart again, however often a page asks.
        await using (var database = NpgsqlDataSource.Create(plane.ConnectionString))
            await database.CreateCommand($"update {ExplorationStore.TableName} set report = '{{}}' where host_id = '{second.HostId}'").ExecuteNonQueryAsync();
        (await plane.Get($"/api/v2/explorations/{id}")).GetProperty("metrics").GetRawText().ShouldBe(view.GetProperty("metrics").GetRawText());

        (await plane.Get($"/api/v2/explorations/{id}?price=new-relic-ingest")).GetProperty("priceProblem").GetString()!.ShouldContain("bills");
        (await plane.Get("/api/v2/explorations?limit=1")).GetProperty("items")[0].GetProperty("id").GetGuid().ShouldBe(id);
    }

    [Fact]
    public async Task who_asked_and_why_is_an_event_and_the_values_are_in_none()
    {
        var agent = await Agent();
        var id = (await Ask(new { hosts = new[] { agent.HostId }, metric = "requests", reason = "the bill of May" })).GetProperty("id").GetGuid();
        await Do(agent, Report(Metric("requests", 2, 12, Label("customer", 1, ("somebody-private", 2)))), "requests");
        (await plane.Get($"/api/v2/explorations/{id}")).GetProperty("metrics")[0].GetProperty("labels")[0].GetProperty("top")[0].GetProperty("value").GetString().ShouldBe("somebody-private");

        var events = await Eventually.Get(() => plane.Get($"/api/v2/audit?streamId={id}"), a => a.GetProperty("items").GetArrayLength() > 0, "the event in the audit log");
        var asked = events.GetProperty("items")[0];
        (asked.GetProperty("type").GetString(), asked.GetProperty("reason").GetString()).ShouldBe(("exploration_requested", "the bill of May"));
        asked.GetProperty("actor").GetString().ShouldNotBeNullOrEmpty();
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        (await database.CreateCommand("select count(*) from phoenix.mt_events where data::text like '%somebody-private%'").ExecuteScalarAsync()).ShouldBe(0L);

        // What is kept for days is gone some day, and the exploration says so.
        await database.CreateCommand($"delete from {ExplorationStore.TableName} where host_id = '{agent.HostId}'").ExecuteNonQueryAsync();
        (await plane.Get($"/api/v2/explorations/{id}")).GetProperty("hosts")[0].GetProperty("state").GetString().ShouldBe("expired");
    }

    [Fact]
    public async Task what_the_organisation_protects_is_marked()
    {
        var agent = await Agent();
        var before = await plane.Get("/api/v2/protected-metrics");
        var patterns = before.GetProperty("patterns").EnumerateArray().Select(p => new { pattern = p.GetProperty("pattern").GetString(), note = p.GetProperty("note").GetString() }).ToList();
        var set = await plane.User.PutAsJsonAsync("/api/v2/protected-metrics", new { patterns = patterns.Append(new { pattern = (string?)"explored_slo.*", note = (string?)"" }), reason = "r" });
        set.StatusCode.ShouldBe(HttpStatusCode.OK, await set.Content.ReadAsStringAsync());
        var id = (await Ask(new { hosts = new[] { agent.HostId } })).GetProperty("id").GetGuid();
        await Do(agent, Report(Metric("explored_slo.errors", 2, 12), Metric("other", 1, 6)));
        (await plane.Get($"/api/v2/explorations/{id}")).GetProperty("metrics").EnumerateArray().Select(m => m.GetProperty("isProtected").GetBoolean()).ShouldBe([true, false]);
        (await plane.User.PutAsJsonAsync("/api/v2/protected-metrics", new { patterns, reason = "as before" })).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task hosts_that_fail_or_are_too_old_leave_the_others_as_they_are()
    {
        var (good, failing, old) = (await Agent(), await Agent(), await TestAgent.Enrol(plane));
        await old.Beat();
        var key = $"explore-{Guid.NewGuid():N}";
        foreach (var agent in (TestAgent[])[good, failing, old])
            (await plane.User.PutAsJsonAsync($"/api/v2/agents/{agent.HostId}/labels", new { labels = new Dictionary<string, string> { [key] = "x" }, reason = "r" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        var asked = await Ask(new { selector = key });
        asked.GetProperty("leftOut").EnumerateArray().ShouldHaveSingleItem().GetProperty("hostId").GetString().ShouldBe(old.HostId);
        await Do(good, Report(Metric("up", 1, 6)));
        var task = (await failing.Poll()).ShouldHaveSingleItem();
        (await failing.Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await failing.Fail(task, "no-sample", retryable: false)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await old.Poll(0)).ShouldBeEmpty("an older agent could read none of the tasks that come with it");

        var view = await plane.Get($"/api/v2/explorations/{asked.GetProperty("id").GetGuid()}");
        view.GetProperty("state").GetString().ShouldBe("partial");
        view.GetProperty("hosts").EnumerateArray().Single(h => h.GetProperty("hostId").GetString() == failing.HostId).GetProperty("error").GetString()!.ShouldContain("no-sample");
        view.GetProperty("totalSeries").GetInt64().ShouldBe(1);

        await Refused(new { hosts = new[] { old.HostId } }, HttpStatusCode.Conflict, "agent-too-old");
        await Refused(new { hosts = new[] { "stranger" } }, HttpStatusCode.UnprocessableEntity, "host-unknown");
        await Refused(new { }, HttpStatusCode.UnprocessableEntity, "hosts-invalid");
        await Refused(new { hosts = new[] { good.HostId }, price = "nobody" }, HttpStatusCode.NotFound, "price-entry-unknown");
        await (await plane.User.GetAsync($"/api/v2/explorations/{Guid.NewGuid()}")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        await (await plane.User.GetAsync("/api/v2/explorations?after=x")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "cursor-invalid");
        var viewer = await plane.Person(Roles.Viewer);
        await (await viewer.Http.PostAsJsonAsync("/api/v2/explorations", new { hosts = new[] { good.HostId } })).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task what_no_collector_can_have_found_is_refused()
    {
        var agent = await Agent();
        await Ask(new { hosts = new[] { agent.HostId } });
        var task = (await agent.Poll()).ShouldHaveSingleItem();
        (await agent.Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var good = Report(Metric("m", 3, 3, Label("l", 2, ("a", 2), ("b", 1))));
        await (await Answer(agent, task, Report(Metric("m", 3, 3, Label("l", 2, ("a", 2)) with { Series = 3 })))).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "exploration-invalid");
        await (await Answer(agent, task, good with { Series = -1 })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "exploration-invalid");
        await (await Answer(agent, task, good with { Metrics = [.. Enumerable.Range(0, 101).Select(i => Metric($"m{i}", 1, 1))] })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "exploration-invalid");
        await (await Answer(agent, task, good with { Metrics = [Metric(new string('m', ExplorationReport.MaxBytes), 1, 1)] })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "exploration-invalid");
        (await Answer(agent, task, good)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public void values_that_hosts_do_not_name_make_a_lower_bound()
    {
        // 100 and 70 values, of which each host names two: between 100 and 170 there are.
        var merged = MergedExploration.Of(
            [Report(Metric("m", 100, 100, Label("l", 100, ("a", 5), ("b", 4)) with { Series = 100, OtherSeries = 91 })), Report(Metric("m", 70, 70, Label("l", 70, ("a", 3), ("c", 2)) with { Series = 70, OtherSeries = 65 }))],
            inDepth: false, _ => false);
        var label = merged.Metrics.ShouldHaveSingleItem().Labels.ShouldHaveSingleItem();
        (label.Values, label.ValuesAtLeast, label.Series, label.OtherSeries).ShouldBe((100, true, 170, 156));
        label.Top.Select(v => (v.Value, v.Series)).ShouldBe([("a", 8), ("b", 4), ("c", 2)]);
        merged.Truncated.ShouldBeTrue();

        MergedExploration.Of([Report(Metric("m", 100, 100, Label("l", 100, ("a", 5)) with { Series = 100, OtherSeries = 95 }))], false, _ => false)
            .Metrics[0].Labels[0].ValuesAtLeast.ShouldBeFalse("the only host knows how many it has");
    }

    [Fact]
    public void a_metric_that_a_host_may_have_left_out_is_a_lower_bound()
    {
        var whole = Report(Metric("a", 5, 5), Metric("b", 3, 3));
        var cut = Report(Metric("a", 9, 9)) with { Series = 29, OtherMetrics = 4, OtherSeries = 20 };
        var merged = MergedExploration.Of([whole, cut], false, name => name == "b");
        (merged.TotalSeries, merged.OtherSeries, merged.Truncated).ShouldBe((37, 20, true));
        merged.Metrics.Select(m => (m.Name, m.Series, m.AtLeast, m.Hosts, m.IsProtected)).ShouldBe([("a", 14, false, 2, false), ("b", 3, true, 1, true)]);
    }

    [Fact]
    public void costs_of_branches_are_shares_of_the_bill_of_all_that_is_known()
    {
        var price = PriceBook.Empty with { Entries = ListPrices.Entries };
        var (samples, _) = price.PriceOf("signoz-cloud-samples", new(2026, 6, 1));
        var found = MergedExploration.Of([Report(Metric("a", 10, 3_000_000, Label("l", 2, ("x", 7), ("y", 3))), Metric("b", 10, 1_000_000))], false, _ => false);
        var (priced, total, _) = found.With(samples!, new Rate(1_000, 40_000_000), 10);
        // 10 % of a bill of 40 million a minute at 0.10 per million over 43,800 minutes.
        total.ShouldBe(17_520m);
        priced!.Metrics.Select(m => m.MonthlyCost).ShouldBe([13_140m, 4_380m]);
        priced.Metrics[0].Labels[0].Top.Select(v => v.MonthlyCost).ShouldBe([9_198m, 3_942m]);
        found.With(samples!, Rate.None, 1).Total.ShouldBe(17_520m, "a price without tiers is the same whatever else is sent");

        var moment = MergedExploration.Of([Report(Metric("a", 10, 0)) with { Sample = Sample(0) }], false, _ => false);
        moment.Metrics[0].SamplesPerMinute.ShouldBeNull();
        moment.With(samples!, Rate.None, 1).Rejection!.Code.ShouldBe("rates-not-known");
    }

    async Task<TestAgent> Agent()
    {
        var agent = await TestAgent.Enrol(plane);
        await agent.BeatOfToday();
        return agent;
    }

    async Task<JsonElement> Ask(object request)
    {
        var answer = await plane.User.PostAsJsonAsync("/api/v2/explorations", request);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    async Task Refused(object request, HttpStatusCode status, string code) =>
        await (await plane.User.PostAsJsonAsync("/api/v2/explorations", request)).ShouldBeProblem(status, code);

    static async Task Do(TestAgent agent, ExplorationReport report, string? metric = null)
    {
        var task = (await agent.Poll()).ShouldHaveSingleItem();
        task.Explore!.Metric.ShouldBe(metric);
        (await agent.Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var answer = await Answer(agent, task, report);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
    }

    static Task<HttpResponseMessage> Answer(TestAgent agent, AssignedTask task, ExplorationReport? report) => agent.Http.PostAsJsonAsync(
        $"/api/v2/tasks/{task.Id}/result", new TaskResult(task.Lease, TaskOutcome.Succeeded, [], null, Exploration: report), WireJson.Default.Options);

    static ExplorationSample Sample(double seconds) => new("live", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddSeconds(seconds), seconds, 7, true, 0);

    static ExplorationReport Report(params ExploredMetricCount[] metrics) => new(Sample(60), metrics.Sum(m => m.Series), metrics.Sum(m => m.Samples), metrics, 0, 0, 0);

    static ExploredMetricCount Metric(string name, long series, long samples, params ExploredLabelCount[] labels) => new(name, "sum", "1", series, samples, labels, 0);

    static ExploredLabelCount Label(string name, long values, params (string Value, long Series)[] top) =>
        new(name, false, values, false, top.Sum(t => t.Series), [.. top.Select(t => new ExploredValueCount(t.Value, t.Series))], 0);
}
