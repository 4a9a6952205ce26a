using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Deployments;
using Phoenix.Contracts;
using Wolverine;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class DeploymentTests(ControlPlane plane)
{
    [Fact]
    public async Task a_version_goes_out_in_waves_each_judged_by_what_its_hosts_report()
    {
        var (canary, other) = (await TestAgent.Enrol(plane), await TestAgent.Enrol(plane));
        var label = Unique("c");
        (await plane.User.PutAsJsonAsync($"/api/v2/agents/{canary.HostId}/labels", new { labels = new Dictionary<string, string> { ["stage"] = label }, reason = "" })).EnsureSuccessStatusCode();
        var pipeline = await plane.Pipeline();
        var id = await Deploy(pipeline, [other.HostId, canary.HostId], new { waves = new[] { $"stage={label}", "100%" }, soakSeconds = 0, patienceSeconds = 600 });

        var task = await canary.DoNext();
        task.Desired.Collectors.ShouldHaveSingleItem().Configuration.ShouldBe(Scenario.Yaml);
        await Until(id, "soaking");
        (await other.Poll(0.2)).ShouldBeEmpty("the second wave waits for what the first one reports");

        // Before a whole window was measured nobody knows that what left is what came in.
        (await Error(canary)).ValueKind.ShouldBe(JsonValueKind.Null);
        await canary.Beat(Running(task));
        (await Error(canary)).GetDouble().ShouldBe(0);
        await other.DoNext();
        await Until(id, "soaking");
        await canary.Beat(Running(task));
        await other.Beat(Running(task));
        var done = await Until(id, "completed");
        done.GetProperty("judged").GetProperty("checks").EnumerateArray().Select(c => (c.GetProperty("kind").GetString(), c.GetProperty("outcome").GetString())).ShouldBe(
            [("dataLeaves", "met"), ("fidelity", "met"), ("saving", "notAsked"), ("cpu", "met"), ("memory", "met")]);

        var versions = await Eventually.Get(() => plane.Get($"/api/v2/agents/{canary.HostId}/versions"), v => v.GetProperty("items").GetArrayLength() == 1, "the host's versions");
        versions.GetProperty("items")[0].GetProperty("pipelineId").GetGuid().ShouldBe(pipeline);

        async Task<JsonElement> Error(TestAgent agent) => (await plane.Get($"/api/v2/deployments/{id}")).GetProperty("hosts").GetProperty("items").EnumerateArray()
            .Single(h => h.GetProperty("hostId").GetString() == agent.HostId).GetProperty("now").GetProperty("conservationErrorPct");
    }

    [Fact]
    public async Task a_wave_that_is_not_well_goes_back_by_itself_to_what_ran_before()
    {
        var agent = await TestAgent.Enrol(plane);
        var first = await Deploy(await plane.Pipeline(), [agent.HostId], Scenario.Unwatched);
        await agent.DoNext();
        await Until(first, "completed");

        var second = await Deploy(await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId], new { soakSeconds = 0 });
        var task = await agent.DoNext();
        // What the host has said before says nothing of the wave.
        await Until(second, "soaking");
        await agent.Beat(Running(task) with { Healthy = false, Reason = "exports fail" });
        var back = await agent.DoNext();
        back.Desired.Collectors.ShouldHaveSingleItem().Configuration.ShouldBe(Scenario.Yaml);
        var ended = await Until(second, "rolledBack");
        ended.GetProperty("detail").GetString()!.ShouldContain("exports fail");
        ended.GetProperty("judged").GetProperty("checks").EnumerateArray().Single(c => c.GetProperty("kind").GetString() == "dataLeaves").GetProperty("outcome").GetString().ShouldBe("notMet");

        // History, and back to any version of it.
        var versions = await Eventually.Get(() => plane.Get($"/api/v2/agents/{agent.HostId}/versions"), v => v.GetProperty("items").GetArrayLength() == 3, "three versions");
        versions.GetProperty("items").EnumerateArray().Select(v => v.GetProperty("configurationHash").GetString()).ShouldBe(
            [back.Desired.Collectors[0].ConfigurationHash, task.Desired.Collectors[0].ConfigurationHash, back.Desired.Collectors[0].ConfigurationHash]);
        var page = await plane.Get($"/api/v2/agents/{agent.HostId}/versions?limit=1");
        (await plane.Get($"/api/v2/agents/{agent.HostId}/versions?limit=5&after={Uri.EscapeDataString(page.GetProperty("next").GetString()!)}")).GetProperty("items").GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public async Task a_completed_deployment_is_rolled_back_and_what_is_paused_asks_no_further_host()
    {
        var agents = new[] { await TestAgent.Enrol(plane), await TestAgent.Enrol(plane) };
        string[] hosts = [.. agents.Select(a => a.HostId)];
        var first = await Deploy(await plane.Pipeline(), hosts, new { waves = new[] { "100%" }, soakSeconds = 0, gate = new { off = true } });
        foreach (var agent in agents) await agent.DoNext();
        await Until(first, "completed");

        var second = await Deploy(await plane.Pipeline(Scenario.ReducingYaml), hosts, new { waves = new[] { "1", "100%" }, soakSeconds = 600 });
        await agents[0].DoNext();
        await Until(second, "soaking");
        await Command(second, "pause");
        await Until(second, "held");
        // Nothing waits for an approval: said again it changes nothing.
        (await plane.User.PostAsJsonAsync($"/api/v2/deployments/{second}/approve", new { reason = "" })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await Command(second, "abort");
        await Until(second, "aborted");
        (await agents[1].Poll(0.2)).ShouldBeEmpty();
        // What it has put there may still be taken back.
        await Command(second, "rollback");
        (await agents[0].DoNext()).Desired.Collectors.ShouldHaveSingleItem().Configuration.ShouldBe(Scenario.Yaml);
        await Until(second, "rolledBack");

        await Command(first, "rollback");
        foreach (var agent in agents) (await agent.DoNext()).Desired.Remove.ShouldBe(["production"]);
        await Until(first, "rolledBack");
        // Nothing should run there any more: nothing is to be put back.
        var host = await plane.Get($"/api/v2/agents/{agents[0].HostId}");
        (host.GetProperty("production").ValueKind, host.GetProperty("drift").ValueKind).ShouldBe((JsonValueKind.Null, JsonValueKind.Null));
        var versions = await Eventually.Get(() => plane.Get($"/api/v2/agents/{agents[0].HostId}/versions"), v => v.GetProperty("items")[0].GetProperty("pipelineId").ValueKind == JsonValueKind.Null, "the end in the history");
        versions.GetProperty("items").GetArrayLength().ShouldBe(4);
    }

    [Fact]
    public async Task a_host_takes_part_in_one_experiment_or_deployment_at_a_time()
    {
        var agent = await TestAgent.Enrol(plane);
        var pipeline = await plane.Pipeline();
        var id = await Deploy(pipeline, [agent.HostId], Scenario.Unwatched);
        var again = await plane.User.PostAsJsonAsync("/api/v2/deployments", Body(pipeline, [agent.HostId], Scenario.Unwatched));
        await again.ShouldBeProblem(HttpStatusCode.Conflict, "host-busy");
        var experiment = await plane.Experiment(pipeline, await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId]);
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{experiment}/start", new { reason = "" })).ShouldBeProblem(HttpStatusCode.Conflict, "host-busy");
        var overlap = (await plane.Get($"/api/v2/experiments/{experiment}/overlaps")).GetProperty("overlaps").EnumerateArray().ShouldHaveSingleItem();
        overlap.GetProperty("deploymentId").GetGuid().ShouldBe(id);
        overlap.GetProperty("kind").GetString().ShouldBe("blocking");
        await agent.DoNext();
        await Until(id, "completed");
        await plane.Command(experiment, "start");
    }

    [Theory]
    [InlineData("pipeline-unknown", null, "1", 0)]
    [InlineData("waves-invalid", "x", "1,50%", 0)]
    [InlineData("waves-invalid", "x", "no wave,100%", 0)]
    [InlineData("waves-invalid", "x", "stage=nobody-has-it,100%", 0)]
    [InlineData("time-invalid", "x", "100%", -1)]
    public async Task what_makes_no_sense_is_refused(string code, string? pipeline, string waves, double soak)
    {
        var agents = new[] { await TestAgent.Enrol(plane), await TestAgent.Enrol(plane), await TestAgent.Enrol(plane) };
        var body = Body(pipeline is null ? Guid.NewGuid() : await plane.Pipeline(), [.. agents.Select(a => a.HostId)], new { waves = waves.Split(','), soakSeconds = soak });
        await (await plane.User.PostAsJsonAsync("/api/v2/deployments", body)).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, code);
    }

    [Fact]
    public async Task a_promotion_that_is_not_well_takes_its_experiment_back()
    {
        var (id, agent) = await Completed();
        (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/promote", new { reason = "", rollout = new { soakSeconds = 0 } })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var task = await agent.DoNext();
        await Until(await OfExperiment(id), "soaking");
        // 90 of 100 live series leave, 30 were measured to.
        await agent.Beat(Running(task) with { Flow = new(5, 100, 90, 100, 90, 0, 0, 10) });
        (await agent.DoNext()).Desired.Collectors.ShouldHaveSingleItem().Configuration.ShouldBe(Scenario.Yaml);
        (await agent.DoNext()).Desired.Collectors.ShouldHaveSingleItem().Configuration.ShouldBe(Scenario.Yaml);
        await plane.UntilState(id, "rolledBack");
        var deployment = (await plane.Get($"/api/v2/deployments/{await OfExperiment(id)}")).GetProperty("deployment");
        deployment.GetProperty("predictedReductionPct").GetDouble().ShouldBe(70, 0.01);
        deployment.GetProperty("judged").GetProperty("checks").EnumerateArray().Single(c => c.GetProperty("kind").GetString() == "saving").GetProperty("outcome").GetString().ShouldBe("notMet");
    }

    [Fact]
    public async Task rolling_an_experiment_back_in_the_middle_of_its_promotion_ends_the_deployment_at_once()
    {
        var (id, agent) = await Completed();
        await plane.Command(id, "promote");
        await plane.UntilState(id, "promoting");
        await plane.Command(id, "rollback");
        (await plane.Get($"/api/v2/deployments/{await OfExperiment(id)}")).GetProperty("deployment").GetProperty("state").GetString().ShouldBe("aborted");
        // However far the promotion's task was, the baseline is what remains.
        while ((await agent.DoNext()).Desired.Collectors.Single().Configuration != Scenario.Yaml) { }
        await plane.UntilState(id, "rolledBack");
    }

    [Fact]
    public async Task a_verdict_against_it_is_gone_over_by_force_with_a_reason_alone()
    {
        var (id, agent) = await Completed(candidateSeries: 900);
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/promote", new { reason = "no" })).ShouldBeProblem(HttpStatusCode.Conflict, "verdict-not-promote");
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/promote", new { force = true, reason = " " })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "reason-missing");
        (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/promote", new { force = true, reason = "the contract ends", rollout = Scenario.Unwatched })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await agent.DoNext();
        await plane.UntilState(id, "promoted");
        var timeline = await Eventually.Get(() => plane.Get($"/api/v2/experiments/{id}/timeline?limit=1000"),
            t => t.GetProperty("items").EnumerateArray().Any(e => e.GetProperty("type").GetString() == "promotion_requested"), "the timeline");
        timeline.GetProperty("items").EnumerateArray().Single(e => e.GetProperty("type").GetString() == "promotion_requested").ToString().ShouldContain("the verdict is reject");
    }

    async Task<Guid> OfExperiment(Guid id) => (await plane.Get("/api/v2/deployments")).GetProperty("items").EnumerateArray()
        .First(d => d.GetProperty("experimentId").ValueKind != JsonValueKind.Null && d.GetProperty("experimentId").GetGuid() == id).GetProperty("id").GetGuid();

    async Task<(Guid, TestAgent)> Completed(long candidateSeries = 300)
    {
        var (id, agent) = await plane.Running();
        for (var n = 1; n <= 4; n++) await agent.Report(id, Windows.Good(n, candidateSeries: candidateSeries));
        await agent.DoNext();
        await plane.UntilState(id, "completed");
        return (id, agent);
    }

    static string Unique(string name) => $"{name}-{Guid.NewGuid():N}"[..20];

    static CollectorHealth Running(AssignedTask task) => new(
        "production", CollectorArm.Production, task.Desired.Collectors.Single().ConfigurationHash, true, null, 0, 30 << 20, [], Flow: new(5, 100, 30, 100, 30, 0, 0, 10));

    static object Body(Guid pipeline, string[] hosts, object rollout) => new { pipeline = new { pipelineId = pipeline, version = 1 }, hosts, rollout, reason = "for the test" };

    async Task<Guid> Deploy(Guid pipeline, string[] hosts, object rollout)
    {
        var answer = await plane.User.PostAsJsonAsync("/api/v2/deployments", Body(pipeline, hosts, rollout));
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    async Task Command(Guid id, string verb)
    {
        var answer = await plane.User.PostAsJsonAsync($"/api/v2/deployments/{id}/{verb}", new { reason = "for the test" });
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
    }

    async Task<JsonElement> Until(Guid id, string state) =>
        (await Eventually.Get(() => plane.Get($"/api/v2/deployments/{id}"), d => d.GetProperty("deployment").GetProperty("state").GetString() == state, $"state {state}")).GetProperty("deployment");

    [Fact]
    public async Task an_incident_brings_full_detail_back_with_the_next_poll_and_ends_by_itself_or_when_it_is_rolled_back()
    {
        var (agent, plain) = (await TestAgent.Enrol(plane), await TestAgent.Enrol(plane));
        var reducing = await Deploy(await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId], Scenario.Unwatched);
        var reduced = (await agent.DoNext()).Desired.Collectors.Single();
        var whole = await Deploy(await plane.Pipeline(), [plain.HostId], Scenario.Unwatched);
        await plain.DoNext();
        await Until(reducing, "completed");
        await Until(whole, "completed");

        await (await plane.User.PostAsJsonAsync("/api/v2/incidents", new { hosts = new[] { agent.HostId }, minutes = 0.5 })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "minutes-invalid");
        // Whoever polls hears of it at once.
        var polling = agent.Poll();
        var answer = await plane.User.PostAsJsonAsync("/api/v2/incidents", new { hosts = new[] { agent.HostId, plain.HostId, "nobody" }, minutes = 30, ticket = "INC-1", reason = "errors in the shop" });
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        var accepted = await answer.Content.ReadFromJsonAsync<JsonElement>();
        accepted.GetProperty("hosts").GetInt32().ShouldBe(1);
        accepted.GetProperty("alreadyFull").EnumerateArray().Select(h => h.GetString()).ShouldBe([plain.HostId]);
        accepted.GetProperty("left").EnumerateArray().Select(l => (l.GetProperty("hostId").GetString(), l.GetProperty("reason").GetString())).ShouldBe([("nobody", "unknown")]);
        var until = accepted.GetProperty("until").GetDateTimeOffset();

        var task = (await polling).ShouldHaveSingleItem();
        var full = task.Desired.Collectors.ShouldHaveSingleItem();
        full.Configuration.ShouldNotContain("phoenix_topk");
        // It returns by itself where nobody tells it.
        full.ExpiresAt.ShouldNotBeNull().ShouldBeInRange(until, until.AddMinutes(5));
        (await agent.Progress(task)).EnsureSuccessStatusCode();
        (await agent.Succeed(task)).EnsureSuccessStatusCode();
        var id = accepted.GetProperty("deployments").EnumerateArray().Single().GetGuid();
        var soaking = await Until(id, "soaking");
        // What the host should run is still what it returns to.
        var meanwhile = await plane.Get($"/api/v2/agents/{agent.HostId}");
        meanwhile.GetProperty("production").GetProperty("configurationHash").GetString().ShouldBe(reduced.ConfigurationHash);
        soaking.GetProperty("until").GetDateTimeOffset().ShouldBe(until, TimeSpan.FromMilliseconds(1));
        await (await plane.User.PostAsJsonAsync($"/api/v2/deployments/{id}/pause", new { reason = "" })).ShouldBeProblem(HttpStatusCode.Conflict, "deployment-temporary");
        // A second one meanwhile leaves the host as it is.
        var again = await (await plane.User.PostAsJsonAsync("/api/v2/incidents", new { hosts = new[] { agent.HostId }, minutes = 30 })).Content.ReadFromJsonAsync<JsonElement>();
        again.GetProperty("left").EnumerateArray().Single().GetProperty("reason").GetString().ShouldBe("busy");

        await Command(id, "rollback");
        var back = (await agent.DoNext()).Desired.Collectors.ShouldHaveSingleItem();
        (back.ConfigurationHash, back.ExpiresAt).ShouldBe((reduced.ConfigurationHash, null));
        await Until(id, "rolledBack");

        // Another one, whose time is over: half an hour is not waited for here.
        var next = await (await plane.User.PostAsJsonAsync("/api/v2/incidents", new { hosts = new[] { agent.HostId }, minutes = 30 })).Content.ReadFromJsonAsync<JsonElement>();
        var second = next.GetProperty("deployments").EnumerateArray().Single().GetGuid();
        // The same version as before: published once.
        (await agent.DoNext()).Desired.Collectors.Single().ConfigurationHash.ShouldBe(full.ConfigurationHash);
        await Until(second, "soaking");
        await using (var command = plane.Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("update phoenix.mt_doc_deployment set data = jsonb_set(data, '{until}', to_jsonb(now() - interval '1 second')) where id = $1"))
        {
            command.Parameters.Add(new() { Value = second });
            await command.ExecuteNonQueryAsync();
        }
        await using (var scope = plane.Host.Services.CreateAsyncScope()) await scope.ServiceProvider.GetRequiredService<IMessageBus>().PublishAsync(new AdvanceDeployment(second));
        (await agent.DoNext()).Desired.Collectors.Single().ConfigurationHash.ShouldBe(reduced.ConfigurationHash);
        await Until(second, "rolledBack");
    }
}
