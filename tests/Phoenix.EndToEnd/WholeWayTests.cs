using System.Text.Json.Nodes;

namespace Phoenix.EndToEnd;

/// <summary>From a command to fewer series at the backend.</summary>
public sealed class WholeWayTests : EndToEndTest
{
    [Fact(Timeout = 300_000)]
    public async Task a_promoted_candidate_saves_series_at_the_backend_and_the_audit_log_tells_how()
    {
        var everything = await Api.PublishAsync("everything", Stack.Pipelines.Everything);
        var folding = await Api.PublishAsync("folding", Stack.Pipelines.Folding);

        var nullTest = await ExperimentRun.StartAsync(Stack, everything, everything, Plan.Brief, "A/A");
        var same = await nullTest.UntilOverAsync();
        var noDifference = same["evidence"].ShouldNotBeNull();
        Number(noDifference, "seriesReductionPct").ShouldBe(0);
        Number(noDifference, "liveSeriesReductionPct").ShouldBe(0);
        Number(noDifference, "conservationErrorPct").ShouldBe(0);
        Number(noDifference, "incrementsChecked").ShouldBeGreaterThan(0);

        var topK = await ExperimentRun.StartAsync(Stack, everything, folding, Plan.Brief, "Top-K");
        var judged = await topK.UntilOverAsync();
        ExperimentRun.State(judged).ShouldBe("completed", judged.ToJsonString());
        judged["verdict"]!["outcome"]!.GetValue<string>().ShouldBe("promote", judged.ToJsonString());
        judged["verdict"]!["scope"]!.GetValue<string>().ShouldBe("this host, the windows measured");
        var evidence = judged["evidence"].ShouldNotBeNull();
        Number(evidence, "conservationErrorPct").ShouldBe(0);
        Number(evidence, "conservationGroups").ShouldBeGreaterThan(0);
        Number(evidence, "incrementsChecked").ShouldBeGreaterThan(0);
        Number(evidence, "protectedRetained").ShouldBe(Number(evidence, "protectedExpected"));
        Number(evidence, "protectedExpected").ShouldBeGreaterThan(0);
        Number(evidence["saving"].ShouldNotBeNull(), "perMonth").ShouldBeGreaterThan(0);

        var before = await StreamsOfTwoScrapesAsync();
        before.Count(IsByCustomer).ShouldBe(2 * Shop.Customers, "in shadow nothing changes for the backend");

        await topK.CommandAsync("promote");
        await topK.UntilStateAsync("promoted");
        var checks = (await Stack.Api.ReadAsync("deployments"))["items"]!.AsArray().ShouldHaveSingleItem()!["judged"]!["checks"]!.AsArray();
        checks.Select(c => (c!["kind"]!.GetValue<string>(), c["outcome"]!.GetValue<string>())).ShouldBe(
            [("dataLeaves", "met"), ("fidelity", "met"), ("saving", "met"), ("cpu", "met"), ("memory", "met")], checks.ToJsonString());
        var after = await Eventually.GetAsync(StreamsOfTwoScrapesAsync, streams => streams.Count < before.Count / 2, "fewer series at the backend", 60);
        after.Count(IsByCustomer).ShouldBeInRange(2, 2 * 20);
        after.ShouldContain(s => s.Contains("customer=__other__", StringComparison.Ordinal));
        after.Count(s => s.StartsWith(PipelineTexts.Protected, StringComparison.Ordinal)).ShouldBe(2);

        var status = (await Stack.StatusAsync(Stack.Production)).ShouldNotBeNull();
        status["configurationHash"]!.GetValue<string>().ShouldBe(judged["candidate"]!["configurationHash"]!.GetValue<string>());
        Stack.Collectors.Count.ShouldBe(1, "the candidate is gone");

        await ShouldTellTheStory(topK);
    }

    private async Task ShouldTellTheStory(ExperimentRun topK)
    {
        var story = await topK.AuditUntilAsync("experiment_promoted");
        story.Select(e => e.Sequence).ShouldBeInOrder();
        // Windows and progress come as often as they come; the rest in exactly this order.
        // So does what the experiment hears of its deployment, which goes its own way.
        var told = story.Where(e => e.Type is not ("window_measured" or "window_voided" or "task_progressed" or "variant_promoted")).Select(e => e.Type).ToList();
        told.ShouldBe(
        [
            "experiment_drafted", "experiment_started", "task_queued", "task_assigned", "task_succeeded", "variants_applied", "warm_up_ended",
            "verdict_reached", "task_queued", "task_assigned", "task_succeeded", "candidate_removed", "experiment_completed",
            "promotion_requested", "deployment_requested", "wave_started", "task_queued", "task_assigned", "task_succeeded", "hosts_deployed", "wave_completed",
            "wave_judged", "deployment_completed", "experiment_promoted",
        ]);
        story.Count(e => e.Type == "variant_promoted").ShouldBe(1);
        story.Count(e => e.Type == "window_measured").ShouldBeGreaterThanOrEqualTo(4);

        story.ShouldAllBe(e => !string.IsNullOrEmpty(e.Actor));
        foreach (var (type, reason) in new[]
        {
            ("experiment_drafted", "drafting Top-K"), ("experiment_started", "start for the test"), ("promotion_requested", "promote for the test"),
        })
        {
            var entry = story.Single(e => e.Type == type);
            entry.Reason.ShouldBe(reason);
            Guid.TryParse(entry.Actor, out _).ShouldBeTrue($"{type} was asked for by a user, not by '{entry.Actor}'");
        }

        story.Where(e => e.Type == "task_succeeded").ShouldAllBe(e => e.Actor == $"agent:{Stack.Host}");
        story.Where(e => e.Type is "verdict_reached" or "task_assigned").ShouldAllBe(e => e.Actor == "system");
        var whole = await Api.AuditAsync();
        whole.Single(e => e.Type == "agent_enrolled").Actor.ShouldBe($"agent:{Stack.Host}");
        whole.Where(e => e.Type == "pipeline_drafted").Select(e => e.Reason).ShouldBe(["publishing everything", "publishing folding"]);
    }

    private static bool IsByCustomer(string stream) => stream.Contains("customer=", StringComparison.Ordinal);

    private static double Number(JsonNode node, string name) => node[name]!.GetValue<double>();

    /// <summary>What comes to the backend while the application is scraped twice and pushes four times.</summary>
    private async Task<IReadOnlyList<string>> StreamsOfTwoScrapesAsync()
    {
        var since = DateTime.UtcNow;
        var (scrape, push) = (Stack.Sink.LastTick(Shop.ScrapeTicks), Stack.Sink.LastTick(Shop.PushTicks));
        await Eventually.TrueAsync(
            () => Stack.Sink.LastTick(Shop.ScrapeTicks) >= scrape + 2 && Stack.Sink.LastTick(Shop.PushTicks) >= push + 4, "more input at the backend", 30);
        return Stack.Sink.StreamsSince(since);
    }
}
