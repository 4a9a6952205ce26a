using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Domain.Agents;
using Phoenix.Projections.Experiments;
using Phoenix.Projections.Fleet;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Tests;

/// <summary>
/// What a rebuild from events gives must be, byte for byte, what the live projection gave. On a database of its own: other
/// tests reach into the queue's table to bring retries forward.
/// </summary>
public sealed class ProjectionRebuildTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
    /// <summary>Every registered projection with the table it fills; the test below fails where one is missing here.</summary>
    static readonly Dictionary<string, string> Tables = new()
    {
        ["TaskQueue"] = $"select to_jsonb(t) from {TaskQueueProjection.TableName} t order by id",
        ["ExperimentHosts"] = $"select to_jsonb(t) from {ExperimentHostsProjection.TableName} t order by host_id",
        // And the list that the database keeps beside it.
        ["Experiment"] = $"select d.data || jsonb_build_object('summary', to_jsonb(s), 'hosts', to_jsonb(h)) from phoenix.mt_doc_experiment d left join {ExperimentSummaries.TableName} s using (id) left join {ExperimentSummaries.HostsTableName} h using (id) order by id",
        ["Deployment"] = "select data from phoenix.mt_doc_deployment order by id",
        ["ChangePolicy"] = "select data from phoenix.mt_doc_changepolicy order by id",
        ["MetricProtection"] = "select data from phoenix.mt_doc_metricprotection order by id",
        ["HostVersions"] = $"select to_jsonb(t) from {HostVersionsProjection.TableName} t order by host_id, since",
        ["Upgrade"] = "select data from phoenix.mt_doc_upgrade order by id",
        ["Fleet"] =
            $"select to_jsonb(t) || jsonb_build_object('held', to_jsonb(q)) from {FleetProjection.TableName} t left join {TaskQueueProjection.HoldTableName} q using (host_id) order by host_id",
        ["HostGroup"] = "select data from phoenix.mt_doc_hostgroup order by id",
        ["PriceBook"] = "select data from phoenix.mt_doc_pricebook order by id",
        ["Backend"] = "select data from phoenix.mt_doc_backend order by id",
        ["NotificationTarget"] = "select data from phoenix.mt_doc_notificationtarget order by id",
        ["Pipelines"] = "select data from phoenix.mt_doc_pipelinetext order by id",
        ["Budget"] = "select data from phoenix.mt_doc_budget order by id",
        ["UsageDay"] = "select data from phoenix.mt_doc_usageday order by id",
        ["SavingsLedger"] = "select data from phoenix.mt_doc_savingsentry order by id",
    };

    IDocumentStore Store => plane.Host.Services.GetRequiredService<IDocumentStore>();

    [Fact]
    public void every_registered_projection_is_compared() =>
        ((DocumentStore)Store).Options.Projections.All.Where(p => p.Lifecycle != ProjectionLifecycle.Live).Select(p => p.Name)
            .ShouldBe(Tables.Keys, ignoreOrder: true);

    [Fact]
    public async Task a_rebuild_gives_exactly_what_live_gave()
    {
        // A history with all that happens: a promoted experiment, a rolled back one, a running one, open and dead tasks.
        var (promoted, agent) = await plane.Running();
        for (var n = 1; n <= 4; n++) await agent.Report(promoted, Windows.Good(n));
        await agent.DoNext();
        await plane.UntilState(promoted, "completed");
        await plane.Command(promoted, "promote", "good");
        var live = (await agent.DoNext()).Desired.Collectors.Single().ConfigurationHash;
        await plane.UntilState(promoted, "promoted");
        await agent.Report(UsageReports.Period(live, 1), UsageReports.Period("of-nobody", 6));
        var budget = new { name = "b", amountPerMonth = 0.0001m, currency = "USD", priceEntry = "signoz-cloud-samples" };
        var set = await plane.User.PostAsJsonAsync("/api/v2/budgets", budget);
        set.EnsureSuccessStatusCode();
        (await plane.User.PutAsJsonAsync(set.Headers.Location, budget with { name = "c" })).EnsureSuccessStatusCode();
        await UsageReports.Record(plane);
        await agent.Report(UsageReports.Period(live, 11));
        await UsageReports.Record(plane);
        var (breached, second) = await plane.Running();
        await second.Report(breached, Windows.Good(1, conservationErrorPct: 3));
        await second.DoNext();
        await plane.UntilState(breached, "rolledBack");
        var third = await TestAgent.Enrol(plane);
        var failing = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [third.HostId]);
        await plane.Command(failing, "start");
        await third.Fail((await third.Poll()).ShouldHaveSingleItem());
        var (running, _) = await plane.Running();
        await plane.Command(running, "stop");
        // Enough windows that some are settled, and a design that was changed.
        var (long_, fourth) = await plane.Running(windows: 40);
        await fourth.Report(long_, [.. Enumerable.Range(1, 25).Select(n => Windows.Good(n, 300 + n))]);
        // All of them: one that is recorded at the same moment would refuse the stop.
        await Eventually.Get(() => plane.Get($"/api/v2/experiments/{long_}"), e => e.GetProperty("latestWindow") is { ValueKind: JsonValueKind.Object } w && w.GetProperty("number").GetInt32() == 25, "all windows");
        await plane.Command(long_, "stop");
        await fourth.DoNext();
        await plane.UntilState(long_, "stopped");
        await plane.Command(long_, "archive");
        var cloned = await plane.User.PostAsJsonAsync($"/api/v2/experiments/{long_}/clone", new { name = "again" });
        cloned.EnsureSuccessStatusCode();
        (await plane.User.PutAsJsonAsync("/api/v2/exchange-rates/USD/EUR/2026-02-02", new { rate = 0.9m, source = "bank" })).EnsureSuccessStatusCode();
        using var releases = new ReleaseDirectory();
        var upgrade = await plane.User.PostAsJsonAsync("/api/v2/upgrades", new { release = releases.Add("linux-x64"), hosts = new[] { third.HostId } });
        upgrade.EnsureSuccessStatusCode();
        (await plane.User.PutAsJsonAsync("/api/v2/protected-metrics", new { patterns = new[] { new { pattern = "never.seen.*", note = "for the test" } } })).EnsureSuccessStatusCode();
        (await plane.User.PutAsJsonAsync("/api/v2/change-policy", new { freezes = new[] { new { name = "past", from = "2026-01-01T00:00:00Z", until = "2026-01-02T00:00:00Z" } } })).EnsureSuccessStatusCode();
        var fifth = await TestAgent.Enrol(plane);
        var deployed = await plane.User.PostAsJsonAsync("/api/v2/deployments", new { pipeline = new { pipelineId = await plane.Pipeline(), version = 1 }, hosts = new[] { fifth.HostId } });
        deployed.EnsureSuccessStatusCode();
        await fifth.Fail(await fifth.Poll() is [var task] ? task : throw new InvalidOperationException("no task"), retryable: false);
        await FleetHistory();

        await Store.WaitForNonStaleProjectionDataAsync(TimeSpan.FromSeconds(30));
        // Retries and sweeps go on beside the test: nothing may be appended between the two pictures.
        using var daemon = await Store.BuildProjectionDaemonAsync();
        foreach (var (name, query) in Tables)
        {
            for (var attempt = 0; ; attempt++)
            {
                var before = await LastSequence();
                var shown = await Picture(query);
                shown.ShouldNotBeEmpty(name);
                await daemon.RebuildProjectionAsync(name, CancellationToken.None);
                var rebuilt = await Picture(query);
                if (await LastSequence() != before && attempt < 5) continue;
                rebuilt.ShouldBe(shown, name);
                break;
            }
        }
    }

    /// <summary>Hosts that are labelled, lost and found, drained and not any more, gone and back; groups that were made, changed and deleted.</summary>
    async Task FleetHistory()
    {
        List<TestAgent> hosts = [];
        for (var i = 0; i < 6; i++) hosts.Add(await TestAgent.Enrol(plane));
        await Put($"agents/{hosts[0].HostId}/labels", new { labels = new { role = "web" } });
        await Put($"agents/{hosts[0].HostId}/labels", new { labels = new { role = "web", env = "test" }, reason = "r" });
        foreach (var host in hosts.Take(4)) await Post($"agents/{host.HostId}/drain");
        await Post($"agents/{hosts[1].HostId}/drain-end");
        foreach (var host in hosts.Skip(2)) await Post($"agents/{host.HostId}/decommission");
        await Post($"agents/{hosts[3].HostId}/re-enrolment");
        var again = new Contracts.EnrolmentRequest(hosts[3].HostId, plane.EnrolmentToken, hosts[3].Credential, "2.0", "linux", "arm64", new Dictionary<string, string> { ["role"] = "db" });
        (await plane.Anonymous().PostAsJsonAsync("/api/v2/agents/enrol", again)).EnsureSuccessStatusCode();
        await using (var session = Store.LightweightSession())
        {
            session.Events.Append(Domain.StreamIds.Agent(hosts[0].HostId), new AgentLost(hosts[0].HostId, new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero)));
            session.Events.Append(Domain.StreamIds.Agent(hosts[1].HostId), new AgentLost(hosts[1].HostId, new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero)));
            session.Events.Append(Domain.StreamIds.Agent(hosts[1].HostId), new AgentRecovered(hosts[1].HostId));
            await session.SaveChangesAsync();
        }
        await Put("groups/kept", new { selector = "role=web" });
        await Put("groups/kept", new { selector = "role in (web,db)", description = "d" });
        await Put("groups/gone", new { selector = "role" });
        (await plane.User.DeleteAsync("/api/v2/groups/gone")).EnsureSuccessStatusCode();
        await Put("backends/kept", new { url = "https://metrics.example.com" });
        await Put("backends/kept", new { url = "https://metrics.example.com/prometheus", authentication = "bearer", secret = "s" });
        await Put("backends/gone", new { url = "https://metrics.example.com" });
        (await plane.User.DeleteAsync("/api/v2/backends/gone")).EnsureSuccessStatusCode();
        await Put("notification-targets/kept", new { channel = "webhook", url = "https://example.com", kinds = new[] { "upgrade.held" }, enabled = false });
        await Post("notification-targets/kept/rotate-secret");
        await Put("notification-targets/gone", new { channel = "slack", url = "https://example.com", kinds = new[] { "upgrade.*" } });
        (await plane.User.DeleteAsync("/api/v2/notification-targets/gone")).EnsureSuccessStatusCode();

        async Task Put(string path, object body) => (await plane.User.PutAsJsonAsync("/api/v2/" + path, body)).EnsureSuccessStatusCode();
        async Task Post(string path) => (await plane.User.PostAsJsonAsync("/api/v2/" + path, new { reason = "for the test" })).EnsureSuccessStatusCode();
    }

    [Fact]
    public async Task what_follows_from_events_by_hand_is_what_the_projections_say()
    {
        var (id, agent) = await plane.Running();
        // Held by its experiment; nothing queued; the baseline is live.
        (await Picture($"select host_id from {ExperimentHostsProjection.TableName} where experiment_id = '{id}'")).Trim().ShouldBe(agent.HostId);
        (await Picture($"select host_id from {TaskQueueProjection.TableName} where experiment_id = '{id}'")).ShouldBeEmpty();
        var host = await plane.Get($"/api/v2/agents/{agent.HostId}");
        host.GetProperty("production").GetProperty("pipelineVersion").GetInt32().ShouldBe(1);
        await plane.Command(id, "stop");
        await Eventually.Get(() => Picture($"select purpose from {TaskQueueProjection.TableName} where experiment_id = '{id}'"), p => p.Trim() == "RemoveCandidate", "a task to remove");
        await agent.DoNext();
        await plane.UntilState(id, "stopped");
        (await Picture($"select host_id from {ExperimentHostsProjection.TableName} where experiment_id = '{id}'")).ShouldBeEmpty();
        await Eventually.Get(() => Picture($"select data->>'state' from phoenix.mt_doc_savingsentry where id = '{id}'"), s => s.Trim() == "notProven", "the ledger's state");
    }

    async Task<string> Picture(string query)
    {
        await using var command = plane.Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(query);
        await using var reader = await command.ExecuteReaderAsync();
        var text = new StringBuilder();
        while (await reader.ReadAsync()) text.AppendLine(reader.GetString(0));
        return text.ToString();
    }

    async Task<long> LastSequence() => (await Store.Advanced.FetchEventStoreStatistics()).EventSequenceNumber;
}
