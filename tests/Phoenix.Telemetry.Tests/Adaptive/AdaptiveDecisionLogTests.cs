namespace Phoenix.Telemetry.Tests;

public class AdaptiveDecisionLogTests
{
    [Fact]
    public void the_oldest_go_first_and_are_counted_while_numbers_go_on()
    {
        var log = new AdaptiveDecisionLog(3);
        for (var i = 1; i <= 5; i++)
            log.Add(new AdaptiveDecision(i, AdaptiveAction.Fold, "m", ["a"], 2, 1, 2, 1, AdaptiveReason.OverBudget, "", []));
        log.After(0).Select(d => (d.Number, d.Decision.UnixNanos)).ShouldBe([(3L, 3L), (4L, 4L), (5L, 5L)]);
        log.After(4).ShouldHaveSingleItem().Number.ShouldBe(5);
        log.Dropped.ShouldBe(2);
    }
}
