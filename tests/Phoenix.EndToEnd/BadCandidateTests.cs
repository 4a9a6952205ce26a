using System.Text.Json.Nodes;

namespace Phoenix.EndToEnd;

/// <summary>What a guardrail is for: the candidate goes, production does not notice.</summary>
public sealed class BadCandidateTests : EndToEndTest
{
    [Fact(Timeout = 300_000)]
    public async Task a_candidate_that_discards_the_rest_is_rolled_back_by_the_conservation_guardrail()
    {
        var breach = await RollsBackAsync(Stack.Pipelines.Discarding);
        breach["guardrail"]!.GetValue<string>().ShouldBe("conservation");
        breach["detail"]!.GetValue<string>().ShouldContain("shop_requests_total");
        breach["measured"]!.GetValue<double>().ShouldBeGreaterThan(0.1);
    }

    [Fact(Timeout = 300_000)]
    public async Task a_candidate_that_drops_a_protected_metric_is_rolled_back_by_the_retention_guardrail()
    {
        var breach = await RollsBackAsync(Stack.Pipelines.DroppingProtected);
        breach["guardrail"]!.GetValue<string>().ShouldBe("protectedRetention");
        breach["detail"]!.GetValue<string>().ShouldContain(PipelineTexts.Protected);
    }

    private async Task<JsonNode> RollsBackAsync(string configuration)
    {
        var everything = await GoLiveAsync();
        var bad = await Api.PublishAsync("bad", configuration);
        var production = Stack.CollectorPid(Stack.Production);

        var run = await ExperimentRun.StartAsync(Stack, everything, bad, Plan.Extended, "bad candidate");
        var over = await run.UntilOverAsync();
        ExperimentRun.State(over).ShouldBe("rolledBack", over.ToJsonString());
        over["verdict"]!["outcome"]!.GetValue<string>().ShouldBe("reject");

        var told = (await run.AuditUntilAsync("experiment_rolled_back")).Select(e => e.Type).ToList();
        told.TakeWhile(type => type != "guardrail_breached").Count(type => type == "window_measured")
            .ShouldBeInRange(1, 3, "the first valid window and two more");
        told.ShouldContain("guardrail_breached");

        Stack.CollectorPid(run.CandidateName).ShouldBeNull();
        Stack.CollectorPid(Stack.Production).ShouldBe(production, "production was never touched");
        var lastTick = Stack.Sink.LastTick(Shop.ScrapeTicks);
        await Eventually.TrueAsync(() => Stack.Sink.LastTick(Shop.ScrapeTicks) >= lastTick + 2, "production to go on", 30);
        await ShouldHaveNoGapAsync();
        return over["breach"].ShouldNotBeNull();
    }
}
