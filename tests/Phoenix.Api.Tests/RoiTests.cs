using System.Net.Http.Json;
using System.Text.Json;

namespace Phoenix.Api.Tests;

/// <summary>What Phoenix took, as it stands against what it saved. On a database of its own: it is of everything.</summary>
public sealed class RoiTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
    async Task<JsonElement> Pipelines() => (await plane.Get("/api/v2/savings/roi?price=signoz-cloud-samples")).GetProperty("return").GetProperty("costs").EnumerateArray()
        .Single(c => c.GetProperty("of").GetString() == "pipelines").GetProperty("use");

    [Fact]
    public async Task a_promoted_pipeline_takes_what_it_takes_until_its_hosts_run_something_else()
    {
        var (experiment, agent, hash) = await plane.Promoted();
        await using var database = Npgsql.NpgsqlDataSource.Create(plane.ConnectionString);
        // As if the candidate had taken a core more than the baseline, and been promoted three hours ago.
        await Execute($"update phoenix.experiment_summary set baseline_cpu_ms = 0, candidate_cpu_ms = seconds * 1000 where id = '{experiment}'");
        await Execute($"update phoenix.mt_events set timestamp = timestamp - interval '4 hours' where stream_id = '{experiment}'");
        await Eventually.Get(() => Versions(hash), n => n == 1, "the promoted version");
        await Execute($"update phoenix.host_version set since = since - interval '3 hours' where host_id = '{agent.HostId}' and configuration_hash = '{hash}'");
        (await Pipelines()).GetProperty("coreHours").GetDouble().ShouldBe(3, 0.1);

        // A deployment of another pipeline, an hour ago.
        (await plane.User.PostAsJsonAsync("/api/v2/deployments", new { pipeline = new { pipelineId = await plane.Pipeline(Scenario.Yaml.Replace("4318", "4320", StringComparison.Ordinal)), version = 1 }, hosts = new[] { agent.HostId }, rollout = Scenario.Unwatched, reason = "" })).EnsureSuccessStatusCode();
        var other = (await agent.DoNext()).Desired.Collectors.Single().ConfigurationHash;
        await Eventually.Get(() => Versions(other), n => n == 1, "the deployed version");
        await Execute($"update phoenix.host_version set since = since - interval '1 hour' where host_id = '{agent.HostId}' and configuration_hash = '{other}'");
        (await Pipelines()).GetProperty("coreHours").GetDouble().ShouldBe(2, 0.1);

        async Task<long> Versions(string of) => (long)(await database.CreateCommand($"select count(*) from phoenix.host_version where host_id = '{agent.HostId}' and configuration_hash = '{of}'").ExecuteScalarAsync())!;
        async Task Execute(string sql) => (await database.CreateCommand(sql).ExecuteNonQueryAsync()).ShouldBeGreaterThan(0, sql);
    }

    [Fact]
    public async Task who_left_the_fleet_is_not_missed()
    {
        var (gone, _) = (await TestAgent.Enrol(plane), await TestAgent.Enrol(plane));
        var before = await Silent();
        (await plane.User.PostAsJsonAsync($"/api/v2/agents/{gone.HostId}/decommission", new { reason = "sold" })).EnsureSuccessStatusCode();
        (await Silent()).ShouldBe(before - 1);

        // Of those that have not been heard and are in the fleet, the other is one.
        async Task<int> Silent() => (await plane.Get("/api/v2/savings/roi?price=signoz-cloud-samples")).GetProperty("gaps").EnumerateArray().Select(g => g.GetString()!)
            .Where(g => g.Contains("were not heard", StringComparison.Ordinal)).Select(g => int.Parse(g.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)).SingleOrDefault();
    }
}
