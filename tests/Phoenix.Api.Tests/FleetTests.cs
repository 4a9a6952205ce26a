using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Contracts;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Users;
using Phoenix.Projections.Fleet;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class FleetTests(ControlPlane plane)
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task labels_choose_hosts_and_groups_follow_them_at_once()
    {
        var (web, db) = (await TestAgent.Enrol(plane), await TestAgent.Enrol(plane));
        var key = $"run-{Guid.NewGuid():N}";
        await Label(web, new() { [key] = "web", ["env"] = "test" });
        await Label(db, new() { [key] = "db" });
        (await Hosts($"selector={key}")).ShouldBe([web.HostId, db.HostId], ignoreOrder: true);
        (await Hosts($"selector={key}=web")).ShouldBe([web.HostId]);
        (await Hosts($"search={web.HostId[1..].ToUpperInvariant()}")).ShouldBe([web.HostId]);
        (await Hosts($"search={Uri.EscapeDataString("%")}")).ShouldBeEmpty();
        (await Hosts($"selector={key},env!=test")).ShouldBe([db.HostId]);
        var group = $"g-{Guid.NewGuid():N}";
        var defined = await plane.User.PutAsJsonAsync($"/api/v2/groups/{group}", new { selector = $"{key} in (db)", description = "d", reason = "r" });
        defined.StatusCode.ShouldBe(HttpStatusCode.OK, await defined.Content.ReadAsStringAsync());
        (await Hosts($"group={group}")).ShouldBe([db.HostId]);
        await Label(web, new() { [key] = "db" });
        (await Hosts($"group={group}")).ShouldBe([web.HostId, db.HostId], ignoreOrder: true);
        (await plane.Get($"/api/v2/groups/{group}")).GetProperty("hosts").GetInt64().ShouldBe(2);
        (await plane.User.DeleteAsync($"/api/v2/groups/{group}?reason=gone")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await plane.User.DeleteAsync($"/api/v2/groups/{group}")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await (await plane.User.GetAsync($"/api/v2/groups/{group}")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        // The name can be used again.
        (await plane.User.PutAsJsonAsync($"/api/v2/groups/{group}", new { selector = key })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await plane.Get("/api/v2/groups")).EnumerateArray().Single(g => g.GetProperty("name").GetString() == group).GetProperty("hosts").GetInt64().ShouldBe(2);
    }

    [Fact]
    public async Task labels_and_selectors_that_make_no_sense_are_refused()
    {
        var agent = await TestAgent.Enrol(plane);
        await (await plane.User.PutAsJsonAsync($"/api/v2/agents/{agent.HostId}/labels", new { labels = new Dictionary<string, string> { ["a b"] = "x" } }))
            .ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "label-key-invalid");
        await (await plane.User.PutAsJsonAsync($"/api/v2/agents/{agent.HostId}/labels", new { labels = new Dictionary<string, string?> { ["a"] = null } }))
            .ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "label-value-invalid");
        await (await plane.User.PutAsJsonAsync($"/api/v2/agents/{agent.HostId}/labels", new { })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "labels-missing");
        await (await plane.User.PutAsJsonAsync("/api/v2/agents/nobody/labels", new { labels = new { } })).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        await (await plane.User.GetAsync("/api/v2/agents?selector=a%20b")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "selector-invalid");
        await (await plane.User.GetAsync("/api/v2/agents?state=well")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "state-unknown");
        await (await plane.User.GetAsync("/api/v2/agents?group=nobody")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        await (await plane.User.PutAsJsonAsync("/api/v2/groups/a%20b", new { selector = "a" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "group-name-invalid");
        await (await plane.User.PutAsJsonAsync("/api/v2/groups/a", new { selector = "" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "selector-missing");
        // A label that asks for trouble is only a text.
        await Label(agent, new() { ["quote"] = "a" });
        await (await plane.User.GetAsync("/api/v2/agents?selector=" + Uri.EscapeDataString("quote='a'"))).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "selector-invalid");
    }

    [Fact]
    public async Task the_database_chooses_as_the_domain_does()
    {
        var key = Gen.OneOf(Gen.Const("role"), Gen.Const("env"), Gen.Const("example.com/zone"));
        var value = Gen.OneOf(Gen.Const(""), Gen.Const("a"), Gen.Const("b"), Gen.Const("c"));
        var requirement = Gen.Select(key, Gen.Enum<LabelOperator>(), value.HashSet[1, 3], (k, op, values) =>
            new LabelRequirement(k, op, op is LabelOperator.Exists or LabelOperator.NotExists ? [] : [.. values.Order(StringComparer.Ordinal)]));
        var database = plane.Host.Services.GetRequiredService<NpgsqlDataSource>();
        await Gen.Select(requirement.List[0, 4], Gen.Dictionary(key, value)[0, 3].List[1, 20]).SampleAsync(async (requirements, hosts) =>
        {
            var selector = new LabelSelector(requirements);
            await using var command = database.CreateCommand();
            command.Parameters.Add(new() { Value = hosts.Select(h => JsonSerializer.Serialize(h)).ToArray() });
            command.CommandText = $"select nth from unnest($1) with ordinality t(text, nth) cross join lateral (select t.text::jsonb as labels) l where {selector.Condition("labels", command.Parameters)} order by nth";
            await using var reader = await command.ExecuteReaderAsync();
            List<int> chosen = [];
            while (await reader.ReadAsync()) chosen.Add((int)reader.GetInt64(0) - 1);
            chosen.ShouldBe(Enumerable.Range(0, hosts.Count).Where(i => selector.Matches(hosts[i])), selector.ToString());
        }, iter: 200, threads: 1);
    }

    [Fact]
    public async Task an_agent_proposes_labels_when_it_joins_and_never_after()
    {
        var host = $"host-{Guid.NewGuid():N}";
        var request = new EnrolmentRequest(host, plane.EnrolmentToken, new string('x', 43), "1.0", "linux", "x64", new Dictionary<string, string> { ["role"] = "web" });
        (await plane.Anonymous().PostAsJsonAsync("/api/v2/agents/enrol", request)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await plane.Anonymous().PostAsJsonAsync("/api/v2/agents/enrol", request with { Labels = new Dictionary<string, string> { ["role"] = "db" } })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await plane.Get($"/api/v2/agents/{host}")).GetProperty("labels").GetProperty("role").GetString().ShouldBe("web");
        await (await plane.Anonymous().PostAsJsonAsync("/api/v2/agents/enrol", request with { HostId = host + "2", Labels = new Dictionary<string, string> { ["-"] = "" } }))
            .ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "label-key-invalid");
    }

    [Fact]
    public async Task a_page_goes_on_where_the_last_one_ended()
    {
        var key = $"page-{Guid.NewGuid():N}";
        List<string> all = [];
        for (var i = 0; i < 7; i++)
        {
            var agent = await TestAgent.Enrol(plane);
            await Label(agent, new() { [key] = "" });
            all.Add(agent.HostId);
        }
        List<string> seen = [];
        string? after = null;
        do
        {
            var page = await plane.Get($"/api/v2/agents?selector={key}&limit=3{(after is null ? "" : "&after=" + after)}");
            var hosts = page.GetProperty("items").EnumerateArray().Select(h => h.GetProperty("hostId").GetString()!).ToList();
            hosts.Count.ShouldBeLessThanOrEqualTo(3);
            seen.AddRange(hosts);
            after = page.GetProperty("next").GetString();
        } while (after is not null);
        seen.ShouldBe(all.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task a_drained_host_gets_only_what_takes_something_off_until_the_drain_ends()
    {
        var (experiment, agent) = await plane.Running();
        var drained = await Hold(agent, "drain");
        drained.GetProperty("heldBy").EnumerateArray().ShouldHaveSingleItem().GetGuid().ShouldBe(experiment);
        (await Hold(agent, "drain")).GetProperty("drained").GetBoolean().ShouldBeTrue();
        (await plane.Get($"/api/v2/agents/{agent.HostId}")).GetProperty("state").GetString().ShouldBe("drained");
        var pipeline = new { pipelineId = await plane.Pipeline(), version = 1 };
        await (await plane.User.PostAsJsonAsync("/api/v2/experiments", new { name = "e", baseline = pipeline, candidate = pipeline, hosts = new[] { agent.HostId }, plan = new { warmUpSeconds = 0, durationSeconds = 60, windowSeconds = 5 }, criteria = new { claim = "observed" } }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "host-drained");
        await (await plane.User.PostAsJsonAsync("/api/v2/pipelines/preview", new { configuration = Scenario.Yaml, hosts = new[] { agent.HostId } })).ShouldBeProblem(HttpStatusCode.Conflict, "host-drained");
        await plane.Command(experiment, "stop");
        (await agent.DoNext()).Desired.Remove.ShouldNotBeEmpty();
        await plane.UntilState(experiment, "stopped");
        await (await plane.User.PostAsJsonAsync($"/api/v2/agents/{agent.HostId}/reapply", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "host-drained");
        await (await plane.User.PostAsJsonAsync("/api/v2/loads", new { hostId = agent.HostId })).ShouldBeProblem(HttpStatusCode.Conflict, "host-drained");
        (await Hold(agent, "drain-end")).GetProperty("drained").GetBoolean().ShouldBeFalse();
        (await plane.User.PostAsJsonAsync($"/api/v2/agents/{agent.HostId}/reapply", new { })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await agent.DoNext()).Desired.Collectors.ShouldHaveSingleItem().Name.ShouldBe("production");
    }

    [Fact]
    public async Task a_poll_that_is_parked_while_its_host_is_drained_gets_what_waited_when_the_drain_ends()
    {
        var agent = await TestAgent.Enrol(plane);
        var experiment = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId]);
        await plane.Command(experiment, "start");
        await Eventually.Get(() => plane.Get($"/api/v2/tasks?hostId={agent.HostId}"), t => t.GetProperty("items").GetArrayLength() == 1, "the task");
        await Hold(agent, "drain");
        (await agent.Poll(waitSeconds: 1)).ShouldBeEmpty();
        var parked = agent.Poll(waitSeconds: 30);
        await Hold(agent, "drain-end");
        (await parked).ShouldHaveSingleItem().Desired.ExperimentId.ShouldBe(experiment);
    }

    [Fact]
    public async Task an_experiment_whose_host_was_drained_meanwhile_is_not_started()
    {
        var agent = await TestAgent.Enrol(plane);
        var id = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId]);
        await Hold(agent, "drain");
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/start", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "host-drained");
        await Hold(agent, "drain-end");
        await plane.Command(id, "start");
        (await agent.DoNext()).Desired.Collectors.Count.ShouldBe(2);
    }

    [Fact]
    public async Task work_that_waits_when_its_host_is_drained_waits_on_and_is_delivered_when_the_drain_ends()
    {
        var agent = await TestAgent.Enrol(plane);
        var id = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId]);
        await plane.Command(id, "start");
        await Eventually.Get(() => Scalar<long>($"select count(*) from {TaskQueueProjection.TableName} where host_id = $1", agent.HostId), n => n == 1, "a task");
        await Hold(agent, "drain");
        (await agent.Poll(waitSeconds: 0)).ShouldBeEmpty();
        await Hold(agent, "drain-end");
        (await agent.DoNext()).Desired.Collectors.Count.ShouldBe(2);
    }

    [Fact]
    public async Task a_decommissioned_host_is_out_at_once_and_its_experiment_goes_on_without_it()
    {
        var (agent, other) = (await TestAgent.Enrol(plane), await TestAgent.Enrol(plane));
        var id = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId, other.HostId]);
        await plane.Command(id, "start");
        await agent.DoNext();
        await other.DoNext();
        await plane.UntilState(id, "running");
        await plane.Command(id, "stop");
        await other.DoNext();
        var held = (await agent.Poll()).ShouldHaveSingleItem();
        await agent.Beat(new CollectorHealth("production", CollectorArm.Production, "another", false, "no data leaves", 0, 1, []));
        (await Hosts($"unhealthy=true&search={agent.HostId}")).ShouldContain(agent.HostId);
        var gone = await Hold(agent, "decommission");
        (await Hosts($"unhealthy=true&search={agent.HostId}")).ShouldNotContain(agent.HostId);
        (await Hosts($"unhealthy=false&search={agent.HostId}")).ShouldContain(agent.HostId);
        gone.GetProperty("heldBy").EnumerateArray().ShouldHaveSingleItem().GetGuid().ShouldBe(id);
        await (await agent.Http.GetAsync("/api/v2/tasks/poll?waitSeconds=0")).ShouldBeProblem(HttpStatusCode.Unauthorized, "agent-unauthenticated");
        await (await agent.Succeed(held)).ShouldBeProblem(HttpStatusCode.Unauthorized, "agent-unauthenticated");
        await plane.UntilState(id, "stopped");
        (await Scalar<long>($"select count(*) from {TaskQueueProjection.TableName} where host_id = $1 and status in (0, 1)", agent.HostId)).ShouldBe(0);
        (await plane.Get($"/api/v2/tasks/{held.Id}")).GetProperty("task").GetProperty("state").GetString().ShouldBe("cancelled");
        (await plane.Get($"/api/v2/agents/{agent.HostId}")).GetProperty("state").GetString().ShouldBe("decommissioned");
        await (await plane.User.PostAsJsonAsync($"/api/v2/agents/{agent.HostId}/drain", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "host-decommissioned");
        (await Hold(agent, "decommission")).GetProperty("decommissioned").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task a_decommissioned_id_can_be_enrolled_again_only_when_it_is_allowed()
    {
        var agent = await TestAgent.Enrol(plane);
        await Hold(agent, "decommission");
        var request = new EnrolmentRequest(agent.HostId, plane.EnrolmentToken, agent.Credential, "2.0", "linux", "arm64");
        await (await plane.Anonymous().PostAsJsonAsync("/api/v2/agents/enrol", request)).ShouldBeProblem(HttpStatusCode.Conflict, "host-decommissioned");
        (await plane.User.PostAsJsonAsync($"/api/v2/agents/{agent.HostId}/re-enrolment", new { reason = "rebuilt" })).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await plane.Anonymous().PostAsJsonAsync("/api/v2/agents/enrol", request)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var view = await plane.Get($"/api/v2/agents/{agent.HostId}");
        view.GetProperty("state").GetString().ShouldBe("active");
        view.GetProperty("architecture").GetString().ShouldBe("arm64");
        (await agent.Http.GetAsync("/api/v2/tasks/poll?waitSeconds=0")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await Scalar<long>($"select count(*) from {TaskQueueProjection.HoldTableName} where host_id = $1", agent.HostId)).ShouldBe(0);
    }

    [Fact]
    public async Task another_node_lets_a_void_credential_in_for_no_longer_than_it_trusts_a_process()
    {
        var secretFile = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.secret");
        await using var second = await ControlPlane.Start(plane.ConnectionString, secretFile);
        var agent = await TestAgent.Enrol(plane);
        var there = second.Server.CreateClient();
        foreach (var header in agent.Http.DefaultRequestHeaders) there.DefaultRequestHeaders.Add(header.Key, header.Value);
        (await there.GetAsync("/api/v2/tasks/poll?waitSeconds=0")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await Hold(agent, "decommission");
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await Eventually.Get(async () => (await there.GetAsync("/api/v2/tasks/poll?waitSeconds=0")).StatusCode, s => s == HttpStatusCode.Unauthorized, "a refusal");
        // The cache of credentials alone would let it in for a minute.
        watch.Elapsed.ShouldBeLessThan(AgentPresence.TrustFor + TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task a_heartbeat_shows_what_runs_and_drift_is_mended_by_applying_again()
    {
        var (experiment, agent) = await plane.Running();
        await plane.Command(experiment, "stop");
        await agent.DoNext();
        await plane.UntilState(experiment, "stopped");
        var wanted = (await plane.Get($"/api/v2/agents/{agent.HostId}")).GetProperty("production").GetProperty("configurationHash").GetString()!;
        // The last change was a while ago.
        await Execute($"update {FleetProjection.TableName} set production_since = now() - interval '1 hour' where host_id = $1", agent.HostId);

        (await Beat(agent, wanted)).NextInSeconds.ShouldBeInRange(13, 17);
        var view = await plane.Get($"/api/v2/agents/{agent.HostId}");
        view.GetProperty("drift").ValueKind.ShouldBe(JsonValueKind.Null);
        view.GetProperty("agentVersion").GetString().ShouldBe("9.9");
        view.GetProperty("residentBytes").GetInt64().ShouldBe(20_000_000);
        view.GetProperty("collectors")[0].GetProperty("logTail")[0].GetString().ShouldBe("last line");
        // They are logs, which a viewer does not read.
        var viewer = await (await (await plane.Person(Roles.Viewer)).Http.GetAsync($"/api/v2/agents/{agent.HostId}")).ShouldBe(HttpStatusCode.OK);
        viewer.GetProperty("collectors")[0].GetProperty("logTail").GetArrayLength().ShouldBe(0);
        (await plane.Get($"/api/v2/agents?after={agent.HostId[..^1]}&limit=1000")).GetProperty("items").EnumerateArray()
            .Single(h => h.GetProperty("hostId").GetString() == agent.HostId).GetProperty("collectors")[0].GetProperty("logTail").GetArrayLength().ShouldBe(0);

        await Beat(agent, "another");
        var drift = (await plane.Get($"/api/v2/agents/{agent.HostId}")).GetProperty("drift");
        drift.GetProperty("code").GetString().ShouldBe("production-differs");
        drift.GetProperty("wantedHash").GetString().ShouldBe(wanted);
        drift.GetProperty("runningHash").GetString().ShouldBe("another");
        (await Hosts($"drift=true&search={agent.HostId}")).ShouldContain(agent.HostId);
        (await Hosts($"drift=false&search={agent.HostId}")).ShouldNotContain(agent.HostId);
        (await Hosts($"unhealthy=true&search={agent.HostId}")).ShouldNotContain(agent.HostId);
        await agent.Beat(new CollectorHealth("production", CollectorArm.Production, "another", false, "no data leaves", 0, 1, []));
        (await Hosts($"unhealthy=true&search={agent.HostId}")).ShouldContain(agent.HostId);
        (await Hosts($"unhealthy=false&search={agent.HostId}")).ShouldNotContain(agent.HostId);
        await Beat(agent, null);
        (await plane.Get($"/api/v2/agents/{agent.HostId}")).GetProperty("drift").GetProperty("code").GetString().ShouldBe("production-missing");

        var started = await plane.User.PostAsJsonAsync($"/api/v2/agents/{agent.HostId}/reapply", new { reason = "it drifted" });
        started.StatusCode.ShouldBe(HttpStatusCode.Accepted, await started.Content.ReadAsStringAsync());
        var id = (await started.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        (await (await plane.User.PostAsJsonAsync($"/api/v2/agents/{agent.HostId}/reapply", new { })).Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid().ShouldBe(id);
        var next = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId]);
        await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{next}/start", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "reapply-running");
        var task = (await agent.Poll()).ShouldHaveSingleItem();
        task.Id.ShouldBe(id);
        task.Desired.Collectors.ShouldHaveSingleItem().ConfigurationHash.ShouldBe(wanted);
        // Under way: no drift to be told of.
        (await plane.Get($"/api/v2/agents/{agent.HostId}")).GetProperty("drift").ValueKind.ShouldBe(JsonValueKind.Null);
        (await agent.Succeed(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await Beat(agent, wanted);
        (await plane.Get($"/api/v2/agents/{agent.HostId}")).GetProperty("drift").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task nothing_is_put_back_where_nothing_was_or_where_an_experiment_looks_after_it()
    {
        var agent = await TestAgent.Enrol(plane);
        await (await plane.User.PostAsJsonAsync($"/api/v2/agents/{agent.HostId}/reapply", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "nothing-to-reapply");
        await Beat(agent, "something");
        (await plane.Get($"/api/v2/agents/{agent.HostId}")).GetProperty("drift").GetProperty("code").GetString().ShouldBe("production-unexpected");
        var (_, busy) = await plane.Running();
        await (await plane.User.PostAsJsonAsync($"/api/v2/agents/{busy.HostId}/reapply", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "host-in-experiment");
        await (await plane.User.PostAsJsonAsync("/api/v2/agents/nobody/reapply", new { })).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task the_share_of_a_core_is_measured_between_two_heartbeats_by_the_databases_clock()
    {
        var agent = await TestAgent.Enrol(plane);
        await Beat(agent, null, cpuSeconds: 10);
        (await plane.Get($"/api/v2/agents/{agent.HostId}")).GetProperty("cpuPercent").ValueKind.ShouldBe(JsonValueKind.Null);
        await Execute($"update {AgentPresence.TableName} set heartbeat_at = now() - interval '100 seconds' where host_id = $1", agent.HostId);
        await Beat(agent, null, cpuSeconds: 11);
        (await plane.Get($"/api/v2/agents/{agent.HostId}")).GetProperty("cpuPercent").GetDouble().ShouldBe(1, 0.2);
        // Another process began at zero: nothing is known until it reports again.
        await Beat(agent, null, cpuSeconds: 0.5);
        (await plane.Get($"/api/v2/agents/{agent.HostId}")).GetProperty("cpuPercent").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task what_many_hosts_say_together_keeps_the_order_of_each_and_the_newest_process_wins()
    {
        await using var presence = new AgentPresence(plane.Host.Services.GetRequiredService<NpgsqlDataSource>());
        var hosts = Enumerable.Range(0, 300).Select(i => $"batch-{Guid.NewGuid():N}-{i}").ToArray();
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        // Asked for without waiting: they gather, and a host is several times in a batch.
        var asked = hosts.SelectMany(h => new[] { presence.Seen(h, first, null, Cancellation), presence.Seen(h, second, null, Cancellation), presence.Seen(h, first, null, Cancellation) }).ToArray();
        var answers = await Task.WhenAll(asked);
        for (var i = 0; i < hosts.Length; i++)
            answers[(3 * i)..(3 * i + 3)].Select(a => a.Newest).ShouldBe([true, true, false], hosts[i]);
        var beats = await Task.WhenAll(hosts.SelectMany(h => new[] { presence.Keep(h, second, HeartbeatOf("new", null), Cancellation), presence.Keep(h, first, HeartbeatOf("old", null), Cancellation) }));
        beats.ShouldBe(hosts.SelectMany(_ => new[] { true, false }));
        (await Scalar<long>($"select count(*) from {AgentPresence.TableName} where host_id like $1 and agent_version = 'new'", "batch-%")).ShouldBe(hosts.Length);
        // A fenced process is no sign of life of its host.
        await Execute($"update {AgentPresence.TableName} set last_seen_at = now() - interval '1 hour' where host_id = $1", hosts[0]);
        (await presence.Seen(hosts[0], first, null, Cancellation)).Newest.ShouldBeFalse();
        (await Scalar<bool>($"select last_seen_at < now() - interval '30 minutes' from {AgentPresence.TableName} where host_id = $1", hosts[0])).ShouldBeTrue();
    }

    [Fact]
    public async Task the_summary_counts_the_fleet()
    {
        var before = await plane.Get("/api/v2/fleet/summary");
        var (a, b) = (await TestAgent.Enrol(plane), await TestAgent.Enrol(plane));
        await Beat(a, "x", version: $"v-{Guid.NewGuid():N}");
        await Hold(b, "drain");
        var after = await plane.Get("/api/v2/fleet/summary");
        (after.GetProperty("hosts").GetInt64() - before.GetProperty("hosts").GetInt64()).ShouldBe(2);
        (after.GetProperty("states").GetProperty("drained").GetInt64() - before.GetProperty("states").GetProperty("drained").GetInt64()).ShouldBe(1);
        (after.GetProperty("collectors").GetProperty("healthy").GetInt64() - before.GetProperty("collectors").GetProperty("healthy").GetInt64()).ShouldBe(1);
        (after.GetProperty("drifted").GetInt64() - before.GetProperty("drifted").GetInt64()).ShouldBe(1);
        await Hold(b, "decommission");
        (await plane.Get("/api/v2/fleet/summary")).GetProperty("hosts").GetInt64().ShouldBe(after.GetProperty("hosts").GetInt64() - 1);
    }

    static Heartbeat HeartbeatOf(string version, string? hash, double cpuSeconds = 1) => new(version, DateTimeOffset.UnixEpoch, 20_000_000, cpuSeconds,
        hash is null ? [] : [new CollectorHealth("production", CollectorArm.Production, hash, true, null, 0, 30_000_000, ["last line"])]);

    static async Task<HeartbeatAccepted> Beat(TestAgent agent, string? hash, double cpuSeconds = 1, string version = "9.9")
    {
        var answer = await agent.Http.PostAsJsonAsync("/api/v2/agents/heartbeat", HeartbeatOf(version, hash, cpuSeconds), WireJson.Default.Options);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<HeartbeatAccepted>(WireJson.Default.Options))!;
    }

    async Task<JsonElement> Hold(TestAgent agent, string verb)
    {
        var answer = await plane.User.PostAsJsonAsync($"/api/v2/agents/{agent.HostId}/{verb}", new { reason = "for the test" });
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    async Task Label(TestAgent agent, Dictionary<string, string> labels)
    {
        var answer = await plane.User.PutAsJsonAsync($"/api/v2/agents/{agent.HostId}/labels", new { labels, reason = "for the test" });
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
    }

    async Task<List<string>> Hosts(string query) =>
        [.. (await plane.Get("/api/v2/agents?" + query)).GetProperty("items").EnumerateArray().Select(h => h.GetProperty("hostId").GetString()!)];

    async Task Execute(string sql, string host)
    {
        await using var command = plane.Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
        command.Parameters.Add(new() { Value = host });
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }

    async Task<T> Scalar<T>(string sql, string host)
    {
        await using var command = plane.Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
        command.Parameters.Add(new() { Value = host });
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
