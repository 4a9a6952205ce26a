using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Phoenix.Contracts;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class DecisionsTests(ControlPlane plane)
{
    static readonly DateTimeOffset At = new(2026, 11, 1, 0, 0, 3, TimeSpan.Zero);

    [Fact]
    public async Task what_an_arm_decided_is_read_back_with_its_experiment_page_by_page()
    {
        var (id, agent) = await plane.Running();
        await agent.Report(id, With(1, [Fold(1, "http.requests", "customer"), Fold(2, "http.latency", "pod")]), Windows.Good(2), With(3, [Fold(3, "queue.size", "shard")]));

        var all = await plane.Get($"/api/v2/experiments/{id}/decisions");
        Metrics(all).ShouldBe(["http.requests", "http.latency", "queue.size"]);
        var first = all.GetProperty("items")[0];
        (first.GetProperty("hostId").GetString(), first.GetProperty("window").GetInt32(), first.GetProperty("arm").GetString())
            .ShouldBe((agent.HostId, 1, "candidate"));
        var read = JsonSerializer.Deserialize(first.GetProperty("decision").GetRawText(), WireJson.Default.AdaptiveDecisionRecord)!;
        JsonSerializer.Serialize(read, WireJson.Default.AdaptiveDecisionRecord)
            .ShouldBe(JsonSerializer.Serialize(Fold(1, "http.requests", "customer"), WireJson.Default.AdaptiveDecisionRecord));

        var page = await plane.Get($"/api/v2/experiments/{id}/decisions?limit=2");
        Metrics(page).ShouldBe(["http.requests", "http.latency"]);
        var rest = await plane.Get($"/api/v2/experiments/{id}/decisions?limit=2&after={page.GetProperty("next").GetString()}");
        Metrics(rest).ShouldBe(["queue.size"]);
        (await plane.Get($"/api/v2/experiments/{id}/decisions?arm=production")).GetProperty("items").GetArrayLength().ShouldBe(0);
        (await plane.Get($"/api/v2/experiments/{id}/decisions?hostId=another")).GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task decisions_of_an_unknown_experiment_are_not_found_and_half_of_one_is_refused()
    {
        (await plane.User.GetAsync($"/api/v2/experiments/{Guid.NewGuid()}/decisions")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        var (id, agent) = await plane.Running();
        (await plane.User.GetAsync($"/api/v2/experiments/{id}/decisions?arm=baseline")).StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        var answer = await agent.Http.PostAsJsonAsync(
            "/api/v2/measurements", new MeasurementReport(id, [With(1, [Fold(1, "m", "a") with { Words = null! }])]), WireJson.Default.Options);
        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("lacks 'adaptive'");
    }

    static WindowReport With(int number, AdaptiveDecisionRecord[] decisions)
    {
        var window = Windows.Good(number);
        return window with { Candidate = window.Candidate! with { Adaptive = new AdaptiveWindow(decisions, 0) } };
    }

    static AdaptiveDecisionRecord Fold(long number, string metric, string label) => new(
        number, At, "phoenix_adaptive", FoldAction.Fold, metric, [label], 900, 30, 1000, 300, "over-budget", "1000 series go out and 300 may",
        [new WeighedAlternative("queue.size", ["shard"], 40)]);

    static IEnumerable<string?> Metrics(JsonElement page) =>
        page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("decision").GetProperty("metric").GetString());
}
