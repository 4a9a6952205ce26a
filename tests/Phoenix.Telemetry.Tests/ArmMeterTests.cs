namespace Phoenix.Telemetry.Tests;

public class ArmMeterTests
{
    private static TopKReducer TopK(string guarded = "none") => new(new TopKOptions
    {
        Name = "phoenix_topk", Metrics = new MetricSelector(["shop.*"]), Labels = ["customer"], K = 1, Protected = new MetricSelector([guarded]),
    });

    [Fact]
    public void streams_and_classic_series_are_counted_per_window_and_per_measurement()
    {
        var meter = new ArmMeter(new ArmMeterOptions());
        meter.ObserveInput(Batches.Counter("a", 0, ("x=1", 1), ("x=2", 1)));
        meter.ObserveInput(Batches.Counter("a", 5, ("x=1", 1)));
        meter.ObserveInput(Batches.Histogram("h", 5, ("", [1, 2, 3], [1, 2])));
        var first = meter.Cut().Input;
        (first.StreamsActive, first.SeriesActive, first.Points, first.Samples).ShouldBe((3, 2 + 5, 4, 3 + 5));
        (first.StreamsDistinct, first.SeriesDistinct).ShouldBe((3, 7));

        meter.ObserveInput(Batches.Counter("a", 10, ("x=3", 1), ("x=1", 2)));
        var second = meter.Cut().Input;
        (second.StreamsActive, second.StreamsDistinct, second.SeriesDistinct).ShouldBe((2, 4, 8));

        meter.Reset([]);
        meter.ObserveInput(Batches.Counter("a", 15, ("x=1", 3)));
        var third = meter.Cut().Input;
        (third.StreamsActive, third.StreamsDistinct).ShouldBe((1, 1));
    }

    [Fact]
    public void a_resource_with_more_than_job_and_instance_adds_its_target_info()
    {
        var meter = new ArmMeter(new ArmMeterOptions());
        meter.ObserveInput(Batches.Write(w => w.CounterPoints("a", 0, 0, ("", 1), ("x=1", 1)), ("service.name", "s"), ("host.id", "h")));
        var input = meter.Cut().Input;
        (input.StreamsActive, input.SeriesActive, input.Samples).ShouldBe((2, 3, 2));
    }

    [Fact]
    public void a_summary_is_its_quantiles_sum_and_count()
    {
        var meter = new ArmMeter(new ArmMeterOptions());
        meter.ObserveInput(Batches.Write(w =>
        {
            w.BeginSummary("s", "", "");
            w.BeginPoint(0, 5);
            w.EndSummaryPoint(1, 1, [0.5, 0.9, 0.99], [1, 2, 3]);
            w.EndMetric();
        }));
        meter.Cut().Input.SeriesActive.ShouldBe(5);
    }

    [Fact]
    public void discarding_the_rest_is_an_error_of_the_group_by_name()
    {
        var arm = Run(new Arm(TopK()) { Fault = batch => Without(batch, "__other__") });
        var ledger = arm.Cut(20).Ledger;
        ledger.ErrorPct.ShouldBeGreaterThan(10);
        ledger.WorstMetric.ShouldBe("shop.requests");
        ledger.WorstGroup.ShouldBe("shop.requests{route=\"/cart\"}");
    }

    [Fact]
    public void dropping_members_by_a_point_rule_is_an_error_of_the_surviving_group()
    {
        var filter = new MetricFilter(new FilterOptions { Name = "filter/bad", DataPointConditions = ["attributes[\"customer\"] != \"a\""] });
        var ledger = Run(new Arm(filter)).Cut(20).Ledger;
        ledger.WorstGroup.ShouldBe("shop.requests{route=\"/cart\"}");
        ledger.WorstErrorPct.ShouldBe(100.0 * 60 / 100, 1e-9, "b and c add 1 and 2 of 3 while a adds 2 of 5");
        ledger.Dropped.ShouldHaveSingleItem().Points.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("resource.attributes[\"process.pid\"] != \"1\"", 75)]
    [InlineData("resource.attributes[\"process.pid\"] != \"none\"", 0)]
    public void dropping_members_by_a_metric_rule_is_an_error_unless_none_is_left(string condition, double errorPct)
    {
        var arm = new Arm(new MetricFilter(new FilterOptions { Name = "filter/bad", MetricConditions = [condition] }));
        for (var t = 0; t <= 20; t += 5)
        {
            arm.Send(t, Batches.Write(w => w.CounterPoints("process.io", t, 0, ("", t)), ("process.pid", "1")));
            arm.Send(t, Batches.Write(w => w.CounterPoints("process.io", t, 0, ("", 3 * t)), ("process.pid", "2")));
        }

        var ledger = arm.Cut(20).Ledger;
        ledger.ErrorPct.ShouldBe(errorPct);
        ledger.Dropped.ShouldHaveSingleItem().Points.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void a_rule_that_drops_some_streams_excuses_no_other_stream_of_the_metric()
    {
        var filter = new MetricFilter(new FilterOptions { Name = "filter/b", DataPointConditions = ["attributes[\"customer\"] == \"b\""] });
        var arm = new Arm(filter, TopK()) { Fault = _ => null };
        (Run(arm).Cut(20).Ledger.ErrorPct).ShouldBe(100);
    }

    [Fact]
    public void a_group_that_left_wholly_by_a_named_rule_is_no_error_and_one_that_is_merely_gone_is()
    {
        var filter = new MetricFilter(new FilterOptions { Name = "filter/named", MetricConditions = ["metric.name == \"shop.requests\""] });
        var named = Run(new Arm(filter)).Cut(20).Ledger;
        (named.ErrorPct, named.WorstGroup).ShouldBe((0, null));
        named.Dropped.ShouldHaveSingleItem().Rule.ShouldBe("filter/named: metric.name == \"shop.requests\"");

        var gone = Run(new Arm(TopK()) { Fault = _ => null }).Cut(20).Ledger;
        (gone.ErrorPct, gone.WorstMetric).ShouldBe((100, "shop.requests"));
    }

    [Fact]
    public void buckets_as_far_apart_as_numbers_go_are_an_error_and_no_fault()
    {
        var arm = new Arm(new MetricFilter(new FilterOptions { Name = "none" })) { Fault = _ => null };
        arm.Send(0, Batches.Histogram("h", 0, ("", [0, 0], [1])));
        arm.Send(5, Batches.Histogram("h", 5, ("", [1ul << 63, 0], [1])));
        arm.Cut(5).Ledger.WorstMetric.ShouldBe("h");
    }

    [Fact]
    public void an_untouched_pipeline_balances_whatever_passes()
    {
        var arm = new Arm(new MetricFilter(new FilterOptions { Name = "none" }));
        for (var t = 0; t < 20; t += 5)
        {
            arm.Send(t, Batches.Counter("c", t, ("a=1", 7 * t), ("a=2", 3)));
            arm.Send(t, Batches.Gauge("g", t, ("a=1", 0.1 * t), ("a=2", double.NaN)));
            arm.Send(t, Batches.Histogram("h", t, ("a=1", [(ulong)t, 2], [1])));
            arm.Send(t, Batches.Write(w =>
            {
                w.BeginSum("d", "", "", true, Temporality.Delta);
                w.BeginPoint(Batches.At(t - 5), Batches.At(t));
                w.EndPoint(2.5);
                w.EndMetric();
            }));
        }

        var window = arm.Cut(20);
        (window.Ledger.ErrorPct, window.Ledger.WorstGroup).ShouldBe((0, null));
        window.Ledger.In.ShouldBe((7 * 15) + 15 + (4 * 2.5));
        window.Input.ShouldBe(window.Output);
        window.Ledger.Groups.ShouldBe(6);
    }

    [Fact]
    public void a_known_start_of_an_input_follows_the_rule_of_inputs_on_the_way_out_too()
    {
        var arm = new Arm(new MetricFilter(new FilterOptions { Name = "none" }));
        for (var t = 1; t <= 4; t++)
            arm.Send(t, Batches.Write(w => w.CounterPoints("c", t, Batches.At(0.5), ("", 100 + t))));
        var ledger = arm.Cut(5).Ledger;
        (ledger.In, ledger.Out, ledger.ErrorPct).ShouldBe((3, 3, 0));
    }

    [Fact]
    public void protected_streams_have_to_leave_as_they_came()
    {
        var kept = Run(new Arm(["shop.*"], TopK(guarded: "shop.*"))).Cut(20).Protected;
        (kept.Expected, kept.Retained).ShouldBe((3, 3));
        kept.Missing.ShouldBeEmpty();

        var folded = Run(new Arm(["shop.*"], TopK())).Cut(20).Protected;
        folded.Expected.ShouldBe(3);
        folded.Retained.ShouldBeLessThan(3);
        folded.Missing.ShouldBe(["shop.requests"]);
    }

    [Fact]
    public void a_protected_counter_that_is_counted_anew_is_not_retained()
    {
        var arm = new Arm(["shop.*"], TopK());
        for (var t = 0; t <= 20; t += 5)
        {
            arm.Send(t, Batches.Counter("shop.requests", t, ("customer=a", 1000 + t)));
            arm.Flush(t);
        }

        var kept = arm.Cut(20);
        Batches.Read(arm.Output).Last().Labels.ShouldBe("customer=a", "its identity did leave");
        (kept.Protected.Expected, kept.Protected.Retained).ShouldBe((1, 0));
    }

    [Fact]
    public void replaced_protected_metrics_hold_from_the_reset_on()
    {
        var arm = new Arm(TopK());
        arm.Meter.Reset(["bank.*"]);
        arm.Send(0, Batches.Counter("bank.paid", 0, ("customer=a", 1)));
        arm.Cut(0).Protected.Expected.ShouldBe(1);
        arm.Meter.Reset([]);
        arm.Send(1, Batches.Counter("bank.paid", 1, ("customer=a", 1)));
        arm.Cut(1).Protected.Expected.ShouldBe(0);
    }

    [Fact]
    public void the_metrics_with_most_series_come_first()
    {
        var top = Run(new Arm(TopK())).Cut(20).Top;
        top.ShouldHaveSingleItem().ShouldBe(new MetricSeries("shop.requests", 3, 2));
    }

    [Fact]
    public void beyond_the_bound_points_are_counted_and_said_to_be_untracked()
    {
        var meter = new ArmMeter(new ArmMeterOptions { MaxStreams = 2 });
        meter.ObserveInput(Batches.Counter("a", 0, ("x=1", 1), ("x=2", 1), ("x=3", 1)));
        var window = meter.Cut();
        (window.Input.StreamsActive, window.Input.Points, window.UntrackedPoints).ShouldBe((3, 3, 1));
        (window.Input.Approximate, window.Output.Approximate, window.Ledger.VoidGroups).ShouldBe((true, false, 0), "the third group has no place either");
    }

    [Fact]
    public void streams_of_earlier_windows_take_no_place_from_new_ones()
    {
        var meter = new ArmMeter(new ArmMeterOptions { MaxStreams = 4, StalenessSeconds = 1 });
        for (var t = 0; t < 40; t += 10)
        {
            meter.ObserveInput(Batches.Counter("a", t, ($"x={t}", 1), ($"x={t + 1}", 1), ($"x={t + 2}", 1)), (long)Batches.At(t));
            meter.Cut().Input.StreamsActive.ShouldBe(3, $"at {t}");
        }

        meter.Reset([]);
        meter.ObserveInput(Batches.Counter("b", 40, ("x=1", 1), ("x=2", 1), ("x=3", 1)), (long)Batches.At(40));
        var clean = meter.Cut();
        (clean.Input.StreamsActive, clean.Input.StreamsDistinct).ShouldBe((3, 3));
        meter.ObserveInput(Batches.Counter("b", 50, ("x=4", 1), ("x=5", 1), ("x=6", 1)), (long)Batches.At(50));
        meter.Cut();
        meter.ObserveInput(Batches.Counter("b", 60, ("x=1", 1)), (long)Batches.At(60));
        var later = meter.Cut();
        (later.UntrackedPoints, later.Input.Approximate).ShouldBe((0, true), "x=1 was forgotten, and came again");
        later.Input.StreamsDistinct.ShouldBe(6);
    }

    [Fact]
    public void churned_out_streams_are_forgotten_and_what_they_added_is_not()
    {
        var arm = new Arm(TopK());
        for (var t = 0; t < 30; t++)
        {
            arm.Send(t * 400, Batches.Counter($"shop.m{t}", t * 400, ("customer=a", 0)));
            arm.Send((t * 400) + 5, Batches.Counter($"shop.m{t}", (t * 400) + 5, ("customer=a", 1)));
            var ledger = arm.Cut((t * 400) + 5).Ledger;
            (ledger.In, ledger.Out, ledger.Groups, ledger.ErrorPct).ShouldBe((t + 1, t + 1, t + 1, 0));
        }
    }

    private static Arm Run(Arm arm)
    {
        for (var t = 0; t <= 20; t += 5)
        {
            arm.Send(t, Batches.Counter("shop.requests", t, ("route=/cart,customer=a", 2 * t), ("route=/cart,customer=b", t), ("route=/cart,customer=c", 2 * t)));
            arm.Flush(t);
        }

        return arm;
    }

    /// <summary>The batch without points that carry a label value: what a reducer that discards the rest would send.</summary>
    private static byte[]? Without(byte[] batch, string value)
    {
        var sink = new Sink();
        new MetricFilter(new FilterOptions { Name = "fault", DataPointConditions = [$"attributes[\"customer\"] == \"{value}\""] }).Process(batch, 1, sink);
        return sink.Batches.SingleOrDefault();
    }
}
