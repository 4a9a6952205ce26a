using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Phoenix.Api.Usage;
using Phoenix.Contracts;
using static Phoenix.Api.Tests.UsageReports;

namespace Phoenix.Api.Tests;

/// <summary>What production collectors report after a promotion, and the ledger that is made of it. On a database of its own: the ledger is of everything.</summary>
public sealed class UsageTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
    async Task<JsonElement> Ledger(string by, string more = "") => await plane.Get($"/api/v2/savings/ledger?by={by}&from={Day:yyyy-MM-dd}{more}");

    static decimal Saved(JsonElement row) => Math.Round(row.GetProperty("saved").GetDecimal(), 6);

    static IReadOnlyList<(string, decimal)> Rows(JsonElement ledger) => [.. ledger.GetProperty("rows").EnumerateArray().Select(r => (r.GetProperty("key").GetString()!, Saved(r)))];

    async Task<int> Events(string type) => (await plane.Get($"/api/v2/audit?type={type}&limit=1000")).GetProperty("items").GetArrayLength();

    [Fact]
    public async Task after_a_promotion_savings_go_on_from_what_came_in()
    {
        await (await plane.User.GetAsync("/api/v2/savings/ledger")).ShouldBeProblem(HttpStatusCode.Conflict, "price-unclear");
        var (experiment, agent, hash) = await plane.Promoted("payments");
        var (_, other, otherHash) = await plane.Promoted(null);
        (await plane.User.PutAsJsonAsync("/api/v2/groups/paying", new { selector = "team=payments" })).EnsureSuccessStatusCode();
        (await plane.User.PutAsJsonAsync("/api/v2/groups/selling", new { selector = "service=shop" })).EnsureSuccessStatusCode();

        // In another order, twice, and one that was told again with more windows before it was known to have arrived.
        await agent.Report(Period(hash, 6), Period(hash, 1, last: 3, samplesIn: 10));
        await agent.Report(Period(hash, 1), Period(hash, 6));
        await agent.Report(Period(hash, 1, last: 3, samplesIn: 10));
        await other.Report(Period(otherHash, 1, 2_000_000, 0));
        for (var i = 0; i < 2; i++) await Record(plane);

        // 0.10 USD for a million samples: two periods of 0.07 and one of 0.2.
        var ledger = await Ledger("team");
        ledger.GetProperty("currency").GetString().ShouldBe("USD");
        (await plane.Get("/api/v2/savings/usual-price")).GetProperty("price").GetString().ShouldBe(ledger.GetProperty("price").GetString());
        Rows(ledger).ShouldBe([("(none)", 0.2m), ("payments", 0.14m)]);
        Saved(ledger.GetProperty("total")).ShouldBe(0.34m);
        Saved(ledger.GetProperty("sinceBeginning")).ShouldBe(0.34m);
        ledger.GetProperty("until").GetString().ShouldBe($"{Day:yyyy-MM-dd}");
        Rows(await Ledger("service")).ShouldBe([("(none)", 0.2m), ("shop", 0.14m)]);
        // A host of two groups is in both rows and once in the total.
        var groups = await Ledger("group");
        Rows(groups).ShouldBe([("(none)", 0.2m), ("paying", 0.14m), ("selling", 0.14m)]);
        groups.GetProperty("overlapping").GetBoolean().ShouldBeTrue();
        Saved(groups.GetProperty("total")).ShouldBe(0.34m);
        (await Ledger("experiment")).GetProperty("rows").EnumerateArray().Single(r => r.GetProperty("id").GetGuid() == experiment).GetProperty("hostDays").GetInt32().ShouldBe(1);
        Rows(await Ledger("day")).ShouldBe([($"{Day:yyyy-MM-dd}", 0.34m)]);
        Rows(await Ledger("pipeline")).Count.ShouldBe(2);
        (await Eventually.Get(() => Events("usage_recorded"), n => n >= 2, "both days in the log")).ShouldBe(2);
        (await Events("usage_corrected")).ShouldBe(0);

        // What came late corrects the day, in sight.
        await agent.Report(Period(hash, 11));
        await Record(plane);
        Saved((await Ledger("day")).GetProperty("total")).ShouldBe(0.41m);
        (await Eventually.Get(() => Events("usage_corrected"), n => n > 0, "the correction")).ShouldBe(1);

        // One day is no trend, and it is said what is missing.
        var trend = await plane.Get("/api/v2/savings/trend?by=team");
        trend.GetProperty("missing").GetString().ShouldBe("1 of 7 days that are added up");
        trend.GetProperty("cost").ValueKind.ShouldBe(JsonValueKind.Null);
        await (await plane.User.GetAsync("/api/v2/savings/trend?days=3")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "days-invalid");

        await (await plane.User.GetAsync("/api/v2/savings/ledger?price=nobody")).ShouldBeProblem(HttpStatusCode.NotFound, "price-entry-unknown");
        await (await plane.User.GetAsync("/api/v2/savings/ledger?from=2026-02-01&to=2026-01-01")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "days-invalid");
        // Beside the ends of the calendar there is no day before or after.
        foreach (var read in (string[])["ledger?", "roi?price=signoz-cloud-samples&", "ledger/export?format=csv&"])
            foreach (var days in (string[])["to=9999-12-31", "to=0001-01-01", "from=0001-01-01", "from=2200-01-01&to=2200-01-02"])
                await (await plane.User.GetAsync($"/api/v2/savings/{read}{days}")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "days-invalid");
        // Under another vendor the same days are worth something else.
        (await Ledger("day", "&price=azure-managed-prometheus-samples")).GetProperty("total").GetProperty("saved").GetDecimal().ShouldNotBe(0.41m);
        await TheLedgerLeavesAsAFile();
        await WhatItTookStandsAgainstWhatItSaved(agent);
    }

    async Task TheLedgerLeavesAsAFile()
    {
        var range = $"from={Day:yyyy-MM-dd}&by=team";
        var answer = await plane.User.GetAsync($"/api/v2/savings/ledger/export?format=csv&{range}");
        (answer.Content.Headers.ContentType!.MediaType, answer.Content.Headers.ContentDisposition!.DispositionType).ShouldBe(("text/csv", "attachment"));
        var lines = (await answer.Content.ReadAsStringAsync()).Split("\r\n");
        var saved = Array.IndexOf(lines[0].Split(','), "saved");
        lines[1..^1].Select(l => l.Split(',')).Select(l => (l[0], Math.Round(decimal.Parse(l[saved], System.Globalization.CultureInfo.InvariantCulture), 6)))
            .ShouldBe([("(none)", 0.2m), ("payments", 0.21m), ("total", 0.41m)]);
        var document = await plane.Get($"/api/v2/savings/ledger/export?format=json&{range}");
        document.GetProperty("rows").GetRawText().ShouldBe((await plane.Get($"/api/v2/savings/ledger?{range}")).GetProperty("rows").GetRawText());
        await (await plane.User.GetAsync($"/api/v2/savings/ledger/export?{range}")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "format-invalid");
        await (await plane.User.GetAsync("/api/v2/savings/ledger/export?format=csv&price=nobody")).ShouldBeProblem(HttpStatusCode.NotFound, "price-entry-unknown");
    }

    async Task WhatItTookStandsAgainstWhatItSaved(TestAgent agent)
    {
        var path = $"/api/v2/savings/roi?from={Day:yyyy-MM-dd}";
        var unknown = await plane.Get(path);
        var of = unknown.GetProperty("return");
        // What was saved is known; what it took is not, and no ratio is made up.
        Math.Round(of.GetProperty("saved").GetDecimal(), 6).ShouldBe(0.41m);
        (of.GetProperty("cost").ValueKind, of.GetProperty("ratio").ValueKind).ShouldBe((JsonValueKind.Null, JsonValueKind.Null));
        of.GetProperty("missing").GetArrayLength().ShouldBe(2);

        (await plane.User.PutAsJsonAsync("/api/v2/operator-rates/2020-01-01", new { currency = "USD", perCoreHour = 0.04m, perMemoryGigabyteHour = 0.005m, perStorageGigabyteMonth = 0.1m, source = "bill" })).EnsureSuccessStatusCode();
        await agent.Beat();
        // As if it had been a minute ago: the CPU is told between two heartbeats.
        await using (var command = plane.Host.Services.GetRequiredService<Npgsql.NpgsqlDataSource>().CreateCommand($"update {Agents.AgentPresence.TableName} set heartbeat_at = heartbeat_at - interval '1 minute', cpu_seconds = 0.4 where host_id = $1"))
        {
            command.Parameters.Add(new() { Value = agent.HostId });
            await command.ExecuteNonQueryAsync();
        }
        await agent.Beat();
        of = (await plane.Get(path)).GetProperty("return");
        of.GetProperty("missing").GetArrayLength().ShouldBe(0);
        var costs = of.GetProperty("costs").EnumerateArray().ToDictionary(c => c.GetProperty("of").GetString()!);
        // Four windows of 40 ms in five seconds; both arms took the same, so that the promoted pipelines cost nothing more.
        var ran = costs["experiments"].GetProperty("use");
        ran.GetProperty("coreHours").GetDouble().ShouldBeGreaterThan(0);
        (ran.GetProperty("coreHours").GetDouble() / ran.GetProperty("memoryGigabyteHours").GetDouble()).ShouldBe(0.008 / ((30 << 20) / 1e9), 1e-9);
        costs["pipelines"].GetProperty("cost").GetDecimal().ShouldBe(0);
        // 0.6 seconds of CPU in a minute and a little, 1 MiB, over three days and what there is of today.
        var agents = costs["agents"].GetProperty("use");
        agents.GetProperty("memoryGigabyteHours").GetDouble().ShouldBeInRange((1 << 20) / 1e9 * 72, (1 << 20) / 1e9 * 97);
        agents.GetProperty("coreHours").GetDouble().ShouldBeInRange(0.005 * 72, 0.0101 * 97);
        var (saved, cost, net) = (of.GetProperty("saved").GetDecimal(), of.GetProperty("cost").GetDecimal(), of.GetProperty("net").GetDecimal());
        cost.ShouldBe(costs.Values.Sum(c => c.GetProperty("cost").GetDecimal()));
        net.ShouldBe(saved - cost);
        of.GetProperty("ratio").GetDouble().ShouldBe((double)(net / cost), 1e-9);
        // Before anything was added up nothing was saved, as far as is known.
        var before = (await plane.Get("/api/v2/savings/roi?from=2025-01-01&to=2025-01-31&price=signoz-cloud-samples")).GetProperty("return");
        (before.GetProperty("saved").ValueKind, before.GetProperty("ratio").ValueKind).ShouldBe((JsonValueKind.Null, JsonValueKind.Null));
        await (await plane.User.GetAsync("/api/v2/savings/roi?from=2026-02-01&to=2026-01-01&price=signoz-cloud-samples")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "days-invalid");
    }
}

/// <summary>Usage as an agent would report it.</summary>
static class UsageReports
{
    /// <summary>Far enough back to be added up at any time of today.</summary>
    public static readonly DateTimeOffset Day = new DateTimeOffset(DateTime.UtcNow.Date, TimeSpan.Zero).AddDays(-3);

    public static UsagePeriod Period(string hash, long first, long samplesIn = 1_000_000, long samplesOut = 300_000, long? last = null, DateTimeOffset? at = null) => new(
        "production", hash, "e1", first, last ?? first + 4, (at ?? Day).AddMinutes(first), (at ?? Day).AddMinutes((last ?? first + 4) + 1), 300, 0,
        new(samplesIn, samplesIn, samplesIn * 50, 1000 * 300), new(samplesOut, samplesOut, samplesOut * 50, 300 * 300), samplesOut * 10, 0);

    public static async Task<HttpResponseMessage> Post(TestAgent agent, params UsagePeriod[] periods) =>
        await agent.Http.PostAsJsonAsync("/api/v2/usage", new UsageReport(periods), WireJson.Default.Options);

    public static async Task Report(this TestAgent agent, params UsagePeriod[] periods)
    {
        var answer = await Post(agent, periods);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("nextInSeconds").GetDouble().ShouldBe(300);
    }

    public static Task Record(ControlPlane plane) => plane.Host.Services.GetRequiredService<RecordUsage>().Record(CancellationToken.None);
}
