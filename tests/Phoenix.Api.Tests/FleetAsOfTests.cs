using System.Net;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Reading;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Tasks;
using Phoenix.Projections;

namespace Phoenix.Api.Tests;

/// <summary>On a database of its own: it is compared with everything that there is.</summary>
public sealed class FleetAsOfTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
    /// <summary>What may happen to a host; each is skipped where the host is not in a state for it.</summary>
    enum Step { Label, Unlabel, Lose, Recover, Drain, EndDrain, Decommission, Recommission, Production, Temporary, Removed, OtherWork }

    sealed class Host(string id)
    {
        public string Id { get; } = id;
        public bool Joined, Lost, Drained, Gone;
    }

    [Fact]
    public async Task the_fleet_as_of_each_moment_is_what_was_read_then()
    {
        var hosts = Enumerable.Range(0, 4).Select(i => new Host($"asof-{i}-{Guid.NewGuid():N}")).ToList();
        List<(DateTimeOffset At, Dictionary<string, string> Reads)> moments = [];
        var paths = hosts.Select(h => $"/api/v2/agents/{h.Id}").Concat(
        [
            "/api/v2/agents?limit=1000", "/api/v2/agents?selector=ring%3Dcanary", "/api/v2/agents?selector=!ring", "/api/v2/agents?state=lost", "/api/v2/agents?state=drained",
            "/api/v2/agents?state=decommissioned", "/api/v2/agents?version=1.1", "/api/v2/agents?limit=2", "/api/v2/agents?group=canaries", "/api/v2/fleet/summary",
        ]).ToList();
        await Remember();
        foreach (var host in hosts)
        {
            await Append(StreamIds.Agent(host.Id), new AgentEnrolled(host.Id, "1.0", "linux", "x64", "verified"));
            host.Joined = true;
            await Remember();
        }
        await Append(StreamIds.Group("canaries"), new GroupDefined("canaries", "ring=canary", ""));
        await Remember();
        // Ever the same steps, so that a failure can be looked into.
        var random = new Random(20261127);
        for (var n = 0; n < 80; n++)
        {
            var host = hosts[random.Next(hosts.Count)];
            if (Event(host, random.GetItems(Enum.GetValues<Step>(), 1)[0]) is not { } happened) continue;
            await Append(happened is TaskSucceeded ? Guid.NewGuid() : StreamIds.Agent(host.Id), happened);
            await Remember();
        }
        moments.Count.ShouldBeGreaterThan(30);
        // All kinds of what can be said of a host were there to be told apart.
        foreach (var seen in (string[])["\"state\":\"lost\"", "\"state\":\"drained\"", "\"state\":\"decommissioned\"", "\"ring\":\"canary\"", "\"configurationHash\""])
            moments.ShouldContain(m => m.Reads.Values.Any(r => r.Contains(seen)), seen);
        foreach (var (at, reads) in moments)
            foreach (var (path, then) in reads)
                (await Read(path, at)).ShouldBe(then, $"{path} at {at:O}");

        async Task Remember()
        {
            Dictionary<string, string> reads = [];
            foreach (var path in paths) reads[path] = await Read(path, null);
            moments.Add((EventStoreOptions.Clock.GetUtcNow(), reads));
        }
    }

    [Theory]
    [InlineData("agents")]
    [InlineData("agents/nobody")]
    [InlineData("fleet/summary")]
    [InlineData("pipelines")]
    [InlineData("pipelines/00000000-0000-4000-8000-000000000001")]
    [InlineData("experiments/00000000-0000-4000-8000-000000000001")]
    [InlineData("experiments/as-of")]
    public async Task of_a_moment_to_come_nothing_is_told(string path) =>
        await (await plane.User.GetAsync($"/api/v2/{path}?at=2999-01-01T00:00:00Z")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "at-invalid");

    [Fact]
    public async Task ten_thousand_hosts_are_read_in_a_few_statements_by_index()
    {
        // As many as a fleet has, each with a past of its own, appended as the event store keeps them.
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        await using (var fill = database.CreateCommand(
            """
            with hosts as (select 'bulk-' || lpad(n::text, 5, '0') as host, n, gen_random_uuid() as stream, gen_random_uuid() as task from generate_series(0, 9999) n),
            events as (
              select stream, 1 as version, 'agent_enrolled' as type, jsonb_build_object('hostId', host, 'agentVersion', '1.0', 'operatingSystem', 'linux', 'architecture', 'x64', 'verification', 'verified') as data, 'Agents.AgentEnrolled' as dotnet from hosts
              union all select stream, 2, 'agent_labelled', jsonb_build_object('hostId', host, 'labels', jsonb_build_object('bulk', 'n' || n % 10)), 'Agents.AgentLabelled' from hosts
              union all select task, 1, 'task_succeeded', jsonb_build_object('lease', 1, 'hostId', host, 'purpose', 'promote', 'removed', '[]'::jsonb, 'collectors',
                jsonb_build_array(jsonb_build_object('name', 'production', 'arm', 'production', 'pipelineId', stream, 'pipelineVersion', 1, 'configurationHash', 'h', 'changed', true))), 'Tasks.TaskSucceeded' from hosts)
            , streams as (insert into phoenix.mt_streams (id, type, version, tenant_id) select stream, null, max(version), '*DEFAULT*' from events group by stream returning id)
            insert into phoenix.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, is_archived)
            select nextval('phoenix.mt_events_sequence'), gen_random_uuid(), stream, version, data, type, now() - interval '1 day', '*DEFAULT*', 'Phoenix.Domain.' || dotnet || ', Phoenix.Domain', false from events where stream in (select id from streams)
            """))
            await fill.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await using (var analyze = database.CreateCommand("analyze phoenix.mt_events")) await analyze.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        try
        {
            var page = await plane.Get($"/api/v2/agents?selector=bulk%3Dn3&limit=1000&at={Now}");
            page.GetProperty("items").GetArrayLength().ShouldBe(1000);
            page.GetProperty("items").EnumerateArray().ShouldAllBe(h => h.GetProperty("production").GetProperty("configurationHash").GetString() == "h");
            (await plane.Get($"/api/v2/fleet/summary?at={Now}")).GetProperty("hosts").GetInt64().ShouldBeGreaterThanOrEqualTo(10_000);
            (await Plan(AgentReads.Then("true", limit: "100"))).ShouldContain("ix_audit_host_changed");
            // What became of hosts is read of those of the page, each by its stream.
            (await Plan(AgentReads.Then("true", first: "101", limit: "101"))).ShouldContain("pk_mt_events_stream_and_version");

            // A page alone and the same hosts among all of them are the same.
            var all = (await plane.Get($"/api/v2/agents?selector=bulk&search=bulk-000&limit=1000&at={Now}")).GetProperty("items").EnumerateArray().Select(h => h.GetRawText()).ToList();
            all.Count.ShouldBe(100);
            List<string> paged = [];
            for (var after = "bulk-"; paged.Count < 100;)
            {
                var next = await plane.Get($"/api/v2/agents?after={after}&limit=40&at={Now}");
                paged.AddRange(next.GetProperty("items").EnumerateArray().Select(h => h.GetRawText()));
                after = next.GetProperty("next").GetString()!;
            }
            paged.Take(100).ShouldBe(all);

            async Task<string> Plan(string sql)
            {
                await using var explain = database.CreateCommand("explain " + sql);
                explain.Parameters.Add(new() { Value = DateTimeOffset.UtcNow });
                List<string> plan = [];
                await using var r = await explain.ExecuteReaderAsync(TestContext.Current.CancellationToken);
                while (await r.ReadAsync(TestContext.Current.CancellationToken)) plan.Add(r.GetString(0));
                return string.Join('\n', plan);
            }
        }
        finally
        {
            await using var clear = database.CreateCommand("delete from phoenix.mt_events where data ->> 'hostId' like 'bulk-%'");
            await clear.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }

    static object? Event(Host host, Step step)
    {
        if (host.Gone != (step == Step.Recommission)) return null;
        switch (step)
        {
            case Step.Label: return new AgentLabelled(host.Id, new Dictionary<string, string> { ["ring"] = "canary", ["zone"] = "a" });
            case Step.Unlabel: return new AgentLabelled(host.Id, new Dictionary<string, string>());
            case Step.Lose when !host.Lost: host.Lost = true; return new AgentLost(host.Id, EventStoreOptions.Clock.GetUtcNow().AddMinutes(-2));
            case Step.Recover when host.Lost: host.Lost = false; return new AgentRecovered(host.Id);
            case Step.Drain when !host.Drained: host.Drained = true; return new AgentDrained(host.Id);
            case Step.EndDrain when host.Drained: host.Drained = false; return new AgentDrainEnded(host.Id);
            case Step.Decommission: (host.Gone, host.Drained, host.Lost) = (true, false, false); return new AgentDecommissioned(host.Id);
            case Step.Recommission: host.Gone = false; return new AgentRecommissioned(host.Id, "1.1", "linux", "arm64", "verified");
            case Step.Production: return Succeeded([new("production", Arm.Production, Guid.NewGuid(), 2, Guid.NewGuid().ToString("N"), true), Candidate()], []);
            case Step.Temporary: return Succeeded([new("production", Arm.Production, Guid.NewGuid(), 1, "full-detail", true, EventStoreOptions.Clock.GetUtcNow().AddHours(1))], []);
            case Step.Removed: return Succeeded([], ["production"]);
            case Step.OtherWork: return Succeeded([Candidate()], ["candidate-1"]);
            default: return null;
        }

        TaskSucceeded Succeeded(RunningCollector[] collectors, string[] removed) => new(1, host.Id, TaskPurpose.Promote, collectors, removed);
        static RunningCollector Candidate() => new("candidate-2", Arm.Candidate, Guid.NewGuid(), 1, "candidate", true, EventStoreOptions.Clock.GetUtcNow().AddHours(1));
    }

    static string Now => Uri.EscapeDataString(EventStoreOptions.Clock.GetUtcNow().ToString("O"));

    async Task<string> Read(string path, DateTimeOffset? at)
    {
        var answer = await plane.User.GetAsync(at is null ? path : $"{path}{(path.Contains('?') ? '&' : '?')}at={Uri.EscapeDataString(at.Value.ToString("O"))}");
        var body = await answer.Content.ReadAsStringAsync();
        if (answer.StatusCode != HttpStatusCode.OK) return answer.StatusCode.ToString();
        // What the summary tells of collectors and drift no event says.
        return path.EndsWith("summary", StringComparison.Ordinal) ? body[..body.IndexOf("\"collectors\"", StringComparison.Ordinal)] : body;
    }

    async Task Append(Guid stream, object e)
    {
        await using var session = plane.Host.Services.GetRequiredService<IDocumentStore>().LightweightSession();
        session.Events.Append(stream, e);
        await session.SaveChangesAsync(TestContext.Current.CancellationToken);
    }
}
