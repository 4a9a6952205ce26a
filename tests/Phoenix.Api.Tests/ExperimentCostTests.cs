using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Phoenix.Projections;

namespace Phoenix.Api.Tests;

/// <summary>What an experiment itself costs, by the rates that an operator wrote down.</summary>
[Collection(nameof(ControlPlane))]
public sealed class ExperimentCostTests(ControlPlane plane)
{
    static object Rates(decimal core, decimal? memory = 0.005m) =>
        new { currency = "USD", perCoreHour = core, perMemoryGigabyteHour = memory, perStorageGigabyteMonth = 0.1m, source = "cloud bill", reason = "for the test" };

    Task<HttpResponseMessage> Put(string on, object rates) => plane.User.PutAsJsonAsync($"/api/v2/operator-rates/{on}", rates);

    [Fact]
    public async Task an_experiment_costs_what_its_candidates_were_measured_to_take()
    {
        var (experiment, agent) = await plane.Running();
        var path = $"/api/v2/experiments/{experiment}/cost";
        await (await plane.User.GetAsync(path)).ShouldBeProblem(HttpStatusCode.Conflict, "nothing-measured");
        await agent.Report(experiment, [.. Enumerable.Range(1, 4).Select(n => Windows.Good(n))]);
        await plane.UntilState(experiment, "completing");
        // Nobody's rates are taken for somebody's.
        await (await plane.User.GetAsync($"{path}?on=2019-12-31")).ShouldBeProblem(HttpStatusCode.Conflict, "operator-rates-missing");
        (await Put("2020-01-01", Rates(0.04m))).StatusCode.ShouldBe(HttpStatusCode.OK);
        var whileItRuns = EventStoreOptions.Clock.GetUtcNow();
        await agent.DoNext();
        await plane.UntilState(experiment, "completed");

        var view = await plane.Get($"{path}?on=2020-06-01");
        // 40 ms of CPU in windows of five seconds, 30 MiB.
        view.GetProperty("candidates").GetProperty("cores").GetDouble().ShouldBe(0.008, 1e-9);
        view.GetProperty("candidates").GetProperty("memoryBytes").GetDouble().ShouldBe(30 << 20);
        var (hours, cost) = (view.GetProperty("ranHours").GetDouble(), view.GetProperty("cost"));
        hours.ShouldBeGreaterThan(0);
        cost.GetProperty("cpu").GetDouble().ShouldBe(0.008 * hours * 0.04, 1e-12);
        cost.GetProperty("memory").GetDouble().ShouldBe((30 << 20) / 1e9 * hours * 0.005, 1e-12);
        cost.GetProperty("storage").GetDouble().ShouldBe(view.GetProperty("evaluationBytes").GetDouble() / 1e9 * (30 * 24 / 730.0) * 0.1, 1e-12);
        view.GetProperty("evaluationBytes").GetDouble().ShouldBeGreaterThan(0);
        // Its candidate is gone, so that the cost stands.
        (await plane.Get($"{path}?on=2020-06-01")).GetProperty("ranHours").GetDouble().ShouldBe(hours);
        // At a moment before, it had cost as much as until then.
        var then = await plane.Get($"{path}?on=2020-06-01&at={Uri.EscapeDataString(whileItRuns.ToString("O"))}");
        var started = (await plane.Get($"/api/v2/experiments/{experiment}")).GetProperty("startedAt").GetDateTimeOffset();
        then.GetProperty("ranHours").GetDouble().ShouldBe((whileItRuns - started).TotalHours, 1e-9);
        then.GetProperty("ranHours").GetDouble().ShouldBeLessThan(hours);
        then.GetProperty("gaps").EnumerateArray().ShouldContain(gap => gap.GetString()!.Contains("still run"));
        await (await plane.User.GetAsync($"{path}?at={Uri.EscapeDataString(started.ToString("O"))}")).ShouldBeProblem(HttpStatusCode.Conflict, "nothing-measured");
        // The list price of then is not known, which is said instead of a net saving.
        view.GetProperty("net").ValueKind.ShouldBe(JsonValueKind.Null);
        view.GetProperty("whyNoNet").GetProperty("code").GetString().ShouldBe("price-entry-unknown");

        // Today there is a price; both pipelines take as much, so that the saving is all net.
        var now = await plane.Get(path);
        var saving = now.GetProperty("saving").GetProperty("perMonth").GetDecimal();
        saving.ShouldBeGreaterThan(0);
        now.GetProperty("net").GetProperty("runningPerMonth").GetDecimal().ShouldBe(0);
        now.GetProperty("net").GetProperty("netPerMonth").GetDecimal().ShouldBe(saving);
        now.GetProperty("net").GetProperty("experimentCost").GetDecimal().ShouldBe(now.GetProperty("cost").GetProperty("total").GetDecimal());
        now.GetProperty("verdictSaving").GetProperty("perMonth").GetDecimal().ShouldBe(saving, 0.001m);
    }

    [Fact]
    public async Task rates_hold_from_their_day_on_and_are_said_in_full()
    {
        await (await Put("2021-01-01", Rates(1, memory: null))).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "operator-rates-invalid");
        await (await Put("2021-01-01", Rates(-1))).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "operator-rates-invalid");
        (await Put("2021-01-01", Rates(1))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Put("2021-01-01", Rates(2))).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Of2021()).ShouldBe([2m]);
        for (var i = 0; i < 2; i++) (await plane.User.DeleteAsync("/api/v2/operator-rates/2021-01-01?reason=wrong")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await Of2021()).ShouldBeEmpty();
    }

    async Task<IReadOnlyList<decimal>> Of2021() =>
        [.. (await plane.User.GetFromJsonAsync<JsonElement>("/api/v2/operator-rates")).EnumerateArray()
            .Where(r => r.GetProperty("on").GetString() == "2021-01-01").Select(r => r.GetProperty("rates").GetProperty("perCoreHour").GetDecimal())];
}
