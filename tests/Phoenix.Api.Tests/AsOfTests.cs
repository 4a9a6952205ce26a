using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Pipelines;
using Phoenix.Domain.Tasks;
using Phoenix.Projections;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class AsOfTests(ControlPlane plane)
{
    [Fact]
    public async Task an_experiment_as_of_each_moment_is_what_was_read_then()
    {
        var before = EventStoreOptions.Clock.GetUtcNow();
        var agent = await TestAgent.Enrol(plane);
        var id = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId]);
        var path = $"/api/v2/experiments/{id}";
        // What is computed beside the experiment itself.
        string[] computed = [$"{path}/hosts", $"{path}/guardrails", $"{path}/what-if"];
        List<(DateTimeOffset At, string Read, string[] Computed)> moments = [];
        await Remember();
        await plane.Command(id, "start");
        await plane.UntilState(id, "starting");
        await Remember();
        await agent.DoNext();
        await plane.UntilState(id, "running");
        await Remember();
        for (var n = 1; n <= 4; n++)
        {
            await agent.Report(id, Windows.Good(n));
            await Eventually.Get(() => plane.Get(path), e => e.GetProperty("latestWindow") is { ValueKind: JsonValueKind.Object } w && w.GetProperty("number").GetInt32() == n, $"window {n}");
            await Remember();
        }
        await plane.UntilState(id, "completing");
        await Remember();
        await agent.DoNext();
        await plane.UntilState(id, "completed");
        await Remember();
        (await plane.User.PostAsJsonAsync($"{path}/archive", new { reason = "for the test" })).EnsureSuccessStatusCode();
        await Remember();

        moments.Select(m => m.Read).Distinct().Count().ShouldBeGreaterThan(6);
        for (var i = 0; i < computed.Length; i++) moments.Select(m => m.Computed[i]).Distinct().Count().ShouldBeGreaterThan(2, computed[i]);
        foreach (var (at, read, beside) in moments)
        {
            for (var i = 0; i < computed.Length; i++) (await Said($"{computed[i]}?at={Text(at)}")).ShouldBe(beside[i], $"{computed[i]} at {at:O}");
            (await (await plane.User.GetAsync($"{path}?at={Text(at)}")).Content.ReadAsStringAsync()).ShouldBe(read, $"at {at:O}");
            var then = JsonSerializer.Deserialize<JsonElement>(read);
            var archived = then.GetProperty("archived").GetBoolean();
            var listed = (await plane.Get($"/api/v2/experiments/as-of?archived={archived}&at={Text(at)}")).GetProperty("items").EnumerateArray().First();
            // Drafted last of all, so that it is the first in the list.
            listed.GetProperty("id").GetGuid().ShouldBe(id);
            foreach (var name in (string[])["version", "name", "state", "draftedAt", "startedAt", "windows", "archived"])
                listed.GetProperty(name).GetRawText().ShouldBe(then.GetProperty(name).GetRawText(), name);
            (await plane.Get($"/api/v2/experiments/as-of?archived={!archived}&limit=100&at={Text(at)}")).GetProperty("items").EnumerateArray().ShouldNotContain(e => e.GetProperty("id").GetGuid() == id);
        }
        await (await plane.User.GetAsync($"{path}?at={Text(before)}")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        (await plane.Get($"/api/v2/experiments/as-of?limit=100&at={Text(before)}")).GetProperty("items").EnumerateArray().ShouldNotContain(e => e.GetProperty("id").GetGuid() == id);

        async Task Remember()
        {
            while (true)
            {
                var (read, beside) = (await Read(), await Beside());
                var at = EventStoreOptions.Clock.GetUtcNow();
                // Nothing has happened around that moment.
                if (await Read() != read || !(await Beside()).SequenceEqual(beside)) continue;
                moments.Add((at, read, beside));
                return;
            }
        }

        async Task<string> Read() => await (await plane.User.GetAsync(path)).Content.ReadAsStringAsync();

        async Task<string[]> Beside() => await Task.WhenAll(computed.Select(Said));

        // Of a refusal its code, since each has a trace of its own.
        async Task<string> Said(string address)
        {
            var answer = await plane.User.GetAsync(address);
            var body = await answer.Content.ReadAsStringAsync();
            return answer.IsSuccessStatusCode ? body : $"{answer.StatusCode} {JsonSerializer.Deserialize<JsonElement>(body).GetProperty("code")}";
        }
    }

    [Fact]
    public async Task experiments_of_a_moment_are_paged_the_newest_first()
    {
        var (baseline, candidate) = (await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml));
        List<Guid> drafted = [];
        for (var i = 0; i < 5; i++) drafted.Insert(0, await plane.Experiment(baseline, candidate, [(await TestAgent.Enrol(plane)).HostId]));
        var at = Text(EventStoreOptions.Clock.GetUtcNow());
        await plane.Experiment(baseline, candidate, [(await TestAgent.Enrol(plane)).HostId]);
        List<Guid> found = [];
        string? after = "0";
        while (found.Count < 5 && after is not null)
        {
            var page = await plane.Get($"/api/v2/experiments/as-of?at={at}&limit=2&after={after}");
            found.AddRange(page.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("id").GetGuid()));
            after = page.GetProperty("next").GetString();
        }
        found.Take(5).ShouldBe(drafted);
        await (await plane.User.GetAsync("/api/v2/experiments/as-of")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "at-invalid");
    }

    [Fact]
    public async Task a_pipeline_as_of_each_moment_is_what_was_read_then()
    {
        var before = EventStoreOptions.Clock.GetUtcNow();
        var id = await plane.Pipeline();
        List<(DateTimeOffset At, string One, string All)> moments = [];
        await Remember();
        (await plane.User.PostAsJsonAsync($"/api/v2/pipelines/{id}/versions", new { configuration = Scenario.ReducingYaml })).EnsureSuccessStatusCode();
        await Remember();
        await Append(id, new PipelineDeprecated());
        await Remember();
        moments.Select(m => m.One).Distinct().Count().ShouldBe(3);
        foreach (var (at, one, all) in moments)
        {
            (await Read($"/api/v2/pipelines/{id}?at={Text(at)}")).ShouldBe(one);
            (await Read($"/api/v2/pipelines?at={Text(at)}")).ShouldBe(all);
        }
        await (await plane.User.GetAsync($"/api/v2/pipelines/{id}?at={Text(before)}")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");

        async Task Remember()
        {
            var (one, all) = (await Read($"/api/v2/pipelines/{id}"), await Read("/api/v2/pipelines"));
            moments.Add((EventStoreOptions.Clock.GetUtcNow(), one, all));
        }

        async Task<string> Read(string path) => await (await plane.User.GetAsync(path)).Content.ReadAsStringAsync();
    }

    [Fact]
    public async Task a_version_is_that_of_the_last_upgrade_that_phoenix_made()
    {
        var host = $"asof-{Guid.NewGuid():N}";
        await Append(StreamIds.Agent(host), new AgentEnrolled(host, "1.0", "linux", "x64", "verified"));
        var before = EventStoreOptions.Clock.GetUtcNow();
        await Append(Guid.NewGuid(), new TaskSucceeded(1, host, TaskPurpose.UpgradeAgent, [], [],
            JsonSerializer.SerializeToElement(new { fromVersion = "1.0", version = "1.1", runtime = "linux-x64", attempts = 1 })));
        var after = EventStoreOptions.Clock.GetUtcNow();
        (await Version(before)).ShouldBe("1.0");
        (await Version(after)).ShouldBe("1.1");

        async Task<string?> Version(DateTimeOffset at) => (await plane.Get($"/api/v2/agents/{host}?at={Text(at)}")).GetProperty("agentVersion").GetString();
    }

    [Fact]
    public async Task what_only_heartbeats_tell_is_null_and_cannot_be_asked_for()
    {
        var agent = await TestAgent.Enrol(plane);
        await agent.Beat();
        var then = await plane.Get($"/api/v2/agents/{agent.HostId}?at={Text(EventStoreOptions.Clock.GetUtcNow())}");
        foreach (var name in (string[])["lastSeenAt", "heartbeatAt", "residentBytes", "cpuPercent", "panicAt", "dropped", "drift"])
            then.GetProperty(name).ValueKind.ShouldBe(JsonValueKind.Null, name);
        then.GetProperty("collectors").GetArrayLength().ShouldBe(0);
        var summary = await plane.Get($"/api/v2/fleet/summary?at={Text(EventStoreOptions.Clock.GetUtcNow())}");
        summary.GetProperty("collectors").ValueKind.ShouldBe(JsonValueKind.Null);
        summary.GetProperty("drifted").ValueKind.ShouldBe(JsonValueKind.Null);
        await (await plane.User.GetAsync($"/api/v2/agents?drift=true&at={Text(EventStoreOptions.Clock.GetUtcNow())}")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "drift-unknown");
        await (await plane.User.GetAsync($"/api/v2/agents?unhealthy=true&at={Text(EventStoreOptions.Clock.GetUtcNow())}")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "unhealthy-unknown");
        await (await plane.User.GetAsync($"/api/v2/agents?state=stopped&at={Text(EventStoreOptions.Clock.GetUtcNow())}")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "stopped-unknown");
    }

    async Task Append(Guid stream, object e)
    {
        await using var session = plane.Host.Services.GetRequiredService<IDocumentStore>().LightweightSession();
        session.Events.Append(stream, e);
        await session.SaveChangesAsync(TestContext.Current.CancellationToken);
    }

    static string Text(DateTimeOffset at) => Uri.EscapeDataString(at.ToString("O"));
}
