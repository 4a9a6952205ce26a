using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Phoenix.Api.Upgrades;
using Phoenix.Contracts;
using Wolverine;

namespace Phoenix.Api.Tests;

/// <summary>Staged upgrades over the agent protocol; what the programs are does not matter here.</summary>
[Collection(nameof(ControlPlane))]
public sealed class UpgradeTests(ControlPlane plane) : IDisposable
{
    readonly ReleaseDirectory _releases = new();

    public void Dispose() => _releases.Dispose();

    Task<HttpResponseMessage> Post(object body) => plane.User.PostAsJsonAsync("/api/v2/upgrades", body);

    async Task<Guid> Begin(string release, IEnumerable<string> hosts, string[] stages, double soakSeconds = 0, int maxFailures = 0, string onFailure = "hold")
    {
        var answer = await Post(new { release, hosts, stages, soakSeconds, confirmSeconds = 30, maxFailures, onFailure, reason = "for the test" });
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    async Task Command(Guid upgrade, string verb)
    {
        // What hosts report may change the upgrade at the same moment: then the API asks to repeat.
        var answer = await Eventually.Get(
            () => plane.User.PostAsJsonAsync($"/api/v2/upgrades/{upgrade}/{verb}", new { reason = "because of the test" }),
            a => a.StatusCode != HttpStatusCode.Conflict || !a.Content.ReadAsStringAsync().Result.Contains("concurrent-change"), $"{verb} to be taken");
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
    }

    Task<JsonElement> Until(Guid upgrade, string state, int stage = 0) => Eventually.Get(
        () => plane.Get($"/api/v2/upgrades/{upgrade}"),
        u => u.GetProperty("upgrade").GetProperty("state").GetString() == state && u.GetProperty("upgrade").GetProperty("stage").GetInt32() >= stage, $"state {state}");

    static int Count(JsonElement upgrade, string what) => upgrade.GetProperty("upgrade").GetProperty("counts").GetProperty(what).GetInt32();

    static async Task<AssignedTask> Next(TestAgent agent)
    {
        var task = (await agent.Poll()).ShouldHaveSingleItem();
        task.Kind.ShouldBe(TaskKind.Upgrade);
        (await agent.Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        return task;
    }

    static Task<HttpResponseMessage> Report(TestAgent agent, AssignedTask task, string version, string from = "1.0.0") =>
        agent.Http.PostAsJsonAsync($"/api/v2/tasks/{task.Id}/result",
            new TaskResult(task.Lease, TaskOutcome.Succeeded, [], null, Upgrade: new(from, version, "linux-x64", 1)), WireJson.Default.Options);

    static async Task Beat(TestAgent agent, string version, bool healthy = true)
    {
        var answer = await agent.Http.PostAsJsonAsync("/api/v2/agents/heartbeat", new Heartbeat(version, DateTimeOffset.UtcNow, 1, 1,
            [new("production", CollectorArm.Production, "aa", healthy, null, 0, 1, [])]), WireJson.Default.Options);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
    }

    static async Task Upgrade(TestAgent agent, string version)
    {
        var task = await Next(agent);
        await Beat(agent, version);
        (await Report(agent, task, version)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task an_upgrade_goes_through_its_stages_and_is_completed()
    {
        var release = _releases.Add("linux-x64", "linux-arm64");
        TestAgent[] agents = [await TestAgent.Enrol(plane), await TestAgent.Enrol(plane), await TestAgent.Enrol(plane)];
        var id = await Begin(release, agents.Select(a => a.HostId), ["1", "100%"]);

        var task = await Next(agents[0]);
        task.Upgrade!.Action.ShouldBe(UpgradeAction.Install);
        task.Upgrade.Version.ShouldBe(release);
        task.Upgrade.ConfirmSeconds.ShouldBe(30);
        task.Upgrade.Files.Select(f => (f.Runtime, f.Name)).ShouldBe([("linux-arm64", "phoenix-agent"), ("linux-x64", "phoenix-agent")], ignoreOrder: true);
        (await agents[1].Poll(waitSeconds: 0.2)).ShouldBeEmpty("its stage has not begun");

        await (await Report(agents[0], task, "1.0.0")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "result-contradicts-task");
        await (await agents[0].Succeed(task)).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "result-contradicts-task");
        await Beat(agents[0], release);
        (await Report(agents[0], task, release)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Report(agents[0], task, release)).StatusCode.ShouldBe(HttpStatusCode.OK);

        await Until(id, "running", stage: 2);
        await Task.WhenAll(Upgrade(agents[1], release), Upgrade(agents[2], release));
        var done = await Until(id, "completed");
        Count(done, "upgraded").ShouldBe(3);
        done.GetProperty("versions").GetProperty(release).GetInt32().ShouldBe(3);
        var first = done.GetProperty("hosts").GetProperty("items")[0];
        first.GetProperty("hostId").GetString().ShouldBe(agents[0].HostId);
        first.GetProperty("fromVersion").GetString().ShouldBe("1.0.0");
        first.GetProperty("agentVersion").GetString().ShouldBe(release);
        (await plane.Get("/api/v2/upgrades")).GetProperty("items").EnumerateArray().ShouldContain(u => u.GetProperty("id").GetGuid() == id);
    }

    [Fact]
    public async Task a_failure_holds_the_upgrade_takes_back_what_waits_and_a_resume_goes_on_with_the_rest()
    {
        var release = _releases.Add("linux-x64");
        TestAgent[] agents = [await TestAgent.Enrol(plane), await TestAgent.Enrol(plane)];
        var id = await Begin(release, agents.Select(a => a.HostId), ["100%"]);
        var taken = await Next(agents[1]);
        await agents[0].Fail(await Next(agents[0]), "upgrade-not-confirmed", retryable: false);

        var held = await Until(id, "held");
        held.GetProperty("upgrade").GetProperty("detail").GetString()!.ShouldContain("upgrade-not-confirmed");
        var failed = (await plane.Get($"/api/v2/upgrades/{id}?state=failed")).GetProperty("hosts").GetProperty("items");
        failed.EnumerateArray().ShouldHaveSingleItem().GetProperty("hostId").GetString().ShouldBe(agents[0].HostId);
        await Eventually.Get(() => agents[1].Progress(taken), p => p.StatusCode == HttpStatusCode.Conflict, "the task that had begun to be taken back");

        await Command(id, "resume");
        var again = await Next(agents[1]);
        again.Id.ShouldNotBe(taken.Id);
        await Beat(agents[1], release);
        await Report(agents[1], again, release);
        Count(await Until(id, "completed"), "upgraded").ShouldBe(1);
        (await agents[0].Poll(waitSeconds: 0.2)).ShouldBeEmpty("a host that failed is not asked again");
    }

    [Fact]
    public async Task a_rollback_returns_every_host_that_was_asked_and_no_other()
    {
        var release = _releases.Add("linux-x64");
        TestAgent[] agents = [await TestAgent.Enrol(plane), await TestAgent.Enrol(plane), await TestAgent.Enrol(plane)];
        var id = await Begin(release, agents.Select(a => a.HostId), ["2", "100%"]);
        await Upgrade(agents[0], release);
        var begun = await Next(agents[1]);
        await Command(id, "rollback");
        await Command(id, "rollback");

        foreach (var agent in agents[..2])
        {
            var back = await Next(agent);
            back.Upgrade!.Action.ShouldBe(UpgradeAction.Return);
            back.Upgrade.Files.ShouldBeEmpty();
            await (await Report(agent, back, release)).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "result-contradicts-task");
            (await Report(agent, back, "1.0.0", release)).StatusCode.ShouldBe(HttpStatusCode.OK);
        }
        await (await Report(agents[1], begun, release)).ShouldBeProblem(HttpStatusCode.Conflict, "lease-superseded");
        Count(await Until(id, "rolledBack"), "returned").ShouldBe(2);
        (await agents[2].Poll(waitSeconds: 0.2)).ShouldBeEmpty();
        var resumed = await plane.User.PostAsJsonAsync($"/api/v2/upgrades/{id}/resume", new { reason = "?" });
        await resumed.ShouldBeProblem(HttpStatusCode.Conflict, "illegal-transition");
    }

    [Fact]
    public async Task where_it_was_asked_for_a_failure_rolls_back_by_itself()
    {
        var release = _releases.Add("linux-x64");
        TestAgent[] agents = [await TestAgent.Enrol(plane), await TestAgent.Enrol(plane)];
        var id = await Begin(release, agents.Select(a => a.HostId), ["100%"], onFailure: "rollBack");
        await Upgrade(agents[0], release);
        await agents[1].Fail(await Next(agents[1]), "upgrade-not-confirmed", retryable: false);
        foreach (var agent in agents) await Report(agent, await Next(agent), "1.0.0");
        Count(await Until(id, "rolledBack"), "returned").ShouldBe(2);
    }

    [Fact]
    public async Task pause_and_abort_end_what_waits()
    {
        var release = _releases.Add("linux-x64");
        var agent = await TestAgent.Enrol(plane);
        var id = await Begin(release, [agent.HostId], ["100%"]);
        await Command(id, "pause");
        await Until(id, "held");
        await Eventually.Get(() => agent.Poll(waitSeconds: 0.1), t => t.Count == 0, "the task to be taken back");
        await Command(id, "abort");
        await Command(id, "abort");
        Count(await Until(id, "aborted"), "waiting").ShouldBe(0);
        await (await plane.User.PostAsJsonAsync($"/api/v2/upgrades/{id}/resume", new { reason = "?" })).ShouldBeProblem(HttpStatusCode.Conflict, "illegal-transition");
        await (await plane.User.PostAsJsonAsync($"/api/v2/upgrades/{Guid.NewGuid()}/abort", new { reason = "?" })).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        // Its hosts are free for another one.
        await Begin(release, [agent.HostId], ["100%"]);
    }

    [Fact]
    public async Task a_host_that_never_calls_in_is_gone_on_without_and_one_that_began_has_failed()
    {
        var release = _releases.Add("linux-x64");
        TestAgent[] agents = [await TestAgent.Enrol(plane), await TestAgent.Enrol(plane), await TestAgent.Enrol(plane)];
        var id = await Begin(release, agents.Select(a => a.HostId), ["100%"], maxFailures: 1);
        var begun = await Next(agents[1]);
        await Upgrade(agents[0], release);
        await Eventually.Get(() => plane.Get($"/api/v2/upgrades/{id}"), u => Count(u, "upgraded") == 1, "the first host to be upgraded");
        var bus = plane.Host.Services.CreateScope().ServiceProvider.GetRequiredService<IMessageBus>();
        await bus.InvokeAsync(new GiveUpUpgrading(id, Domain.Upgrades.UpgradeState.Running, 1, 0));
        var done = await Until(id, "completed");
        (Count(done, "upgraded"), Count(done, "failed"), Count(done, "unreached")).ShouldBe((1, 1, 1));
        (await agents[2].Poll(waitSeconds: 0.2)).ShouldBeEmpty("it must not upgrade when it comes back one day");
        await (await Report(agents[1], begun, release)).ShouldBeProblem(HttpStatusCode.Conflict, "lease-superseded");
    }

    [Fact]
    public async Task hosts_that_are_not_well_after_the_soak_time_hold_the_upgrade()
    {
        var release = _releases.Add("linux-x64");
        TestAgent[] agents = [await TestAgent.Enrol(plane), await TestAgent.Enrol(plane), await TestAgent.Enrol(plane)];
        await Beat(agents[0], "1.0.0", healthy: false);
        var id = await Begin(release, agents.Select(a => a.HostId), ["2", "100%"], maxFailures: 0, soakSeconds: 1);
        foreach (var agent in agents[..2])
        {
            var task = await Next(agent);
            await Beat(agent, release, healthy: false);
            await Report(agent, task, release);
        }
        var held = await Until(id, "held");
        held.GetProperty("upgrade").GetProperty("detail").GetString()!.ShouldContain($"{agents[1].HostId}: unhealthy-after-upgrade");
        Count(held, "failed").ShouldBe(1, "the other one was unhealthy before");
        await Command(id, "resume");
        await Until(id, "running", stage: 2);
    }

    /// <summary>As after a crash between two messages, or where a broker delivers twice.</summary>
    [Fact]
    public async Task repeated_lost_and_late_messages_change_nothing()
    {
        var release = _releases.Add("linux-x64");
        TestAgent[] agents = [await TestAgent.Enrol(plane), await TestAgent.Enrol(plane)];
        var id = await Begin(release, agents.Select(a => a.HostId), ["1", "100%"], soakSeconds: 3600);
        var bus = plane.Host.Services.CreateScope().ServiceProvider.GetRequiredService<IMessageBus>();
        for (var i = 0; i < 3; i++) await bus.InvokeAsync(new AdvanceUpgrade(id));
        var task = await Next(agents[0]);
        await Beat(agents[0], release);
        await Report(agents[0], task, release);
        await Until(id, "soaking");
        for (var i = 0; i < 3; i++)
        {
            await bus.InvokeAsync(new UpgradeTasksEnded(id, [new(task.Id, agents[0].HostId, Domain.Tasks.TaskPurpose.UpgradeAgent, null)]));
            await bus.InvokeAsync(new GiveUpUpgrading(id, Domain.Upgrades.UpgradeState.Running, 1, 0));
            await bus.InvokeAsync(new EndUpgradeSoak(id, 2, 0));
            await bus.InvokeAsync(new TakeBackUpgradeTasks(id, 0));
            await bus.InvokeAsync(new AdvanceUpgrade(id));
        }
        (await agents[0].Poll(waitSeconds: 0.2)).ShouldBeEmpty();
        await bus.InvokeAsync(new EndUpgradeSoak(id, 1, 0));
        await bus.InvokeAsync(new EndUpgradeSoak(id, 1, 0));
        await Upgrade(agents[1], release);
        var soaking = await Until(id, "soaking", stage: 2);
        Count(soaking, "upgraded").ShouldBe(2);
        await using var session = plane.Host.Services.GetRequiredService<Marten.IDocumentStore>().QuerySession();
        (await session.Events.FetchStreamAsync(id)).Select(e => e.Data.GetType().Name).ShouldBe(
            ["UpgradeRequested", "UpgradeStageStarted", "HostsUpgraded", "UpgradeStageCompleted", "UpgradeStageStarted", "HostsUpgraded", "UpgradeStageCompleted"]);
    }

    [Fact]
    public async Task all_hosts_that_do_not_run_the_release_are_chosen_where_that_is_asked_for()
    {
        var release = _releases.Add("linux-x64");
        TestAgent[] agents = [await TestAgent.Enrol(plane), await TestAgent.Enrol(plane)];
        await Beat(agents[0], release);
        await Beat(agents[1], "1.0.0");
        var answer = await Post(new { release, allHosts = true, reason = "all" });
        // Hosts of other tests may be in an upgrade of theirs.
        if (answer.StatusCode == HttpStatusCode.Conflict)
        {
            await answer.ShouldBeProblem(HttpStatusCode.Conflict, "host-in-upgrade");
            return;
        }
        var id = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        // Other tests have enrolled more hosts than a page shows.
        List<string?> hosts = [];
        for (string? after = "0"; after is not null;)
        {
            var page = (await plane.Get($"/api/v2/upgrades/{id}?limit=1000&after={after}")).GetProperty("hosts");
            hosts.AddRange(page.GetProperty("items").EnumerateArray().Select(h => h.GetProperty("hostId").GetString()));
            after = page.GetProperty("next").GetString();
        }
        hosts.ShouldContain(agents[1].HostId);
        hosts.ShouldNotContain(agents[0].HostId);
        await Command(id, "abort");
    }

    [Fact]
    public async Task hosts_are_chosen_by_their_labels()
    {
        var release = _releases.Add("linux-x64");
        TestAgent[] agents = [await TestAgent.Enrol(plane), await TestAgent.Enrol(plane)];
        var ring = $"r{Guid.NewGuid():N}";
        (await plane.User.PutAsJsonAsync($"/api/v2/agents/{agents[0].HostId}/labels", new { labels = new Dictionary<string, string> { ["ring"] = ring }, reason = "for the test" })).EnsureSuccessStatusCode();
        var answer = await Post(new { release, selector = $"ring={ring}", stages = new[] { "100%" } });
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        (await Next(agents[0])).Upgrade!.Version.ShouldBe(release);
        (await agents[1].Poll(waitSeconds: 0.2)).ShouldBeEmpty();
        await (await Post(new { release, selector = "ring=nobody" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "hosts-missing");
        await (await Post(new { release, selector = "ring in (" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "selector-invalid");
    }

    [Fact]
    public async Task bad_requests_name_place_and_remedy()
    {
        var release = _releases.Add("linux-x64");
        var agent = await TestAgent.Enrol(plane);
        string[] hosts = [agent.HostId];
        await (await Post(new { release = "9.9.9", hosts })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "release-unknown");
        await (await Post(new { release = "../x", hosts })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "release-unknown");
        await (await Post(new { hosts })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "release-unknown");
        await (await Post(new { release })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "hosts-missing");
        await (await Post(new { release, hosts = new[] { "nobody" } })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "host-unknown");
        await (await Post(new { release, hosts, allHosts = true })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "hosts-invalid");
        await (await Post(new { release, hosts, stages = new[] { "50%" }, soakSeconds = 1e300 })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "time-invalid");
        await (await Post(new { release, hosts, stages = new[] { "some" } })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "stages-invalid");
        await (await Post(new { release, hosts, reason = new string('x', 2000) })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "text-too-long");
        var id = await Begin(release, hosts, ["100%"]);
        await (await Post(new { release, hosts })).ShouldBeProblem(HttpStatusCode.Conflict, "host-in-upgrade");
        await Command(id, "abort");
    }

    [Fact]
    public async Task a_release_is_listed_with_its_hashes_and_a_broken_download_resumes()
    {
        var release = _releases.Add("linux-x64");
        var content = ReleaseDirectory.Content(release, "linux-x64", "phoenix-agent");
        var hash = Convert.ToHexStringLower(SHA256.HashData(content));
        var listed = (await plane.Get("/api/v2/agent-releases")).GetProperty("items").EnumerateArray().Single(f => f.GetProperty("version").GetString() == release);
        listed.GetProperty("sha256").GetString().ShouldBe(hash);
        listed.GetProperty("bytes").GetInt64().ShouldBe(content.Length);

        var agent = await TestAgent.Enrol(plane);
        var path = $"/api/v2/agent-releases/{release}/linux-x64/phoenix-agent";
        var whole = await agent.Http.GetAsync(path);
        whole.Headers.ETag!.Tag.ShouldBe($"\"{hash}\"");
        (await whole.Content.ReadAsByteArrayAsync()).ShouldBe(content);

        using var rest = new HttpRequestMessage(HttpMethod.Get, path);
        rest.Headers.Range = new(1000, null);
        rest.Headers.TryAddWithoutValidation("If-Match", $"\"{hash}\"");
        var part = await agent.Http.SendAsync(rest);
        part.StatusCode.ShouldBe(HttpStatusCode.PartialContent);
        (await part.Content.ReadAsByteArrayAsync()).ShouldBe(content[1000..]);

        ReleaseDirectory.Replace(release, "linux-x64", "phoenix-agent");
        using var other = new HttpRequestMessage(HttpMethod.Get, path);
        other.Headers.Range = new(1000, null);
        other.Headers.TryAddWithoutValidation("If-Match", $"\"{hash}\"");
        (await agent.Http.SendAsync(other)).StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed, "it is another file now");

        (await plane.User.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized, "programs are for agents");
        foreach (var wrong in new[] { $"{release}/linux-x64/passwd", $"{release}/..%2F..%2Fetc/phoenix-agent", $"{release}/linux-s390x/phoenix-agent", "latest/linux-x64/phoenix-agent" })
            await (await agent.Http.GetAsync($"/api/v2/agent-releases/{wrong}")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task the_node_vouches_for_what_lies_in_its_directory()
    {
        var release = _releases.Add("linux-x64", "linux-arm64");
        var agent = await TestAgent.Enrol(plane);
        var signed = JsonSerializer.Deserialize(await agent.Http.GetStringAsync($"/api/v2/agent-releases/{release}/linux-x64"), WireJson.Default.SignedRelease)!;
        var file = signed.Files.ShouldHaveSingleItem();
        file.Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(ReleaseDirectory.Content(release, "linux-x64", "phoenix-agent"))));
        var keys = JsonSerializer.Deserialize(await agent.Http.GetStringAsync("/api/v2/signing-keys"), WireJson.Default.SigningKeys)!.Keys;
        ConfigurationSignature.IsBy(keys[0].PublicKey, signed.Signature, SignedRelease.SignedBytes(release, "linux-x64", signed.Files)).ShouldBeTrue();
        ConfigurationSignature.IsBy(keys[0].PublicKey, signed.Signature, SignedRelease.SignedBytes(release, "linux-arm64", signed.Files)).ShouldBeFalse();
        ConfigurationSignature.IsBy(keys[0].PublicKey, signed.Signature, ConfigurationSignature.OfConfiguration(file.Sha256)).ShouldBeFalse("another purpose");
        await (await agent.Http.GetAsync($"/api/v2/agent-releases/{release}/linux-s390x")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        (await plane.User.GetAsync($"/api/v2/agent-releases/{release}/linux-x64")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task past_the_limit_downloads_are_told_to_come_back()
    {
        var release = _releases.Add("linux-x64");
        var agent = await TestAgent.Enrol(plane);
        var slots = plane.Host.Services.GetRequiredService<DownloadSlots>();
        var taken = 0;
        while (slots.TryTake()) taken++;
        try
        {
            taken.ShouldBe(32);
            var answer = await agent.Http.GetAsync($"/api/v2/agent-releases/{release}/linux-x64/phoenix-agent");
            await answer.ShouldBeProblem(HttpStatusCode.TooManyRequests, "downloads-busy");
            answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBeInRange(5, 30);
        }
        finally
        {
            for (; taken > 0; taken--) slots.Return();
        }
        (await agent.Http.GetAsync($"/api/v2/agent-releases/{release}/linux-x64/phoenix-agent")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}

/// <summary>Releases in the directory that the control plane of the tests serves; each test has versions of its own.</summary>
public sealed class ReleaseDirectory : IDisposable
{
    public static readonly string Root = Path.Combine(Path.GetTempPath(), $"phoenix-releases-{Guid.NewGuid():N}");
    static int _next;
    readonly List<string> _added = [];

    public string Add(params string[] runtimes)
    {
        var version = $"2.{Interlocked.Increment(ref _next)}.0";
        _added.Add(version);
        foreach (var runtime in runtimes) Replace(version, runtime, "phoenix-agent");
        return version;
    }

    public static void Replace(string version, string runtime, string name)
    {
        Directory.CreateDirectory(Path.Combine(Root, version, runtime));
        File.WriteAllBytes(Path.Combine(Root, version, runtime, name), RandomNumberGenerator.GetBytes(Random.Shared.Next(10_000, 20_000)));
    }

    public static byte[] Content(string version, string runtime, string name) => File.ReadAllBytes(Path.Combine(Root, version, runtime, name));

    public void Dispose()
    {
        foreach (var version in _added) Directory.Delete(Path.Combine(Root, version), recursive: true);
    }
}
