using Phoenix.Contracts;

namespace Phoenix.Collector.Tests;

public sealed class AdaptiveTests : IDisposable
{
    private const int Customers = 40;

    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task a_budget_is_reached_the_decision_travels_with_its_window_and_an_incident_brings_detail_back()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp(Yaml.Adaptive));
        var otlp = await collector.OtlpAsync();
        using var stop = new CancellationTokenSource();
        var sending = SendUntilAsync(otlp, stop.Token);

        var decided = await collector.WindowAsync("the decision", w => w.Adaptive is { Decisions.Count: > 0 });
        var decision = decided.Adaptive!.Decisions[0];
        (decision.Processor, decision.Action, decision.Metric, decision.Labels.Single(), decision.Reason)
            .ShouldBe(("phoenix_adaptive", FoldAction.Fold, "shop.requests", "customer", "over-budget"));
        (decision.SeriesBefore, decision.SeriesExpected, decision.Budget).ShouldBe((Customers, 1, 5));
        var folded = await collector.WindowAsync("a folded window", w => w.Number > decided.Number + 1 && w.Output.Counts.SeriesActive is > 0 and <= 5);
        folded.Ledger.WorstGroup.ShouldBeNull();

        using (var accepted = await collector.DeclareIncidentAsync("""{"minutes": 10, "metrics": ["shop.*"]}"""))
        {
            ((int)accepted.StatusCode).ShouldBe(204);
        }

        var detailed = await collector.WindowAsync("full detail", w => w.Number > folded.Number && w.Output.Counts.SeriesActive >= Customers);
        detailed.Ledger.WorstGroup.ShouldBeNull();
        using (var ended = await collector.DeclareIncidentAsync("""{"minutes": 0}"""))
        {
            ((int)ended.StatusCode).ShouldBe(204);
        }

        var last = await collector.WindowAsync("folded again", w => w.Number > detailed.Number + 1 && w.Output.Counts.SeriesActive is > 0 and <= 5);
        last.Ledger.WorstGroup.ShouldBeNull();
        (await collector.DecisionsAsync(decision.Number)).Decisions.Select(d => d.Reason).ShouldBe(["incident", "incident-over"]);
        await stop.CancelAsync();
        await sending;
    }

    [Fact]
    public async Task a_reload_keeps_what_is_folded_without_deciding_it_again()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp(Yaml.Adaptive));
        var otlp = await collector.OtlpAsync();
        using var stop = new CancellationTokenSource();
        var sending = SendUntilAsync(otlp, stop.Token);
        await collector.WindowAsync("the decision", w => w.Adaptive is { Decisions.Count: > 0 });

        File.WriteAllText(_place.Configuration("production"), Yaml.Otlp(Yaml.Adaptive.Replace("series_budget: 5", "series_budget: 6", StringComparison.Ordinal)));
        using var answer = await collector.ReloadAsync();
        ((int)answer.StatusCode).ShouldBe(204);

        var epoch = (await collector.StatusAsync())!.Epoch;
        var folded = await collector.WindowAsync("a folded window of the new epoch", w => w.Epoch == epoch && w.Complete && w.Output.Counts.SeriesActive is > 0 and <= 6);
        folded.Ledger.WorstGroup.ShouldBeNull();
        (await collector.DecisionsAsync()).Decisions.ShouldBeEmpty();
        await stop.CancelAsync();
        await sending;
    }

    [Theory]
    [InlineData("""{"minutes": -1}""", 422, "invalid-incident")]
    [InlineData("""{"minutes": 5, "metrics": [""]}""", 422, "invalid-incident")]
    [InlineData("minutes", 400, "invalid-json")]
    public async Task an_incident_command_that_makes_no_sense_is_refused_with_what_is_wrong(string command, int status, string code)
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp(Yaml.Adaptive));
        await Wait.ForAsync("the control socket", collector.StatusAsync);
        using var answer = await collector.DeclareIncidentAsync(command);
        ((int)answer.StatusCode).ShouldBe(status);
        (await answer.Content.ReadAsStringAsync()).ShouldContain(code);
    }

    [Fact]
    public async Task a_collector_that_folds_nothing_by_itself_says_so()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp(Yaml.TopK));
        await Wait.ForAsync("the control socket", collector.StatusAsync);
        using var answer = await collector.DeclareIncidentAsync("""{"minutes": 5}""");
        ((int)answer.StatusCode).ShouldBe(409);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("no-adaptive-processor");
        (await collector.DecisionsAsync()).Decisions.ShouldBeEmpty();
    }

    private static async Task SendUntilAsync(Uri otlp, CancellationToken stop)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (var value = 1; !stop.IsCancellationRequested; value++)
        {
            await Batches.SendAsync(otlp, Batches.Requests(Customers, value));
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
