namespace Phoenix.Telemetry.Tests;

/// <summary>What real exporters served, through the adaptive reducer.</summary>
public class AdaptiveRecordingTests(ITestOutputHelper log)
{
    [Theory]
    [InlineData("process", 0.7, AdaptiveMode.Aggressive, 6)]
    [InlineData("process", 0.7, AdaptiveMode.Balanced, 12)]
    [InlineData("node", 0.4, AdaptiveMode.Aggressive, 12)]
    public void a_recording_reaches_its_target_within_the_stated_intervals_and_stays_there_with_every_increment_kept(
        string job, double target, AdaptiveMode mode, int intervals)
    {
        var folder = RecordedExpositionTests.Recordings();
        Assert.SkipWhen(folder is null, "no recorded expositions at ../shared/data/expositions beside the project's root");
        var interval = TimeSpan.FromMinutes(1);
        var reducer = new AdaptiveReducer(new AdaptiveOptions
        {
            Name = "phoenix_adaptive",
            Goal = new AdaptiveGoal { TargetReduction = target, Mode = mode, MaxChangesPerHour = 60 },
            Gauges = [new GaugeRule(new MetricSelector(["*"]), GaugeFold.Sum)],
            Interval = interval,
        });
        var arm = new Arm(reducer);
        var times = RecordedExpositionTests.Times(folder!);
        var (begin, reached, above) = (times[0], double.PositiveInfinity, 0);
        MeterWindow? window = null;
        foreach (var (number, text) in RecordedExpositionTests.Scrapes(folder!, job))
        {
            var at = times[number];
            arm.Send(at, RecordedExpositionTests.Batch(text, at));
            if (number % 4 != 3)
                continue;
            window = arm.Cut(at);
            window.Ledger.ErrorPct.ShouldBeLessThan(1e-9, $"{window.Ledger.WorstGroup} at scrape {number}");
            window.Ledger.WorstGroup.ShouldBeNull($"off by {window.Ledger.WorstErrorPct} % at scrape {number}");
            arm.Output.Clear();
            var share = window.Output.SeriesActive / (double)window.Input.SeriesActive;
            if (share <= 1 - target)
                reached = Math.Min(reached, at);
            else if (at > reached + 120)
                above++;
        }

        foreach (var (_, decision) in reducer.Decisions.After(0).Select(d => (d.Number, d.Decision)))
            log.WriteLine($"{(decision.UnixNanos - (long)Batches.At(begin)) / 1e9,6:F0} s {decision.Action} {decision.Metric} {string.Join(',', decision.Labels)}: {decision.Words}");
        window.ShouldNotBeNull();
        log.WriteLine($"{job}: series {window.Input.SeriesActive} -> {window.Output.SeriesActive}, reached after {reached - begin:F0} s, {above} windows above it later, {window.Ledger.Increments} increments");
        (reached - begin).ShouldBeLessThanOrEqualTo(intervals * interval.TotalSeconds);

        // Where half of the series are new within a window, as at the end of one recording, no decision can be in time.
        above.ShouldBeLessThanOrEqualTo(1);
        window.Ledger.Increments.ShouldBeGreaterThan(1000);
    }
}
