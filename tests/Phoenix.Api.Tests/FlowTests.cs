using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Phoenix.Api.Flow;
using Phoenix.Contracts;

namespace Phoenix.Api.Tests;

/// <summary>What goes through production collectors now, from hosts' reports to rows with money.</summary>
[Collection(nameof(ControlPlane))]
public sealed class FlowTests(ControlPlane plane)
{
    [Fact]
    public async Task hosts_that_tell_are_added_up_and_others_are_silent()
    {
        var (selector, agents) = await Hosts(3);
        await Tell(agents[0], Window(60, Table(("requests", 100, 10, 600, 60), ("up", 1, 1, 6, 6)), total: new(110, 12, 700, 70)));
        await Tell(agents[1], Window(30, Table(("requests", 50, 5, 150, 15)), total: new(50, 5, 150, 15)));

        var view = await plane.Get($"/api/v2/flow?selector={selector}");

        (view.GetProperty("hosts").GetInt32(), view.GetProperty("silentHosts").GetInt32()).ShouldBe((2, 1));
        Row(view.GetProperty("total")).ShouldBe(("total", 160, 17, 1000, 100));
        view.GetProperty("rows").EnumerateArray().Select(Row).ShouldBe([("requests", 150, 15, 900, 90), ("up", 1, 1, 6, 6)]);
        Row(view.GetProperty("other")).ShouldBe(("other", 9, 1, 94, 4));
        view.GetProperty("truncated").GetBoolean().ShouldBeTrue();
        view.GetProperty("asOf").GetDateTimeOffset().ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1));
        view.GetProperty("rows")[0].GetProperty("monthlyCostIn").ValueKind.ShouldBe(JsonValueKind.Null);

        var services = await plane.Get($"/api/v2/flow?by=service&selector={selector}");
        services.GetProperty("by").GetString().ShouldBe("service");
        services.GetProperty("rows").EnumerateArray().Select(r => r.GetProperty("key").GetString()).ShouldBe(["shop", "(none)"]);
        (await plane.Get($"/api/v2/flow?by=namespace&selector={selector}")).GetProperty("rows").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task the_latest_report_counts_and_the_money_of_rows_adds_up()
    {
        var (selector, agents) = await Hosts(1);
        await Tell(agents[0], Window(60, Table(("gone", 7, 7, 7, 7)), total: new(7, 7, 7, 7)));
        // Two collectors of one host are one: 3 and 1 million samples a minute in, a tenth out.
        await Tell(agents[0],
            Window(60, Table(("a", 10, 1, 3_000_000, 300_000)), total: new(10, 1, 3_000_000, 300_000)),
            Window(60, Table(("a", 1, 1, 500_000, 50_000), ("b", 1, 1, 500_000, 50_000)), total: new(2, 2, 1_000_000, 100_000)));

        var view = await plane.Get($"/api/v2/flow?price=signoz-cloud-samples&selector={selector}");

        view.GetProperty("currency").GetString().ShouldBe("USD");
        view.GetProperty("rows").EnumerateArray().Select(Row).ShouldBe([("a", 11, 2, 3_500_000, 350_000), ("b", 1, 1, 500_000, 50_000)]);
        // 0.10 per million samples, 43,800 minutes a month.
        view.GetProperty("total").GetProperty("monthlyCostIn").GetDecimal().ShouldBe(17_520m);
        view.GetProperty("total").GetProperty("monthlyCostOut").GetDecimal().ShouldBe(1_752m);
        view.GetProperty("rows")[0].GetProperty("monthlyCostIn").GetDecimal().ShouldBe(15_330m);
        view.GetProperty("rows")[1].GetProperty("monthlyCostIn").GetDecimal().ShouldBe(2_190m);
        view.GetProperty("truncated").GetBoolean().ShouldBeFalse();

        var bytes = await plane.Get($"/api/v2/flow?price=new-relic-ingest&selector={selector}");
        bytes.GetProperty("priceProblem").GetString()!.ShouldContain("bills");
        bytes.GetProperty("total").GetProperty("monthlyCostIn").ValueKind.ShouldBe(JsonValueKind.Null);
        await (await plane.User.GetAsync("/api/v2/flow?price=nobody")).ShouldBeProblem(HttpStatusCode.NotFound, "price-entry-unknown");
        await (await plane.User.GetAsync("/api/v2/flow?selector=a%20b")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "selector-invalid");
    }

    [Fact]
    public async Task a_host_that_is_decommissioned_or_has_told_nothing_for_long_does_not_count()
    {
        var (selector, agents) = await Hosts(2);
        foreach (var agent in agents) await Tell(agent, Window(60, Table(("a", 10, 1, 6, 6)), total: new(10, 1, 6, 6)));
        await using var database = Npgsql.NpgsqlDataSource.Create(plane.ConnectionString);
        await database.CreateCommand($"update {FlowStore.TableName} set reported_at = now() - interval '201 seconds' where host_id = '{agents[0].HostId}'").ExecuteNonQueryAsync();
        var view = await plane.Get($"/api/v2/flow?selector={selector}");
        (view.GetProperty("hosts").GetInt32(), view.GetProperty("silentHosts").GetInt32()).ShouldBe((1, 1));
        Row(view.GetProperty("total")).SeriesIn.ShouldBe(10);

        (await plane.User.PostAsJsonAsync($"/api/v2/agents/{agents[1].HostId}/decommission", new { reason = "gone" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        view = await plane.Get($"/api/v2/flow?selector={selector}");
        (view.GetProperty("hosts").GetInt32(), view.GetProperty("silentHosts").GetInt32()).ShouldBe((0, 1));
        view.GetProperty("asOf").ValueKind.ShouldBe(JsonValueKind.Null);
        (await database.CreateCommand($"select count(*) from {FlowStore.TableName} where host_id = '{agents[1].HostId}'").ExecuteScalarAsync()).ShouldBe(0L);
    }

    [Fact]
    public async Task a_report_that_nobody_could_have_counted_is_refused()
    {
        var agent = await TestAgent.Enrol(plane);
        var good = Window(60, Table(("a", 1, 1, 1, 1)), total: new(1, 1, 1, 1));
        await Refused(new([new("production", good with { Seconds = 0 })]));
        await Refused(new([new("", good)]));
        await Refused(new([new("production", good with { Total = new(-1, 0, 0, 0) })]));
        await Refused(new([new("production", good with { Metrics = good.Metrics with { SamplesIn = [] } })]));
        await Refused(new([new("production", good with { Services = good.Metrics with { Keys = [new string('k', 201)] } })]));
        await Refused(new([new("production", good with { Metrics = Table([.. Enumerable.Range(0, 51).Select(i => ($"m{i}", 1L, 1L, 1L, 1L))]) })]));
        (await agent.Http.PostAsJsonAsync("/api/v2/flow", new FlowReport([]), WireJson.Default.Options)).StatusCode.ShouldBe(HttpStatusCode.OK, "a host without production tells that");
        (await plane.Anonymous().PostAsJsonAsync("/api/v2/flow", new FlowReport([]), WireJson.Default.Options)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        async Task Refused(FlowReport report) =>
            await (await agent.Http.PostAsJsonAsync("/api/v2/flow", report, WireJson.Default.Options)).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "flow-invalid");
    }

    [Fact]
    public void a_full_report_is_small_and_a_large_fleet_tells_within_a_minute()
    {
        var table = Table([.. Enumerable.Range(0, FlowTable.MaxRows).Select(i => ($"{i:00}_http_server_request_duration_seconds_bu", 123_456L, 12_345L, 1_234_567L, 123_456L))]);
        var report = new FlowReport([new("production", new(DateTimeOffset.UtcNow, 60.0001, new(6_172_800, 617_250, 61_728_350, 6_172_800), table, table, table))]);
        JsonSerializer.SerializeToUtf8Bytes(report, WireJson.Default.FlowReport).Length.ShouldBeInRange(1_000, 13_000);
        FlowSettings.Next(10, 0.5).TotalSeconds.ShouldBe(30, 0.001);
        FlowSettings.Next(10_000, 0.5).TotalSeconds.ShouldBe(50, 0.001);
    }

    async Task<(string Selector, IReadOnlyList<TestAgent> Agents)> Hosts(int count)
    {
        var key = $"flow-{Guid.NewGuid():N}";
        List<TestAgent> agents = [];
        for (var i = 0; i < count; i++)
        {
            agents.Add(await TestAgent.Enrol(plane));
            var labelled = await plane.User.PutAsJsonAsync($"/api/v2/agents/{agents[i].HostId}/labels", new { labels = new Dictionary<string, string> { [key] = "x" }, reason = "r" });
            labelled.StatusCode.ShouldBe(HttpStatusCode.OK, await labelled.Content.ReadAsStringAsync());
        }
        return (key, agents);
    }

    static async Task Tell(TestAgent agent, params FlowWindow[] windows)
    {
        var answer = await agent.Http.PostAsJsonAsync("/api/v2/flow", new FlowReport([.. windows.Select((w, i) => new ReportedFlow($"production-{i}", w))]), WireJson.Default.Options);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        (await answer.Content.ReadFromJsonAsync(WireJson.Default.FlowAccepted))!.NextInSeconds.ShouldBeInRange(20, 60);
    }

    static FlowWindow Window(double seconds, FlowTable metrics, FlowCounts total) =>
        new(DateTimeOffset.UtcNow, seconds, total, metrics, Table(("shop", total.SeriesIn - 1, total.SeriesOut, total.SamplesIn, total.SamplesOut), ("", 1, 0, 0, 0)), FlowTable.Empty);

    static FlowTable Table(params (string Key, long SeriesIn, long SeriesOut, long SamplesIn, long SamplesOut)[] rows) =>
        new([.. rows.Select(r => r.Key)], [.. rows.Select(r => r.SeriesIn)], [.. rows.Select(r => r.SeriesOut)], [.. rows.Select(r => r.SamplesIn)], [.. rows.Select(r => r.SamplesOut)]);

    static (string Key, double SeriesIn, double SeriesOut, double In, double Out) Row(JsonElement row) => (
        row.GetProperty("key").GetString()!, row.GetProperty("seriesIn").GetDouble(), row.GetProperty("seriesOut").GetDouble(),
        Math.Round(row.GetProperty("samplesPerMinuteIn").GetDouble(), 6), Math.Round(row.GetProperty("samplesPerMinuteOut").GetDouble(), 6));
}
