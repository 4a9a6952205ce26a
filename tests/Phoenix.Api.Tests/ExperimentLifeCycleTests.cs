using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Phoenix.Contracts;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class ExperimentLifeCycleTests(ControlPlane plane)
{
    [Fact]
    public async Task an_experiment_runs_from_start_to_promotion_and_every_step_is_an_event()
    {
        var (id, agent) = await plane.Running();
        // The first window was open when the warm-up ended and does not count.
        for (var n = 1; n <= 4; n++) await agent.Report(id, Windows.Good(n));
        var completing = await plane.UntilState(id, "completing");
        completing.GetProperty("verdict").GetProperty("outcome").GetString().ShouldBe("promote");
        completing.GetProperty("verdict").GetProperty("scope").GetString().ShouldBe("this host, the windows measured");
        completing.GetProperty("windows").GetInt32().ShouldBe(3);
        var evidence = completing.GetProperty("evidence");
        evidence.GetProperty("liveSeriesReductionPct").GetDouble().ShouldBe(70, 0.001);
        // 700 samples in 5 s are 140 a second; a month of 730 hours at 0.10 USD a million.
        evidence.GetProperty("saving").GetProperty("perMonth").GetDouble().ShouldBe(140 * 730 * 3600 * 0.10 / 1e6, 0.01);

        var remove = await agent.DoNext();
        remove.Desired.Remove.ShouldHaveSingleItem().ShouldStartWith("candidate-");
        await plane.UntilState(id, "completed");

        await plane.Command(id, "promote", "it saves money");
        var promote = await agent.DoNext();
        promote.Desired.Collectors.ShouldHaveSingleItem().Configuration.ShouldBe(Scenario.ReducingYaml);
        promote.Desired.Collectors[0].Arm.ShouldBe(CollectorArm.Production);
        await plane.UntilState(id, "promoted");

        var audit = await Eventually.Get(() => plane.Get($"/api/v2/audit?experimentId={id}&limit=1000"),
            a => a.GetProperty("items").EnumerateArray().Any(e => e.GetProperty("type").GetString() == "experiment_promoted"), "the audit log");
        var types = audit.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("type").GetString()).ToList();
        types.ShouldContain("task_queued");
        types.Where(t => !t!.StartsWith("task_", StringComparison.Ordinal)).ShouldBe([
            "experiment_drafted", "experiment_started", "variants_applied", "warm_up_ended", "window_measured", "window_measured",
            "window_measured", "window_measured", "verdict_reached", "candidate_removed", "experiment_completed", "promotion_requested",
            "deployment_requested", "wave_started", "hosts_deployed", "wave_completed", "variant_promoted", "wave_judged", "deployment_completed", "experiment_promoted"], ignoreOrder: true);
        var requested = audit.GetProperty("items").EnumerateArray().Single(e => e.GetProperty("type").GetString() == "promotion_requested");
        requested.GetProperty("reason").GetString().ShouldBe("it saves money");
        Guid.TryParse(requested.GetProperty("actor").GetString(), out _).ShouldBeTrue();
        foreach (var e in audit.GetProperty("items").EnumerateArray()) e.GetProperty("actor").GetString().ShouldNotBeNullOrEmpty();

        var savings = await Eventually.Get(() => plane.Get("/api/v2/savings"),
            s => s.GetProperty("items").EnumerateArray().Any(e => e.GetProperty("id").GetGuid() == id && e.GetProperty("state").GetString() == "live"), "the ledger");
        var entry = savings.GetProperty("items").EnumerateArray().Single(s => s.GetProperty("id").GetGuid() == id);
        entry.GetProperty("state").GetString().ShouldBe("live");
        entry.GetProperty("saving").GetProperty("perMonth").GetDouble().ShouldBe(140 * 730 * 3600 * 0.10 / 1e6, 0.01);
        // Four windows of 5 s, 1,000 samples against 300 in each.
        var day = entry.GetProperty("days").EnumerateArray().ShouldHaveSingleItem();
        (day.GetProperty("baselineSamples").GetInt64(), day.GetProperty("candidateSamples").GetInt64()).ShouldBe((4000, 1200));
    }

    [Theory]
    [InlineData(0.5, 5, "conservation", "shop.requests")]
    [InlineData(0, 4, "protectedRetention", "up")]
    public async Task a_breached_guardrail_rolls_back_by_itself(double errorPct, long retained, string guardrail, string named)
    {
        var (id, agent) = await plane.Running();
        await agent.Report(id, Windows.Good(1, conservationErrorPct: errorPct, protectedRetained: retained));
        var task = await agent.DoNext();
        task.Desired.Collectors.ShouldHaveSingleItem().Configuration.ShouldBe(Scenario.Yaml);
        task.Desired.Remove.ShouldHaveSingleItem();
        var ended = await plane.UntilState(id, "rolledBack");
        ended.GetProperty("breach").GetProperty("guardrail").GetString().ShouldBe(guardrail);
        ended.GetProperty("breach").GetProperty("detail").GetString()!.ShouldContain(named);
        ended.GetProperty("verdict").GetProperty("outcome").GetString().ShouldBe("reject");
        (await plane.Get("/api/v2/experiments/undecided?limit=1000")).GetProperty("items").EnumerateArray().Single(e => e.GetProperty("id").GetGuid() == id)
            .GetProperty("breach").GetString().ShouldBe(ended.GetProperty("breach").GetProperty("detail").GetString());
    }

    [Fact]
    public async Task a_reduction_below_the_required_one_is_rejected_and_cannot_be_promoted()
    {
        var (id, agent) = await plane.Running();
        for (var n = 1; n <= 4; n++) await agent.Report(id, Windows.Good(n, candidateSeries: 900));
        await agent.DoNext();
        var ended = await plane.UntilState(id, "completed");
        ended.GetProperty("verdict").GetProperty("outcome").GetString().ShouldBe("reject");
        var refused = await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/promote", new { reason = "anyway" });
        await refused.ShouldBeProblem(HttpStatusCode.Conflict, "verdict-not-promote");
    }

    [Fact]
    public async Task a_window_that_is_reported_twice_counts_once_and_a_void_one_does_not_count()
    {
        var (id, agent) = await plane.Running(windows: 2);
        await agent.Report(id, Windows.Good(1), Windows.Void(2, "input-mismatch"), Windows.Good(3));
        await agent.Report(id, Windows.Good(3));
        await agent.Report(id, Windows.Good(3));
        var seen = await Eventually.Get(() => plane.Get($"/api/v2/experiments/{id}"),
            e => e.GetProperty("voidWindows").GetInt32() == 1 && e.GetProperty("windows").GetInt32() == 1, "one void and one counted window");
        seen.GetProperty("state").GetString().ShouldBe("running");
        await agent.Report(id, Windows.Good(4));
        await plane.UntilState(id, "completing");
    }

    [Fact]
    public async Task stopping_removes_the_candidate_and_is_told_with_its_reason()
    {
        var (id, agent) = await plane.Running();
        await plane.Command(id, "stop", "wrong hosts");
        (await agent.DoNext()).Desired.Remove.ShouldHaveSingleItem();
        await plane.UntilState(id, "stopped");
        var timeline = await plane.Get($"/api/v2/experiments/{id}/timeline");
        timeline.GetProperty("items").EnumerateArray().Single(e => e.GetProperty("type").GetString() == "stop_requested")
            .GetProperty("reason").GetString().ShouldBe("wrong hosts");
    }

    [Fact]
    public async Task illegal_transitions_are_refused_with_the_state()
    {
        var (id, _) = await plane.Running();
        var again = await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/start", new { reason = "" });
        await again.ShouldBeProblem(HttpStatusCode.Conflict, "illegal-transition");
        (await again.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString()!.ShouldContain("running");
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/promote", new { reason = "" })).ShouldBeProblem(HttpStatusCode.Conflict, "illegal-transition");
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{Guid.NewGuid()}/start", new { reason = "" })).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task a_host_takes_part_in_one_experiment_at_a_time_also_when_both_start_at_once()
    {
        var agent = await TestAgent.Enrol(plane);
        var pipeline = await plane.Pipeline();
        var ids = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => plane.Experiment(pipeline, pipeline, [agent.HostId])));
        var answers = await Task.WhenAll(ids.Select(id => plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/start", new { reason = "race" })));
        answers.Count(a => a.StatusCode == HttpStatusCode.Accepted).ShouldBe(1);
        foreach (var refused in answers.Where(a => a.StatusCode != HttpStatusCode.Accepted)) await refused.ShouldBeProblem(HttpStatusCode.Conflict, "host-busy");
    }

    [Fact]
    public async Task a_baseline_that_is_not_live_on_the_host_is_refused()
    {
        var (id, agent) = await plane.Running();
        await plane.Command(id, "stop");
        await agent.DoNext();
        await plane.UntilState(id, "stopped");
        var other = await plane.Experiment(await plane.Pipeline(Scenario.ReducingYaml), await plane.Pipeline(), [agent.HostId]);
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{other}/start", new { reason = "" })).ShouldBeProblem(HttpStatusCode.Conflict, "baseline-not-live");
    }

    [Fact]
    public async Task a_configuration_that_a_host_refuses_rolls_the_experiment_back_and_names_the_error()
    {
        var agent = await TestAgent.Enrol(plane);
        var id = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId]);
        await plane.Command(id, "start");
        var task = (await agent.Poll()).ShouldHaveSingleItem();
        (await agent.Fail(task, "configuration-invalid", retryable: false)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await agent.DoNext();
        var ended = await plane.UntilState(id, "rolledBack");
        ended.GetProperty("failedHosts").EnumerateArray().ShouldHaveSingleItem().GetProperty("error").GetString()!.ShouldContain("configuration-invalid");
    }

    [Fact]
    public async Task an_experiment_is_extended_while_it_runs_and_its_host_is_told_the_new_time()
    {
        var (id, agent) = await plane.Running(windows: 2);
        var before = await plane.Get($"/api/v2/experiments/{id}");
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/extend", new { seconds = 0.5, reason = "" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "duration-invalid");
        (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/extend", new { seconds = 10, reason = "one more look" })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var renewal = await agent.DoNext();
        var candidate = renewal.Desired.Collectors.Single(c => c.Arm == CollectorArm.Candidate);
        renewal.Desired.Measurement.ShouldNotBeNull().ExperimentId.ShouldBe(id);
        var after = await Eventually.Get(() => plane.Get($"/api/v2/experiments/{id}"), e => e.GetProperty("plan").GetProperty("durationSeconds").GetDouble() == 20, "the longer plan");
        (after.GetProperty("runEndsAt").GetDateTimeOffset() - before.GetProperty("runEndsAt").GetDateTimeOffset()).ShouldBe(TimeSpan.FromSeconds(20));
        candidate.ExpiresAt.ShouldNotBeNull().ShouldBeGreaterThan(after.GetProperty("runEndsAt").GetDateTimeOffset());

        // Two windows were enough before; it takes four now.
        for (var n = 1; n <= 4; n++) await agent.Report(id, Windows.Good(n));
        var running = await Eventually.Get(() => plane.Get($"/api/v2/experiments/{id}"), e => e.GetProperty("windows").GetInt32() == 3, "three windows");
        running.GetProperty("state").GetString().ShouldBe("running");
        await agent.Report(id, Windows.Good(5));
        await plane.UntilState(id, "completing");
        var types = (await Eventually.Get(() => plane.Get($"/api/v2/experiments/{id}/timeline?limit=1000"),
            t => t.GetProperty("items").EnumerateArray().Any(e => e.GetProperty("type").GetString() == "verdict_reached"), "the timeline"))
            .GetProperty("items").EnumerateArray().Select(e => e.GetProperty("type").GetString()).ToList();
        types.IndexOf("experiment_extended").ShouldBeLessThan(types.IndexOf("candidate_renewed"));
    }

    [Fact]
    public async Task deciding_for_the_baseline_ends_a_running_experiment()
    {
        var (id, agent) = await plane.Running();
        (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/promote", new { variant = "baseline", reason = "we know enough" })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await agent.DoNext()).Desired.Remove.ShouldHaveSingleItem();
        (await plane.UntilState(id, "stopped")).GetProperty("baselineKept").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task windows_whose_arms_saw_different_input_are_void_and_twice_in_a_row_end_the_candidate()
    {
        var (id, agent) = await plane.Running();
        await agent.Report(id, Mismatched(1));
        var first = await Eventually.Get(() => plane.Get($"/api/v2/experiments/{id}"), e => e.GetProperty("voidWindows").GetInt32() == 1, "a void window");
        first.GetProperty("state").GetString().ShouldBe("running");
        await agent.Report(id, Mismatched(2));
        await agent.DoNext();
        var ended = await plane.UntilState(id, "rolledBack");
        ended.GetProperty("breach").GetProperty("guardrail").GetString().ShouldBe("inputMismatch");

        static WindowReport Mismatched(int number)
        {
            var good = Windows.Good(number);
            return good with { Candidate = good.Candidate! with { Input = good.Candidate.Input with { Checksum = "0100" } } };
        }
    }

    [Fact]
    public async Task the_times_of_a_host_whose_clock_is_an_hour_off_are_put_right_and_the_event_says_so()
    {
        var (id, agent) = await plane.Running();
        var ahead = DateTimeOffset.UtcNow.AddHours(1);
        var window = Windows.Good(1) with { StartedAt = ahead.AddSeconds(-6), EndedAt = ahead.AddSeconds(-1) };
        var answer = await agent.Http.PostAsJsonAsync("/api/v2/measurements", new MeasurementReport(id, [window], ahead), WireJson.Default.Options);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        var seen = await Eventually.Get(() => plane.Get($"/api/v2/experiments/{id}"), e => e.GetProperty("latestWindow").ValueKind != JsonValueKind.Null, "the window");
        var latest = seen.GetProperty("latestWindow");
        latest.GetProperty("maxClockSkewSeconds").GetDouble().ShouldBe(3600, 30);
        var hours = latest.GetProperty("hoursUtc").EnumerateArray().Select(h => h.GetInt32()).ToList();
        hours.ShouldAllBe(h => h == DateTime.UtcNow.Hour || h == DateTime.UtcNow.AddMinutes(-1).Hour);
    }

    [Fact]
    public async Task each_host_shows_what_it_measured_what_was_void_and_what_came_too_late()
    {
        var (first, second) = (await TestAgent.Enrol(plane), await TestAgent.Enrol(plane));
        var id = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [first.HostId, second.HostId], windows: 100);
        await plane.Command(id, "start");
        await first.DoNext();
        await second.DoNext();
        await plane.UntilState(id, "running");
        await first.Report(id, Windows.Good(1), Windows.Void(2, "tee-dropped"));
        await second.Report(id, Windows.Good(2));
        // Window 1 is closed without the second host ten seconds after its first report; what it says then is kept and counts for nothing.
        await Eventually.Get(() => plane.Get($"/api/v2/experiments/{id}/hosts"), h => Of(h, second).GetProperty("notReported").GetInt64() == 1, "the window to be closed");
        await second.Report(id, Windows.Good(1));
        await second.Report(id, Windows.Good(1));
        var hosts = await plane.Get($"/api/v2/experiments/{id}/hosts");
        var (a, b) = (Of(hosts, first), Of(hosts, second));
        (a.GetProperty("windows").GetInt64(), a.GetProperty("void").GetProperty("tee-dropped").GetInt64(), a.GetProperty("late").GetInt64()).ShouldBe((1, 1, 0));
        a.GetProperty("reductionPct").GetDouble().ShouldBe(70, 0.001);
        (b.GetProperty("windows").GetInt64(), b.GetProperty("late").GetInt64(), b.GetProperty("notReported").GetInt64()).ShouldBe((2, 1, 1));
        b.GetProperty("state").GetString().ShouldBe("takesPart");
        var page = await plane.Get($"/api/v2/experiments/{id}/hosts?limit=1");
        page.GetProperty("items").GetArrayLength().ShouldBe(1);
        (await plane.Get($"/api/v2/experiments/{id}/hosts?limit=1&after={page.GetProperty("next").GetString()}")).GetProperty("items").GetArrayLength().ShouldBe(1);
        await plane.Command(id, "stop");

        static JsonElement Of(JsonElement hosts, TestAgent agent) => hosts.GetProperty("items").EnumerateArray().Single(h => h.GetProperty("hostId").GetString() == agent.HostId);
    }
}
