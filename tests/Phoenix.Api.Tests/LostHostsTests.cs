using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Contracts;

namespace Phoenix.Api.Tests;

/// <summary>
/// On databases of their own, because what counts is how the whole fleet behaves. Time is moved by moving the times that are noted: what the
/// nodes' own sweeps do meanwhile is what they should.
/// </summary>
public sealed class LostHostsTests : IAsyncLifetime
{
    readonly ControlPlane _plane = new();

    public ValueTask InitializeAsync() => _plane.InitializeAsync();

    public ValueTask DisposeAsync() => _plane.DisposeAsync();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_silent_host_is_lost_once_and_recovered_once_whoever_sweeps()
    {
        var agents = await Fleet(12);
        await Heard(TimeSpan.FromDays(1));
        await Silent(agents.Take(3), TimeSpan.FromMinutes(10));
        // Four nodes at the same moment, and the one that runs.
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Node().Sweep(Cancellation)));
        await Eventually.Get(() => Count("agent_lost"), n => n == 3, "three lost hosts");
        (await State(agents[0])).ShouldBe("lost");
        (await State(agents[5])).ShouldBe("active");
        (await _plane.Get($"/api/v2/agents/{agents[0].HostId}")).GetProperty("lostSince").GetDateTimeOffset().ShouldBeLessThan(DateTimeOffset.UtcNow.AddMinutes(-9));
        (await Names("state=lost")).ShouldBe(agents.Take(3).Select(a => a.HostId), ignoreOrder: true);
        // Still silent: nothing more is said.
        await Node().Sweep(Cancellation);
        (await Count("agent_lost")).ShouldBe(3);

        (await agents[0].Http.GetAsync("/api/v2/tasks/poll?waitSeconds=0")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Node().Sweep(Cancellation)));
        await Eventually.Get(() => Count("agent_recovered"), n => n == 1, "a recovered host");
        (await State(agents[0])).ShouldBe("active");
        (await Count("agent_lost")).ShouldBe(3);
    }

    [Fact]
    public async Task a_time_in_which_no_node_listened_counts_for_no_host()
    {
        var agents = await Fleet(12);
        // All nodes were down, or the database was away, until a moment ago: the last sweep was an hour ago, and so was the last contact.
        await Execute($"update {LostHosts.HearingTableName} set since = now() - interval '1 day', beat_at = now() - interval '1 hour'");
        await Silent(agents.Take(3), TimeSpan.FromHours(1));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Node().Sweep(Cancellation)));
        (await Count("agent_lost")).ShouldBe(0);
        // They stay silent although there is somebody who listens: now they are lost.
        await Heard(TimeSpan.FromMinutes(5));
        await Node().Sweep(Cancellation);
        await Eventually.Get(() => Count("agent_lost"), n => n == 3, "three lost hosts");
    }

    [Fact]
    public async Task a_fleet_that_falls_silent_together_is_rather_cut_off_and_is_waited_for_longer()
    {
        var agents = await Fleet(12);
        await Heard(TimeSpan.FromDays(1));
        // The load balancer went down: some were heard a little later than others.
        await Silent(agents.Take(6), TimeSpan.FromSeconds(125));
        await Silent(agents.Skip(6).Take(5), TimeSpan.FromSeconds(100));
        await Node().Sweep(Cancellation);
        (await Count("agent_lost")).ShouldBe(0);
        await Silent(agents.Take(11), TimeSpan.FromSeconds(1_250));
        await Node().Sweep(Cancellation);
        await Eventually.Get(() => Count("agent_lost"), n => n == 11, "eleven lost hosts");
    }

    [Fact]
    public async Task a_host_whose_agent_has_said_goodbye_is_stopped_and_not_lost()
    {
        var agents = await Fleet(12);
        await Heard(TimeSpan.FromDays(1));
        var farewell = new Heartbeat("1", DateTimeOffset.UnixEpoch, 1, 1, [], Stopping: true);
        (await agents[0].Http.PostAsJsonAsync("/api/v2/agents/heartbeat", farewell, WireJson.Default.Options)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await Silent(agents.Take(2), TimeSpan.FromMinutes(10));
        await Node().Sweep(Cancellation);
        await Eventually.Get(() => Count("agent_lost"), n => n == 1, "one lost host");
        (await State(agents[0])).ShouldBe("stopped");
        (await State(agents[1])).ShouldBe("lost");
        // Another process of the host begins.
        agents[0].Http.DefaultRequestHeaders.Remove(AgentHeaders.BootId);
        agents[0].Http.DefaultRequestHeaders.Add(AgentHeaders.BootId, Guid.NewGuid().ToString());
        (await agents[0].Http.GetAsync("/api/v2/tasks/poll?waitSeconds=0")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await State(agents[0])).ShouldBe("active");
    }

    [Fact]
    public async Task a_host_that_is_never_heard_of_after_it_enrolled_is_lost_and_a_decommissioned_one_is_not()
    {
        var host = $"host-{Guid.NewGuid():N}";
        (await _plane.Anonymous().PostAsJsonAsync("/api/v2/agents/enrol", new EnrolmentRequest(host, _plane.EnrolmentToken, new string('x', 43), "1", "linux", "x64")))
            .StatusCode.ShouldBe(HttpStatusCode.OK);
        var gone = await TestAgent.Enrol(_plane);
        (await _plane.User.PostAsJsonAsync($"/api/v2/agents/{gone.HostId}/decommission", new { })).StatusCode.ShouldBe(HttpStatusCode.OK);
        await Heard(TimeSpan.FromDays(1));
        await Execute($"update {AgentPresence.TableName} set last_seen_at = now() - interval '10 minutes'");
        await Node().Sweep(Cancellation);
        await Eventually.Get(() => Count("agent_lost"), n => n == 1, "one lost host");
        (await Names("state=lost")).ShouldBe([host]);
    }

    /// <summary>A node's sweep, apart from the one that the running node has.</summary>
    LostHosts Node() => new(
        _plane.Host.Services.GetRequiredService<Marten.IDocumentStore>(), _plane.Host.Services.GetRequiredService<FleetSettings>(),
        _plane.Host.Services.GetRequiredService<IHostApplicationLifetime>(), NullLogger<LostHosts>.Instance);

    async Task<List<TestAgent>> Fleet(int size)
    {
        List<TestAgent> agents = [];
        for (var i = 0; i < size; i++) agents.Add(await TestAgent.Enrol(_plane));
        foreach (var agent in agents) (await agent.Http.GetAsync("/api/v2/tasks/poll?waitSeconds=0")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await Node().Sweep(Cancellation);
        return agents;
    }

    /// <summary>Somebody has listened for that long.</summary>
    Task Heard(TimeSpan time) => Execute($"update {LostHosts.HearingTableName} set since = now() - interval '{time.TotalSeconds} seconds', beat_at = now()");

    async Task Silent(IEnumerable<TestAgent> agents, TimeSpan time)
    {
        // What the node remembers of them would spare it from noting the next contact.
        var presence = _plane.Host.Services.GetRequiredService<AgentPresence>();
        foreach (var agent in agents)
        {
            presence.Forget(agent.HostId);
            await Execute($"update {AgentPresence.TableName} set last_seen_at = now() - interval '{time.TotalSeconds} seconds' where host_id = '{agent.HostId}'");
        }
    }

    async Task<string?> State(TestAgent agent) => (await _plane.Get($"/api/v2/agents/{agent.HostId}")).GetProperty("state").GetString();

    async Task<List<string>> Names(string query) =>
        [.. (await _plane.Get("/api/v2/agents?" + query)).GetProperty("items").EnumerateArray().Select(h => h.GetProperty("hostId").GetString()!)];

    async Task Execute(string sql) => await _plane.Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql).ExecuteNonQueryAsync();

    async Task<long> Count(string type) =>
        (long)(await _plane.Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand($"select count(*) from phoenix.mt_events where type = '{type}'").ExecuteScalarAsync())!;
}
