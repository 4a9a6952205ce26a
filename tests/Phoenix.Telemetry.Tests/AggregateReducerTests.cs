namespace Phoenix.Telemetry.Tests;

public class AggregateReducerTests
{
    private static AggregateOptions Options(params AggregateRule[] rules) => new() { Name = "phoenix_aggregate/test", Rules = rules };

    private static AggregateRule Drop(string metrics, params string[] labels) => new() { Metrics = new MetricSelector([metrics]), Drop = labels };

    private static Dictionary<string, double> Last(Arm arm) =>
        Batches.Read(arm.Output).Where(p => !p.Ends).GroupBy(p => p.Labels).ToDictionary(g => g.Key, g => g.Last().Value);

    [Fact]
    public void dropped_labels_are_folded_and_the_others_stay()
    {
        var arm = new Arm(new AggregateReducer(Options(Drop("shop.*", "customer"))));
        arm.Send(0, Batches.Counter("shop.requests", 0, ("customer=a,route=/", 10), ("customer=b,route=/", 20), ("customer=a,route=/x", 30)));
        arm.Send(5, Batches.Counter("shop.requests", 5, ("customer=a,route=/", 11), ("customer=b,route=/", 23), ("customer=a,route=/x", 37)));
        arm.Cut(5).Ledger.ErrorPct.ShouldBe(0);

        Last(arm).ShouldBe(new Dictionary<string, double> { ["route=/"] = 4, ["route=/x"] = 7 }, ignoreOrder: true);
    }

    [Fact]
    public void only_kept_labels_stay_and_the_resource_is_untouched()
    {
        var rule = new AggregateRule { Metrics = new MetricSelector(["*"]), Keep = ["route"] };
        var arm = new Arm(new AggregateReducer(Options(rule)));
        for (var t = 0; t <= 5; t += 5)
            arm.Send(t, Batches.Counter("shop.requests", t, ("customer=a,pod=x,route=/", t), ("customer=b,pod=y,route=/", 2 * t), ("pod=z", t)));
        arm.Cut(5).Ledger.WorstGroup.ShouldBeNull();

        Last(arm).ShouldBe(new Dictionary<string, double> { ["route=/"] = 15, [""] = 5 }, ignoreOrder: true);
        Batches.Read(arm.Output).Select(p => p.Resource).Distinct().ShouldBe(["service.name=shop"]);
    }

    [Fact]
    public void a_stream_without_the_label_and_those_that_become_like_it_are_one_output()
    {
        var arm = new Arm(new AggregateReducer(Options(Drop("*", "customer"))));
        arm.Send(0, Batches.Counter("shop.requests", 0, ("route=/", 1), ("customer=a,route=/", 1)));
        arm.Send(5, Batches.Counter("shop.requests", 5, ("route=/", 4), ("customer=a,route=/", 6)));
        arm.Cut(5).Ledger.ErrorPct.ShouldBe(0);

        Batches.Read(arm.Output).ShouldHaveSingleItem().Value.ShouldBe(8);
    }

    [Fact]
    public void of_several_rules_the_first_that_fits_a_stream_counts()
    {
        var special = Drop("shop.*", "customer") with { Where = ["attributes[\"route\"] == \"/health\""] };
        var arm = new Arm(new AggregateReducer(Options(special, Drop("shop.*", "pod"))));
        for (var t = 0; t <= 5; t += 5)
        {
            arm.Send(t, Batches.Counter(
                "shop.requests", t, ("customer=a,pod=x,route=/health", t), ("customer=b,pod=x,route=/health", t), ("customer=a,pod=x,route=/", t), ("customer=a,pod=y,route=/", t)));
        }

        arm.Cut(5).Ledger.WorstGroup.ShouldBeNull();
        Last(arm).ShouldBe(new Dictionary<string, double> { ["pod=x,route=/health"] = 10, ["customer=a,route=/"] = 10 }, ignoreOrder: true);
    }

    [Fact]
    public void rules_select_by_expression_and_by_type_and_protected_metrics_pass()
    {
        var rule = new AggregateRule
        {
            Metrics = new MetricSelector([], [@"shop\.(requests|paid|carts)"]), Types = [MetricType.Sum], Drop = ["customer"],
        };
        var reducer = new AggregateReducer(Options(rule) with
        {
            Protected = new MetricSelector(["shop.paid"]), Gauges = [new GaugeRule(new MetricSelector(["*"]), GaugeFold.Sum)],
        });
        var sink = new Sink();
        (byte[] Batch, PassReason? Reason)[] cases =
        [
            (Batches.Counter("shop.requests", 1, ("customer=a", 1)), null),
            (Batches.Counter("shop.paid", 1, ("customer=a", 1)), PassReason.Protected),
            (Batches.Counter("my.shop.requests", 1, ("customer=a", 1)), PassReason.NotSelected),
            (Batches.Gauge("shop.carts", 1, ("customer=a", 1)), PassReason.NotSelected),
        ];
        foreach (var (batch, reason) in cases)
        {
            reducer.Process(batch, (long)Batches.At(1), sink);
            var passed = sink.Drain();
            passed.Count.ShouldBe(reason is null ? 0 : 1);
            if (reason is { } why)
                reducer.Counters.Passed(why).ShouldBeGreaterThan(0, why.ToString());
        }
    }

    [Fact]
    public void dropping_a_resource_label_merges_the_resources_that_become_equal()
    {
        var arm = new Arm(new AggregateReducer(Options(Drop("*", "process.pid")) with { HostId = "me" }));
        for (var t = 0; t <= 5; t += 5)
        {
            for (var pid = 1; pid <= 3; pid++)
                arm.Send(t, Batches.Write(w => w.CounterPoints("process.io", t, 0, ("direction=read", pid * t)), ("service.name", "shop"), ("process.pid", pid)));
        }

        arm.Cut(5).Ledger.WorstGroup.ShouldBeNull();
        var point = Batches.Read(arm.Output).ShouldHaveSingleItem();
        (point.Value, point.Resource).ShouldBe((30, "host.id=me,service.name=shop"));
    }

    [Theory]
    [InlineData("host.id")]
    [InlineData("host.name")]
    public void hosts_are_folded_on_a_gateway_alone(string label)
    {
        var options = Options(Drop("*", label)) with { HostId = "gateway" };
        Should.Throw<ArgumentException>(() => new AggregateReducer(options)).Message.ShouldContain("set gateway");

        var arm = new Arm(new AggregateReducer(options with { Gateway = true }));
        for (var t = 0; t <= 5; t += 5)
        {
            foreach (var host in new[] { "a", "b" })
                arm.Send(t, Batches.Write(w => w.CounterPoints("requests", t, 0, ("route=/", t)), ("service.name", "shop"), (label, host)));
        }

        arm.Cut(5).Ledger.WorstGroup.ShouldBeNull();
        var point = Batches.Read(arm.Output).ShouldHaveSingleItem();
        (point.Value, point.Resource).ShouldBe((10, "service.name=shop"));
    }

    [Fact]
    public void a_start_time_inside_the_watch_makes_the_first_sample_count_where_that_is_asked_for()
    {
        var arm = new Arm(new AggregateReducer(Options(Drop("*", "customer")) with { FirstSample = FirstSample.StartTime }));
        arm.Send(0, Batches.Write(w => w.CounterPoints("requests", 0, Batches.At(-50), ("customer=old", 100))));
        arm.Send(5, Batches.Write(w => w.CounterPoints("requests", 5, Batches.At(3), ("customer=new", 7))));
        arm.Send(5, Batches.Write(w => w.CounterPoints("requests", 5, Batches.At(5), ("customer=unknown", 9))));
        var ledger = arm.Cut(5).Ledger;
        (ledger.In, ledger.ErrorPct).ShouldBe((7, 0));

        Batches.Read(arm.Output).ShouldHaveSingleItem().Value.ShouldBe(7);
    }

    [Fact]
    public void deltas_of_several_writers_merge_in_the_window_late_ones_too_and_repeated_ones_do_not()
    {
        var reducer = new AggregateReducer(Options(Drop("*", "customer")));
        var arm = new Arm(reducer);
        arm.Send(10, Delta("requests", ("customer=a", 0, 10, 5), ("customer=b", 0, 10, 7)));
        arm.Send(11, Delta("requests", ("customer=a", 0, 10, 5)));
        arm.Flush(11);
        arm.Send(20, Delta("requests", ("customer=a", 10, 20, 1)));
        arm.Send(21, Delta("requests", ("customer=b", 5, 9, 2)));
        arm.Cut(21).Ledger.WorstGroup.ShouldBeNull();
        arm.Flush(25);

        var points = Batches.Read(arm.Output);
        points.Select(p => p.Value).ShouldBe([12, 3]);
        points[0].Start.ShouldBe(Batches.At(0));
        points[1].Start.ShouldBe(points[0].Time, "windows join");
        points[1].Time.ShouldBe(Batches.At(20));
        reducer.Counters.Duplicates.ShouldBe(1);
    }

    [Fact]
    public void delta_histograms_merge_with_their_range()
    {
        var arm = new Arm(new AggregateReducer(Options(Drop("*", "customer"))));
        arm.Send(1, Batches.Write(w =>
        {
            w.BeginHistogram("latency", "s", "", Temporality.Delta);
            foreach (var (customer, buckets) in new[] { ("a", new ulong[] { 1, 2 }), ("b", new ulong[] { 3, 0 }) })
            {
                w.BeginPoint(Batches.At(0), Batches.At(1));
                w.Attribute("customer", customer);
                w.EndHistogramPoint(3, 1.5, buckets, [1]);
            }

            w.EndMetric();
        }));
        arm.Cut(1).Ledger.WorstGroup.ShouldBeNull();

        var point = Batches.Read(arm.Output).ShouldHaveSingleItem();
        (point.Count, point.Buckets).ShouldBe((6ul, "4 2"));
    }

    [Fact]
    public void what_a_reducer_before_it_folded_counts_from_its_first_point_on()
    {
        var topk = new TopKReducer(new TopKOptions { Name = "k", Metrics = new MetricSelector(["*"]), Labels = ["customer"], K = 1 });
        var arm = new Arm(topk, new AggregateReducer(Options(Drop("*", "route"))));
        for (var t = 0; t <= 20; t += 5)
        {
            arm.Send(t, Batches.Counter("shop.requests", t, ("customer=a,route=/", 10 * t), ("customer=b,route=/", t), ("customer=b,route=/x", 2 * t)));
            arm.Cut(t).Ledger.ErrorPct.ShouldBe(0, $"at {t}");
        }

        Last(arm).Values.Sum().ShouldBe(13 * 20);
        Last(arm).Keys.ShouldBe(["customer=a", "customer=__other__"], ignoreOrder: true);
    }

    [Fact]
    public void closing_marks_every_output_as_ended()
    {
        var reducer = new AggregateReducer(Options(Drop("*", "customer")));
        var arm = new Arm(reducer);
        arm.Send(0, Batches.Counter("shop.requests", 0, ("customer=a", 1)));
        arm.Send(0, Batches.Level("shop.carts", 0, ("customer=a", 4)));
        arm.Flush(0);
        var sink = new Sink();
        reducer.Close(sink);

        Batches.Read(sink.Drain()).Select(p => (p.Metric, p.Ends)).ShouldBe([("shop.requests", true), ("shop.carts", true)], ignoreOrder: true);
    }

    private static byte[] Delta(string name, params (string Labels, double Start, double At, long Value)[] points) => Batches.Write(w =>
    {
        w.BeginSum(name, "1", "", monotonic: true, Temporality.Delta);
        foreach (var (labels, start, at, value) in points)
        {
            w.BeginPoint(Batches.At(start), Batches.At(at));
            w.Labels(labels);
            w.EndPoint(value);
        }

        w.EndMetric();
    });
}
