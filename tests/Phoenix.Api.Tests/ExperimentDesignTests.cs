using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Phoenix.Domain.Statistics;
using Phoenix.Contracts;

namespace Phoenix.Api.Tests;

/// <summary>How an experiment is designed before it starts, and what becomes of its design.</summary>
[Collection(nameof(ControlPlane))]
public sealed class ExperimentDesignTests(ControlPlane plane)
{
    async Task<object> Design(string name, string[]? hosts = null, string? selector = null, string? group = null) => new
    {
        name, baseline = new { pipelineId = await plane.Pipeline(), version = 1 }, candidate = new { pipelineId = await plane.Pipeline(Scenario.ReducingYaml), version = 1 },
        hosts, selector, group, plan = new { warmUpSeconds = 0, durationSeconds = 15, windowSeconds = 5 }, criteria = new { claim = "observed" }, reason = "for the test",
    };

    async Task<Guid> Draft(object design)
    {
        var answer = await plane.User.PostAsJsonAsync("/api/v2/experiments", design);
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    async Task Label(TestAgent agent, string ring) =>
        (await plane.User.PutAsJsonAsync($"/api/v2/agents/{agent.HostId}/labels", new { labels = new Dictionary<string, string> { ["ring"] = ring }, reason = "for the test" })).EnsureSuccessStatusCode();

    static string?[] Hosts(JsonElement experiment) => [.. experiment.GetProperty("hosts").EnumerateArray().Select(h => h.GetString())];

    [Fact]
    public async Task a_draft_is_edited_in_full_and_what_has_started_is_not()
    {
        TestAgent[] agents = [await TestAgent.Enrol(plane), await TestAgent.Enrol(plane)];
        var id = await Draft(await Design("first", [agents[0].HostId]));
        (await plane.User.PutAsJsonAsync($"/api/v2/experiments/{id}", await Design("second", [agents[1].HostId]))).StatusCode.ShouldBe(HttpStatusCode.OK);
        var edited = await plane.Get($"/api/v2/experiments/{id}");
        (edited.GetProperty("name").GetString(), edited.GetProperty("version").GetInt32()).ShouldBe(("second", 2));
        Hosts(edited).ShouldBe([agents[1].HostId]);
        async Task<HttpResponseMessage> If(string version) => await plane.User.SendAsync(new(HttpMethod.Put, $"/api/v2/experiments/{id}")
        {
            Content = JsonContent.Create(await Design("third", [agents[1].HostId])), Headers = { { "If-Match", version } },
        });
        await (await If("\"1\"")).ShouldBeProblem(HttpStatusCode.PreconditionFailed, "changed-meanwhile");
        (await If("\"2\"")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await (await plane.User.PutAsJsonAsync($"/api/v2/experiments/{id}", await Design("", [agents[1].HostId]))).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "experiment-name-invalid");
        await (await plane.User.PutAsJsonAsync($"/api/v2/experiments/{Guid.NewGuid()}", await Design("x", [agents[1].HostId]))).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        // What is started is what was read.
        async Task<HttpResponseMessage> StartIf(string version) => await plane.User.SendAsync(new(HttpMethod.Post, $"/api/v2/experiments/{id}/start")
        {
            Content = JsonContent.Create(new { reason = "as it was read" }), Headers = { { "If-Match", version } },
        });
        await (await StartIf("\"2\"")).ShouldBeProblem(HttpStatusCode.PreconditionFailed, "changed-meanwhile");
        // A condition that cannot be read is not met.
        using var unreadable = new HttpRequestMessage(HttpMethod.Post, $"/api/v2/experiments/{id}/start") { Content = JsonContent.Create(new { }) };
        unreadable.Headers.TryAddWithoutValidation("If-Match", "3").ShouldBeTrue();
        await (await plane.User.SendAsync(unreadable)).ShouldBeProblem(HttpStatusCode.PreconditionFailed, "changed-meanwhile");
        (await StartIf("\"3\"")).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await agents[1].DoNext()).Desired!.ExperimentId.ShouldBe(id);
        (await agents[0].Poll(waitSeconds: 0.2)).ShouldBeEmpty();
        await (await plane.User.PutAsJsonAsync($"/api/v2/experiments/{id}", await Design("third", [agents[1].HostId]))).ShouldBeProblem(HttpStatusCode.Conflict, "illegal-transition");
        await Eventually.Get(() => plane.Get($"/api/v2/audit?streamId={id}"), log => log.GetProperty("items").EnumerateArray().Any(e => e.GetProperty("type").GetString() == "experiment_edited"), "the edit to be in the log");
    }

    [Fact]
    public async Task a_clone_is_a_draft_of_its_own_that_says_where_it_is_from()
    {
        var (experiment, agent) = await plane.Running();
        var answer = await plane.User.PostAsJsonAsync($"/api/v2/experiments/{experiment}/clone", new { reason = "again" });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        var clone = await plane.Get($"/api/v2/experiments/{(await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid()}");
        clone.GetProperty("state").GetString().ShouldBe("draft");
        clone.GetProperty("name").GetString().ShouldBe("Copy of e");
        clone.GetProperty("clonedFrom").GetGuid().ShouldBe(experiment);
        Hosts(clone).ShouldBe([agent.HostId]);
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{experiment}/clone", new { name = new string('x', 201) })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "experiment-name-invalid");
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{Guid.NewGuid()}/clone", new { })).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task the_archive_hides_what_rests_and_nothing_else()
    {
        var agent = await TestAgent.Enrol(plane);
        var id = await Draft(await Design("archived", [agent.HostId]));
        async Task<bool> Listed(string query) => (await plane.Get($"/api/v2/experiments?limit=1000{query}")).GetProperty("items").EnumerateArray().Any(e => e.GetProperty("id").GetGuid() == id);
        (await Listed("")).ShouldBeTrue();
        for (var i = 0; i < 2; i++) await plane.Command(id, "archive");
        (await Listed("")).ShouldBeFalse();
        (await Listed("&archived=true")).ShouldBeTrue();
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/start", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "experiment-archived");
        await plane.Command(id, "unarchive");
        (await Listed("")).ShouldBeTrue();
        await plane.Command(id, "start");
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/archive", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "illegal-transition");
    }

    [Fact]
    public async Task labels_choose_the_hosts_when_the_experiment_starts()
    {
        var ring = $"r{Guid.NewGuid():N}";
        TestAgent[] agents = [await TestAgent.Enrol(plane), await TestAgent.Enrol(plane), await TestAgent.Enrol(plane)];
        await Label(agents[0], ring);
        await Label(agents[1], ring);
        var id = await Draft(await Design("labelled", selector: $"ring={ring}"));
        Hosts(await plane.Get($"/api/v2/experiments/{id}")).ShouldBe([agents[0].HostId, agents[1].HostId], ignoreOrder: true);
        await Label(agents[0], "other");
        await Label(agents[2], ring);
        await plane.Command(id, "start");
        Hosts(await plane.Get($"/api/v2/experiments/{id}")).ShouldBe([agents[1].HostId, agents[2].HostId], ignoreOrder: true);
        (await agents[2].DoNext()).Desired!.ExperimentId.ShouldBe(id);
        (await agents[0].Poll(waitSeconds: 0.2)).ShouldBeEmpty();

        // Whoever comes later is not in it.
        await Label(agents[0], ring);
        Hosts(await plane.Get($"/api/v2/experiments/{id}")).Length.ShouldBe(2);
    }

    [Fact]
    public async Task a_group_that_is_gone_or_empty_starts_nothing()
    {
        var (ring, group) = ($"r{Guid.NewGuid():N}", $"g{Guid.NewGuid():N}");
        var agent = await TestAgent.Enrol(plane);
        await Label(agent, ring);
        (await plane.User.PutAsJsonAsync($"/api/v2/groups/{group}", new { selector = $"ring={ring}", reason = "for the test" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        var id = await Draft(await Design("grouped", group: group));
        await Label(agent, "other");
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/start", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "hosts-missing");
        (await plane.User.DeleteAsync($"/api/v2/groups/{group}")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/start", new { })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "group-unknown");
        (await plane.Get($"/api/v2/experiments/{id}")).GetProperty("state").GetString().ShouldBe("draft");
    }

    [Fact]
    public async Task overlaps_say_who_has_the_hosts_and_what_to_do()
    {
        var (running, agent) = await plane.Running();
        var drafted = await Draft(await Design("same host", [agent.HostId]));
        var asked = await (await plane.User.PostAsJsonAsync("/api/v2/experiments/overlaps", new { hosts = new[] { agent.HostId, "stranger" } })).Content.ReadFromJsonAsync<JsonElement>();
        asked.GetProperty("hosts").GetInt32().ShouldBe(2);
        asked.GetProperty("overlaps").EnumerateArray().Select(o => (o.GetProperty("experimentId").GetGuid(), o.GetProperty("kind").GetString(), o.GetProperty("sharedHosts").GetInt64()))
            .ShouldBe([(running, "blocking", 1), (drafted, "warning", 1)]);
        var own = (await plane.Get($"/api/v2/experiments/{drafted}/overlaps")).GetProperty("overlaps").EnumerateArray().ShouldHaveSingleItem();
        own.GetProperty("experimentId").GetGuid().ShouldBe(running);
        own.GetProperty("some").EnumerateArray().ShouldHaveSingleItem().GetString().ShouldBe(agent.HostId);
        own.GetProperty("remedy").GetString()!.ShouldContain("stop it");
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{drafted}/start", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "host-busy");
        await plane.Command(drafted, "archive");
        (await plane.Get($"/api/v2/experiments/{running}/overlaps")).GetProperty("overlaps").EnumerateArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task power_is_told_from_what_is_given_or_was_measured_and_never_made_up()
    {
        var agent = await TestAgent.Enrol(plane);
        var candidate = await plane.Pipeline(Scenario.ReducingYaml);
        var baseline = await plane.Pipeline();
        var id = await plane.Experiment(baseline, candidate, [agent.HostId], windows: HostsClaim.LeastWindows, claim: "hosts");
        await (await plane.User.GetAsync($"/api/v2/experiments/{id}/power")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "power-question-incomplete");
        await (await plane.User.GetAsync($"/api/v2/experiments/{id}/power?expectedReductionPct=50&windowDeviationPct=-1&autocorrelationWindows=1")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "power-question-invalid");
        await (await plane.User.GetAsync($"/api/v2/experiments/{id}/power?expectedReductionPct=50&windowDeviationPct=5")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "power-question-incomplete");
        var given = await plane.Get($"/api/v2/experiments/{id}/power?expectedReductionPct=50&windowDeviationPct=5&autocorrelationWindows=1");
        given.GetProperty("basis").GetString().ShouldBe("given");
        given.GetProperty("earliestSeconds").GetDouble().ShouldBe(5 * HostsClaim.LeastWindows);
        given.GetProperty("power").GetDouble().ShouldBeGreaterThan(0.9);
        // What takes longer than anybody lives is never.
        (await plane.Get($"/api/v2/experiments/{id}/power?expectedReductionPct=20.001&windowDeviationPct=1000&autocorrelationWindows=100000")).GetProperty("expectedSeconds").ValueKind.ShouldBe(JsonValueKind.Null);

        await plane.Command(id, "start");
        await agent.DoNext();
        await plane.UntilState(id, "running");
        await agent.Report(id, [.. Enumerable.Range(1, 40).Select(n => Windows.Good(n, 300 + n % 7))]);
        await Eventually.Get(() => plane.Get($"/api/v2/experiments/{id}"), e => e.GetProperty("windows").GetInt32() >= 30, "windows to count");
        var measured = await plane.Get($"/api/v2/experiments/{id}/power");
        measured.GetProperty("basis").GetString().ShouldBe("this experiment");
        measured.GetProperty("windowDeviationPct").GetDouble().ShouldBeInRange(0.01, 1);
        var claims = (await plane.Get($"/api/v2/experiments/{id}")).GetProperty("claims").EnumerateArray().ToList();
        claims.Select(c => (c.GetProperty("claim").GetString(), c.GetProperty("outcome").GetString())).ShouldBe([("observed", "promote"), ("hosts", "inconclusive")]);

        var other = await plane.Experiment(baseline, candidate, [(await TestAgent.Enrol(plane)).HostId], windows: HostsClaim.LeastWindows, claim: "hosts");
        (await plane.Get($"/api/v2/experiments/{other}/power")).GetProperty("basis").GetString().ShouldBe("experiment e");
    }

    [Fact]
    public async Task a_verdict_on_the_time_to_come_is_reached_over_the_protocol()
    {
        var (experiment, agent) = await plane.Running(windows: HostsClaim.LeastWindows, claim: "hosts");
        await agent.Report(experiment, [.. Enumerable.Range(1, HostsClaim.LeastWindows + 3).Select(n => Windows.Good(n, 300 + n % 7))]);
        var done = await plane.UntilState(experiment, "completing");
        done.GetProperty("verdict").GetProperty("outcome").GetString().ShouldBe("promote");
        done.GetProperty("verdict").GetProperty("scope").GetString()!.ShouldContain("hours of the day (UTC)");
        var claim = done.GetProperty("claims").EnumerateArray().Single(c => c.GetProperty("claim").GetString() == "hosts");
        claim.GetProperty("lowerPct").GetDouble().ShouldBeInRange(60, claim.GetProperty("reductionPct").GetDouble());
    }

    [Fact]
    public async Task hosts_are_drawn_from_a_fleet_in_proportion_to_what_they_send_and_the_draw_is_written_down()
    {
        var label = $"f{Guid.NewGuid():N}"[..20];
        List<TestAgent> agents = [];
        for (var i = 0; i < 7; i++)
        {
            agents.Add(await TestAgent.Enrol(plane));
            (await plane.User.PutAsJsonAsync($"/api/v2/agents/{agents[i].HostId}/labels", new { labels = new Dictionary<string, string> { ["fleet"] = label }, reason = "" })).EnsureSuccessStatusCode();
        }
        var (baseline, candidate) = (await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml));
        object Draft(int? sampleHosts, string? selector, string claim = "fleet") => new
        {
            name = "e", baseline = new { pipelineId = baseline, version = 1 }, candidate = new { pipelineId = candidate, version = 1 },
            selector, hosts = selector is null ? new[] { agents[0].HostId } : null, sampleHosts, plan = new { warmUpSeconds = 0, durationSeconds = 5 * 160, windowSeconds = 5 },
            criteria = new { minSeriesReductionPct = 20, claim },
        };
        await (await plane.User.PostAsJsonAsync("/api/v2/experiments", Draft(null, $"fleet={label}"))).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "sample-missing");
        await (await plane.User.PostAsJsonAsync("/api/v2/experiments", Draft(8, $"fleet={label}"))).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "sample-invalid");
        await (await plane.User.PostAsJsonAsync("/api/v2/experiments", Draft(5, null, "hosts"))).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "sample-invalid");
        var drafted = await plane.User.PostAsJsonAsync("/api/v2/experiments", Draft(5, $"fleet={label}"));
        drafted.StatusCode.ShouldBe(HttpStatusCode.Created, await drafted.Content.ReadAsStringAsync());
        var id = (await drafted.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        var power = await plane.Get($"/api/v2/experiments/{id}/power?expectedReductionPct=70&windowDeviationPct=2&autocorrelationWindows=1&hostDeviationPct=3");
        (power.GetProperty("fleet").GetProperty("drawnHosts").GetInt32(), power.GetProperty("fleet").GetProperty("fleetHosts").GetInt32()).ShouldBe((5, 7));
        var spread = await plane.Get($"/api/v2/experiments/{id}/power?expectedReductionPct=70&windowDeviationPct=2&autocorrelationWindows=1&hostDeviationPct=40");
        spread.GetProperty("fleet").GetProperty("power").GetDouble().ShouldBeLessThanOrEqualTo(power.GetProperty("fleet").GetProperty("power").GetDouble());
        // Nobody has said yet what it takes in.
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/start", new { reason = "" })).ShouldBeProblem(HttpStatusCode.Conflict, "fleet-too-small");
        foreach (var agent in agents.Take(6))
            await agent.Beat(new CollectorHealth("production", CollectorArm.Production, "h", true, null, 0, 1, [], Flow: new(5, 100, 100, 100, 100, 0, 0, 1)));
        await plane.Command(id, "start");
        var started = await plane.Get($"/api/v2/experiments/{id}");
        var drawn = started.GetProperty("sample").GetProperty("drawn").EnumerateArray().Select(d => d.GetProperty("hostId").GetString()).ToList();
        drawn.Count.ShouldBe(5);
        started.GetProperty("hosts").EnumerateArray().Select(h => h.GetString()).ShouldBe(drawn);
        started.GetProperty("sample").GetProperty("fleetHosts").GetInt32().ShouldBe(6);
        var timeline = await Eventually.Get(() => plane.Get($"/api/v2/experiments/{id}/timeline?limit=100"), t => t.ToString().Contains("fleet_sampled", StringComparison.Ordinal), "the draw in the log");
        timeline.ToString().ShouldContain(agents[6].HostId, customMessage: "who was not spoken of is named");
        await plane.Command(id, "stop");
    }
}
