using CsCheck;

namespace Phoenix.Telemetry.Tests;

public class SeriesMeterTests
{
    private const long Minute = 60_000_000_000;

    // An hour that begins with a whole one.
    private static readonly long Noon = 1_700_000_000 / 3600 * 3600 * 1_000_000_000L;

    [Fact]
    public void each_backend_stores_its_own_number_of_series()
    {
        var meter = new ArmMeter(new ArmMeterOptions());
        meter.ObserveInput(Batches.Write(
            w =>
            {
                w.CounterPoints("c", 0, 0, ("x=1", 1), ("x=2", 1));
                w.BeginHistogram("h", "s", "", Temporality.Cumulative);
                w.BeginPoint(0, Batches.At(0));
                w.EndHistogramPoint(6, 1.5, [1, 2, 3], [1, 2]);
                w.EndMetric();
                w.BeginSummary("s", "", "");
                w.BeginPoint(0, Batches.At(0));
                w.EndSummaryPoint(1, 1, [0.5, 0.9, 0.99], [1, 2, 3]);
                w.EndMetric();
            },
            ("service.name", "shop"), ("host.id", "h")), Noon);
        var counts = meter.Cut(Noon).Input;
        counts.Series.Window.ShouldBe(new SeriesCount(Streams: 4, Classic: 2 + 5 + 5 + 1, Native: 2 + 1 + 5 + 1, Datadog: 2 + 1 + 5));
        counts.Series.DistinctDay.ShouldBe(counts.Series.Window);
        (counts.Names, counts.Approximate, counts.StandardErrorPct).ShouldBe((3, false, 0));
        (counts.SeriesActive, counts.Samples).ShouldBe((13, 12));
    }

    [Fact]
    public void every_span_counts_what_was_last_seen_in_it() => Gen.Select(Gen.Int[0, 30], Gen.Int[0, 100]).Array[1, 120].Sample(
        steps =>
        {
            var meter = new ArmMeter(new ArmMeterOptions());
            var seen = new Dictionary<int, long>();
            var now = Noon;
            foreach (var (stream, pause) in steps)
            {
                // Mostly minutes, now and then hours.
                now += pause > 95 ? pause * 10 * Minute : pause * Minute / 10;
                meter.ObserveInput(Batches.Counter("c", 0, ($"x={stream}", 1)), now);
                seen[stream] = now / Minute;
            }

            var series = meter.Cut(now).Input.Series;
            var minute = now / Minute;
            series.Active20Minutes.Classic.ShouldBe(seen.Values.Count(m => m > minute - 20));
            series.ActiveHour.Classic.ShouldBe(seen.Values.Count(m => m > minute - 60));
            series.DistinctHour.Classic.ShouldBe(seen.Values.Count(m => m / 60 == minute / 60));
            series.DistinctDay.Classic.ShouldBe(seen.Values.Count(m => m / 60 > (minute / 60) - 24));
            series.Measurement.Classic.ShouldBe(seen.Count);
            series.Window.Classic.ShouldBe(seen.Count);
        },
        iter: 300);

    [Fact]
    public void beyond_the_bound_every_count_is_an_estimate_within_its_stated_error()
    {
        const int Streams = 40_000;
        var meter = new ArmMeter(new ArmMeterOptions { MaxStreams = 1_000 });
        for (var i = 0; i < Streams; i += 100)
            meter.ObserveInput(Batches.Counter("c", 0, [.. Enumerable.Range(i, 100).Select(s => ($"x={s}", 1L))]), Noon + (i * Minute / 4_000));
        var window = meter.Cut(Noon + (10 * Minute));
        window.UntrackedPoints.ShouldBe(Streams - 1_000);
        window.Input.Approximate.ShouldBeTrue();
        var within = 4 * window.Input.StandardErrorPct / 100 * Streams;
        var series = window.Input.Series;
        foreach (var count in new[] { series.Window, series.Active20Minutes, series.ActiveHour, series.DistinctHour, series.DistinctDay, series.Measurement })
            ((double)count.Classic).ShouldBe(Streams, within);
        window.Ledger.VoidGroups.ShouldBe(0);
        window.Ledger.Groups.ShouldBe(1_000, "what has a place is compared as ever");

        meter.ObserveInput(Batches.Counter("c", 60, ("x=1", 1)), Noon + (80 * Minute));
        var later = meter.Cut(Noon + (80 * Minute)).Input;
        (later.Series.Window.Classic, later.Series.ActiveHour.Classic, later.Series.DistinctHour.Classic).ShouldBe((1, 1, 1));
        ((double)later.Series.DistinctDay.Classic).ShouldBe(Streams, within);
    }

    [Fact]
    public void an_hour_that_ended_leaves_a_sketch_that_merges_with_others()
    {
        var meter = new ArmMeter(new ArmMeterOptions());
        UltraLogLog? all = null;
        for (var hour = 0; hour < 3; hour++)
        {
            for (var i = 0; i < 1_000; i++)
                meter.ObserveInput(Batches.Counter("c", 0, ($"x={(hour * 500) + i}", 1)), Noon + (hour * 60 * Minute) + (i * Minute / 50));
            var ended = meter.Cut(Noon + ((hour + 1) * 60 * Minute)).Input.EndedHour;
            var sketch = UltraLogLog.Read(ended.ShouldNotBeNull());
            sketch.Estimate().ShouldBe(1_000, 50);
            if (all is null)
                all = sketch;
            else
                all.Merge(sketch);
        }

        all!.Estimate().ShouldBe(2_000, 100);
        meter.Cut(Noon + (181 * Minute)).Input.EndedHour.ShouldBeNull();
    }

    [Fact]
    public void rates_go_by_the_time_between_cuts_and_intervals_by_the_slowest_streams()
    {
        var meter = new ArmMeter(new ArmMeterOptions());
        meter.Cut(Noon);
        for (var t = 0; t <= 120; t += 10)
        {
            meter.ObserveInput(Batches.Counter("fast", t, ("x=1", t), ("x=2", t)), Noon + (t * Minute / 60));
            if (t % 60 == 0)
                meter.ObserveInput(Batches.Counter("slow", t, ("x=1", t)), Noon + (t * Minute / 60));
        }

        var window = meter.Cut(Noon + (2 * Minute));
        window.Input.SamplesPerMinute.ShouldBe(((13 * 2) + 3) / 2.0, 1e-9);
        window.LongestInterval.ShouldBe(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void a_clock_that_is_set_back_counts_nothing_twice()
    {
        var meter = new ArmMeter(new ArmMeterOptions());
        meter.ObserveInput(Batches.Counter("c", 0, ("x=1", 1)), Noon);
        meter.ObserveInput(Batches.Counter("c", 1, ("x=1", 1)), Noon - (90 * Minute));
        meter.ObserveInput(Batches.Counter("c", 2, ("x=2", 1)), Noon - (90 * Minute));
        meter.Cut(Noon).Input.Series.ActiveHour.Classic.ShouldBe(2);
        meter.ObserveInput(Batches.Counter("c", 3, ("x=1", 1)), Noon + (400 * 24 * 60 * Minute));
        meter.Cut(Noon + (400 * 24 * 60 * Minute)).Input.Series.DistinctDay.Classic.ShouldBe(1);
    }
}
