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
    /// <summary>An experiment that was promoted; and the hash of what its host runs now.</summary>
    async Task<(Guid Experiment, TestAgent Agent, string Hash)> Promoted(string? team)
    {
        var (id, agent) = await plane.Running();
        for (var n = 1; n <= 4; n++) await agent.Report(id, Windows.Good(n));
        await agent.DoNext();
        await plane.UntilState(id, "completed");
        await plane.Command(id, "promote");
        var task = await agent.DoNext();
        await plane.UntilState(id, "promoted");
        if (team is not null)
            (await plane.User.PutAsJsonAsync($"/api/v2/agents/{agent.HostId}/labels", new { labels = new { team, service = "shop" } })).EnsureSuccessStatusCode();
        return (id, agent, task.Desired.Collectors.Single().ConfigurationHash);
    }

    async Task<JsonElement> Ledger(string by, string more = "") => await plane.Get($"/api/v2/savings/ledger?by={by}&from={Day:yyyy-MM-dd}{more}");

    static decimal Saved(JsonElement row) => Math.Round(row.GetProperty("saved").GetDecimal(), 6);

    static IReadOnlyList<(string, decimal)> Rows(JsonElement ledger) => [.. ledger.GetProperty("rows").EnumerateArray().Select(r => (r.GetProperty("key").GetString()!, Saved(r)))];

    async Task<int> Events(string type) => (await plane.Get($"/api/v2/audit?type={type}&limit=1000")).GetProperty("items").GetArrayLength();

    [Fact]
    public async Task after_a_promotion_savings_go_on_from_what_came_in()
    {
        await (await plane.User.GetAsync("/api/v2/savings/ledger")).ShouldBeProblem(HttpStatusCode.Conflict, "price-unclear");
        var (experiment, agent, hash) = await Promoted("payments");
        var (_, other, otherHash) = await Promoted(null);
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
        // Under another vendor the same days are worth something else.
        (await Ledger("day", "&price=azure-managed-prometheus-samples")).GetProperty("total").GetProperty("saved").GetDecimal().ShouldNotBe(0.41m);
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
