namespace Phoenix.Telemetry.Tests;

public class TopKReducerTests
{
    private static TopKOptions Options(int k = 1) => new()
    {
        Name = "phoenix_topk/test", Metrics = new MetricSelector(["shop.*"]), Labels = ["customer"], K = k,
    };

    [Fact]
    public void the_first_sample_is_a_base_and_later_ones_add_their_increments()
    {
        var arm = new Arm(new TopKReducer(Options()));
        arm.Send(0, Batches.Counter("shop.requests", 0, ("customer=a", 1000), ("customer=b", 500)));
        arm.Send(5, Batches.Counter("shop.requests", 5, ("customer=a", 1010), ("customer=b", 503)));
        arm.Flush(5);

        var point = Batches.Read(arm.Output).ShouldHaveSingleItem();
        point.Labels.ShouldBe("customer=__other__");
        point.Value.ShouldBe(13);
        point.IsInteger.ShouldBeTrue();
        point.Start.ShouldBeLessThan(Batches.At(0));
        point.Time.ShouldBe(Batches.At(5));
    }

    [Fact]
    public void the_heaviest_group_is_kept_and_only_its_future_increments_move()
    {
        var arm = new Arm(new TopKReducer(Options()));
        arm.Send(0, Batches.Counter("shop.requests", 0, ("customer=a", 0), ("customer=b", 0)));
        arm.Send(5, Batches.Counter("shop.requests", 5, ("customer=a", 100), ("customer=b", 3)));
        arm.Flush(5);
        arm.Output.Clear();
        arm.Send(10, Batches.Counter("shop.requests", 10, ("customer=a", 140), ("customer=b", 4)));
        arm.Flush(10);

        var points = Batches.Read(arm.Output).ToDictionary(p => p.Labels, p => p.Value);
        points["customer=__other__"].ShouldBe(104, "100 + 3 before the move, 1 of b after it");
        points["customer=a"].ShouldBe(40);
        arm.Cut(10).Ledger.ErrorPct.ShouldBe(0);
    }

    [Fact]
    public void a_falling_value_is_a_reset_and_counts_whole()
    {
        var reducer = new TopKReducer(Options());
        var arm = new Arm(reducer);
        arm.Send(0, Batches.Counter("shop.requests", 0, ("customer=a", 100)));
        arm.Send(5, Batches.Counter("shop.requests", 5, ("customer=a", 7)));
        arm.Flush(5);

        Batches.Read(arm.Output).ShouldHaveSingleItem().Value.ShouldBe(7);
        reducer.Counters.Resets.ShouldBe(1);
    }

    [Fact]
    public void a_later_start_time_is_a_reset_even_where_the_value_rose()
    {
        var arm = new Arm(new TopKReducer(Options()));
        arm.Send(1, Batches.Write(w => w.CounterPoints("shop.requests", 1, Batches.At(0), ("customer=a", 5))));
        arm.Send(9, Batches.Write(w => w.CounterPoints("shop.requests", 9, Batches.At(7), ("customer=a", 8))));
        arm.Flush(9);

        Batches.Read(arm.Output).ShouldHaveSingleItem().Value.ShouldBe(8);
    }

    [Fact]
    public void late_and_repeated_points_change_nothing_and_are_counted()
    {
        var reducer = new TopKReducer(Options());
        var arm = new Arm(reducer);
        arm.Send(0, Batches.Counter("shop.requests", 0, ("customer=a", 10)));
        arm.Send(10, Batches.Counter("shop.requests", 10, ("customer=a", 30)));
        arm.Send(11, Batches.Counter("shop.requests", 10, ("customer=a", 30)));
        arm.Send(12, Batches.Counter("shop.requests", 5, ("customer=a", 20)));
        arm.Flush(12);

        Batches.Read(arm.Output).ShouldHaveSingleItem().Value.ShouldBe(20);
        (reducer.Counters.Duplicates, reducer.Counters.Late).ShouldBe((1, 1));
        arm.Cut(12).Ledger.ErrorPct.ShouldBe(0);
    }

    [Fact]
    public void several_scrapes_in_one_batch_count_once_each()
    {
        var arm = new Arm(new TopKReducer(Options()));
        arm.Send(10, Batches.Write(w =>
        {
            w.CounterPoints("shop.requests", 0, 0, ("customer=a", 10));
            w.CounterPoints("shop.requests", 5, 0, ("customer=a", 15));
            w.CounterPoints("shop.requests", 10, 0, ("customer=a", 18));
        }));
        arm.Flush(10);

        Batches.Read(arm.Output).ShouldHaveSingleItem().Value.ShouldBe(8);
    }

    [Fact]
    public void a_vanished_counter_leaves_what_it_added_and_returns_as_a_base()
    {
        var reducer = new TopKReducer(Options());
        var arm = new Arm(reducer);
        arm.Send(0, Batches.Counter("shop.requests", 0, ("customer=a", 10)));
        arm.Send(5, Batches.Counter("shop.requests", 5, ("customer=a", 15)));
        arm.Send(400, Batches.Counter("shop.requests", 400, ("customer=a", 90)));
        arm.Send(405, Batches.Counter("shop.requests", 405, ("customer=a", 91)));
        arm.Flush(405);

        Batches.Read(arm.Output).ShouldHaveSingleItem().Value.ShouldBe(6);
        reducer.Counters.Returned.ShouldBe(1);
        arm.Cut(405).Ledger.ErrorPct.ShouldBe(0);
    }

    [Fact]
    public void up_down_counters_fold_by_the_sum_of_fresh_values()
    {
        var arm = new Arm(new TopKReducer(Options() with { K = 1, Enter = 1 }));
        arm.Send(0, Batches.Level("shop.carts", 0, ("customer=a", 10), ("customer=b", -3), ("customer=c", 2)));
        arm.Flush(0);
        Batches.Read(arm.Output).ShouldHaveSingleItem().Value.ShouldBe(9);
        arm.Output.Clear();

        arm.Send(5, Batches.Level("shop.carts", 5, ("customer=a", 11), ("customer=b", -2), ("customer=c", 2)));
        var window = arm.Cut(5);
        var points = Batches.Read(arm.Output).ToDictionary(p => p.Labels, p => p.Value);
        points["customer=a"].ShouldBe(11);
        points["customer=__other__"].ShouldBe(0);
        window.Ledger.WorstErrorPct.ShouldBe(0);
    }

    [Fact]
    public void a_stale_level_leaves_the_fold()
    {
        var arm = new Arm(new TopKReducer(Options() with { K = 1 }));
        arm.Send(0, Batches.Level("shop.carts", 0, ("customer=a", 100), ("customer=b", 3), ("customer=c", 2)));
        arm.Cut(0);
        for (var t = 100; t <= 400; t += 100)
        {
            arm.Send(t, Batches.Level("shop.carts", t, ("customer=a", 100), ("customer=b", 3)));
            arm.Cut(t).Ledger.WorstErrorPct.ShouldBe(0, $"at {t}");
        }

        Batches.Read(arm.Output).Last(p => p.Labels == "customer=__other__").Value.ShouldBe(3);
    }

    [Theory]
    [InlineData(86_400)]
    [InlineData(900)]
    public void a_sender_whose_clock_is_ahead_takes_no_sibling_out_of_the_fold(int ahead)
    {
        var arm = new Arm(new TopKReducer(Options() with { K = 1 }));
        for (var t = 0; t <= 1000; t += 50)
        {
            arm.Send(t, Batches.Level("shop.carts", t, ("customer=a", 100), ("customer=b", 3), ("customer=c", 2)));
            if (t <= 100)
                arm.Send(t, Batches.Level("shop.carts", t + ahead, ("customer=d", 7)));
            arm.Cut(t).Ledger.WorstErrorPct.ShouldBe(0, $"at {t}");
            var last = Batches.Read(arm.Output).Last(p => p.Labels == "customer=__other__");
            if (t > 0)
                last.Value.ShouldBe(t <= 450 ? 12 : 5, $"at {t}");
            last.Time.ShouldBeLessThanOrEqualTo(Batches.At(t + 61));
        }
    }

    [Fact]
    public void counters_of_a_clock_ahead_are_forgotten_by_nobody()
    {
        var arm = new Arm(new TopKReducer(Options(k: 2)));
        for (var t = 0; t <= 100; t += 5)
        {
            arm.Send(t, Batches.Counter("shop.requests", t, ("customer=a", 3 * t), ("customer=b", t)));
            arm.Send(t, Batches.Counter("shop.requests", t + 7200, ("customer=late", 2 * t)));
            var ledger = arm.Cut(t).Ledger;
            (ledger.In, ledger.ErrorPct).ShouldBe((6 * t, 0), ledger.WorstGroup);
        }
    }

    [Fact]
    public void a_kept_counter_that_ends_says_its_last_value_first()
    {
        var arm = new Arm(new TopKReducer(Options()));
        arm.Send(0, Batches.Counter("shop.requests", 0, ("customer=a", 0)));
        arm.Flush(0);
        arm.Send(5, Batches.Counter("shop.requests", 5, ("customer=a", 7)));
        arm.Send(6, Batches.Write(w => w.CounterEnds("shop.requests", 6, "customer=a"), ("service.name", "shop")));
        (arm.Cut(6).Ledger.ErrorPct).ShouldBe(0);
        arm.Flush(7);
        arm.Flush(8);

        Batches.Read(arm.Output).Where(p => p.Labels == "customer=a").Select(p => (p.Value, p.Ends)).ShouldBe([(7, false), (0, true)]);
    }

    [Fact]
    public void a_level_that_leaves_the_kept_ones_ends_with_a_no_recorded_value_point()
    {
        var arm = new Arm(new TopKReducer(Options() with { Leave = 1 }));
        arm.Send(0, Batches.Level("shop.carts", 0, ("customer=a", 10), ("customer=b", 1)));
        arm.Flush(0);
        arm.Send(5, Batches.Level("shop.carts", 5, ("customer=a", 10), ("customer=b", 1)));
        arm.Flush(5);
        arm.Output.Clear();
        arm.Send(10, Batches.Level("shop.carts", 10, ("customer=a", 1), ("customer=b", 50)));
        var window = arm.Cut(10);

        var points = Batches.Read(arm.Output);
        points.Single(p => p.Labels == "customer=a").Ends.ShouldBeTrue();
        points.Single(p => p.Labels == "customer=__other__").Value.ShouldBe(51);
        window.Ledger.WorstErrorPct.ShouldBe(0, window.Ledger.WorstGroup);
    }

    [Theory]
    [InlineData(GaugeFold.Sum, 9)]
    [InlineData(GaugeFold.Min, 1)]
    [InlineData(GaugeFold.Max, 5)]
    [InlineData(GaugeFold.Avg, 3)]
    public void gauges_fold_by_the_function_named_for_them(GaugeFold fold, double expected)
    {
        var arm = new Arm(new TopKReducer(Options() with { Gauges = [new GaugeRule(new MetricSelector(["shop.depth"]), fold)] }));
        arm.Send(0, Batches.Gauge("shop.depth", 0, ("customer=a", 1), ("customer=b", 3), ("customer=c", 5)));
        arm.Flush(0);

        Batches.Read(arm.Output).ShouldHaveSingleItem().Value.ShouldBe(expected);
    }

    [Fact]
    public void a_rest_that_nothing_was_folded_into_is_not_emitted()
    {
        var arm = new Arm(new TopKReducer(Options(k: 5)));
        for (var t = 0; t <= 10; t += 5)
        {
            arm.Send(t, Batches.Counter("shop.requests", t, ("customer=a", t), ("customer=b", 2 * t)));
            arm.Cut(t).Ledger.ErrorPct.ShouldBe(0);
        }

        Batches.Read(arm.Output).Select(p => p.Labels).Distinct().ShouldBe(["customer=a", "customer=b"], ignoreOrder: true);
    }

    [Fact]
    public void of_two_rules_for_a_gauge_the_first_is_folded_and_compared_by()
    {
        GaugeRule[] rules = [new(new MetricSelector(["shop.depth"]), GaugeFold.Sum), new(new MetricSelector(["*"]), GaugeFold.Max)];
        var arm = new Arm(new TopKReducer(Options() with { Gauges = rules })) { Fault = _ => null };
        arm.Send(0, Batches.Gauge("shop.depth", 0, ("customer=a", 1), ("customer=b", 3)));
        arm.Send(0, Batches.Gauge("shop.age", 0, ("customer=a", 1), ("customer=b", 3)));
        var ledger = arm.Cut(0).Ledger;
        (ledger.Groups, ledger.WorstMetric, ledger.WorstAspect).ShouldBe((2, "shop.depth", "level"));
    }

    [Theory]
    [InlineData("", "host.id=me")]
    [InlineData("service.name", "host.id=me,service.name=x")]
    [InlineData("host.id", "host.id=x")]
    public void outputs_of_a_resource_without_a_host_get_this_one(string attribute, string expected)
    {
        var arm = new Arm(new TopKReducer(Options() with { HostId = "me" }));
        (string, object)[] resource = attribute.Length == 0 ? [] : [(attribute, "x")];
        for (var t = 0; t <= 10; t += 5)
        {
            arm.Send(t, Batches.Write(w => w.CounterPoints("shop.requests", t, 0, ("customer=a", 3 * t), ("customer=b", t)), resource));
            arm.Send(t, Batches.Write(w => w.CounterPoints("shop.requests", t, 0, ("route=/", t)), resource));
            var ledger = arm.Cut(t).Ledger;
            (ledger.In, ledger.ErrorPct).ShouldBe((5 * t, 0), ledger.WorstGroup);
        }

        var folded = Batches.Read(arm.Output).Where(p => p.Labels.StartsWith("customer", StringComparison.Ordinal)).ToList();
        folded.Select(p => p.Labels).Distinct().Count().ShouldBe(2);
        folded.Select(p => p.Resource).Distinct().ShouldBe([expected]);
    }

    [Theory]
    [InlineData("host.id")]
    [InlineData("host.name")]
    public void hosts_are_never_folded(string label)
    {
        var refused = Should.Throw<ArgumentException>(() => new TopKReducer(Options() with { Labels = ["customer", label] }));
        refused.Message.ShouldContain($"take {label} out");
    }

    [Fact]
    public void what_is_not_folded_passes_at_once_byte_for_byte_and_is_counted_by_reason()
    {
        var reducer = new TopKReducer(Options() with { Protected = new MetricSelector(["shop.paid"]) });
        var sink = new Sink();
        (byte[] Batch, PassReason Reason)[] cases =
        [
            (Batches.Gauge("shop.depth", 0, ("customer=a", 1)), PassReason.GaugeWithoutFunction),
            (Batches.Counter("shop.paid", 0, ("customer=a", 1)), PassReason.Protected),
            (Batches.Counter("bank.paid", 0, ("customer=a", 1)), PassReason.NotSelected),
            (Batches.Counter("shop.requests", 0, ("route=/", 1)), PassReason.NoLabel),
            (Batches.Write(w =>
            {
                w.BeginSummary("shop.latency", "", "");
                w.BeginPoint(0, Batches.At(1));
                w.Attribute("customer", "a");
                w.EndSummaryPoint(3, 1.5, [0.5, 0.9], [1, 2]);
                w.EndMetric();
            }), PassReason.Summary),
        ];
        foreach (var (batch, reason) in cases)
        {
            reducer.Process(batch, 1, sink);
            sink.Drain().ShouldHaveSingleItem().ShouldBe(batch, reason.ToString());
            reducer.Counters.Passed(reason).ShouldBe(1, reason.ToString());
        }

        reducer.Flush(2, sink);
        sink.Batches.ShouldBeEmpty();
    }

    [Fact]
    public void an_input_value_equal_to_the_name_of_the_rest_is_escaped()
    {
        var reducer = new TopKReducer(Options(k: 5));
        var arm = new Arm(reducer);
        arm.Send(0, Batches.Counter("shop.requests", 0, ("customer=__other__", 0), ("customer=a", 0)));
        arm.Flush(0);
        arm.Output.Clear();
        arm.Send(5, Batches.Counter("shop.requests", 5, ("customer=__other__", 4), ("customer=a", 2)));
        var window = arm.Cut(5);

        Batches.Read(arm.Output).Select(p => p.Labels).ShouldBe([@"customer=\__other__", "customer=a"], ignoreOrder: true);
        reducer.Counters.Escaped.ShouldBe(1);
        window.Ledger.ErrorPct.ShouldBe(0);
    }

    [Fact]
    public void resource_labels_fold_into_one_resource()
    {
        var options = Options(k: 1) with { Metrics = new MetricSelector(["process.*"]), Labels = ["process.pid", "process.command_line"] };
        var arm = new Arm(new TopKReducer(options));
        for (var round = 0; round < 3; round++)
        {
            for (var pid = 1; pid <= 4; pid++)
            {
                var value = round * pid * pid;
                var at = round * 5;
                arm.Send(at, Batches.Write(
                    w => w.CounterPoints("process.io", at, 0, ("direction=read", value)),
                    ("host.id", "h"), ("process.pid", pid), ("process.command_line", $"job {pid}")));
            }

            arm.Flush(round * 5);
        }

        var last = Batches.Read(arm.Output).Where(p => p.Time == Batches.At(10)).ToDictionary(p => p.Resource);
        last.Keys.ShouldBe(
            ["host.id=h,process.command_line=__other__,process.pid=__other__", "host.id=h,process.command_line=job 4,process.pid=4"], ignoreOrder: true);
        last["host.id=h,process.command_line=job 4,process.pid=4"].Value.ShouldBe(16);
        arm.Cut(10).Ledger.ErrorPct.ShouldBe(0);
    }

    [Fact]
    public void histograms_fold_by_bucket_and_other_bounds_stay_apart()
    {
        double[] coarse = [1], fine = [1, 2];
        var arm = new Arm(new TopKReducer(Options() with { Leave = 1 }));
        arm.Send(0, Batches.Histogram("shop.latency", 0, ("customer=a", [1, 1], coarse), ("customer=b", [0, 0], coarse), ("customer=c", [5, 5, 5], fine)));
        arm.Send(5, Batches.Histogram("shop.latency", 5, ("customer=a", [4, 1], coarse), ("customer=b", [0, 2], coarse), ("customer=c", [6, 5, 7], fine)));
        var window = arm.Cut(5);

        var points = Batches.Read(arm.Output).ToDictionary(p => p.Labels);
        (points["customer=__other__"].Buckets, points["customer=__other__"].Count).ShouldBe(("3 2", 5ul));
        (points["customer=c"].Buckets, points["customer=c"].Count).ShouldBe(("1 0 2", 3ul));
        window.Ledger.ErrorPct.ShouldBe(0, window.Ledger.WorstGroup);
        window.Ledger.In.ShouldBe(8);
    }

    [Fact]
    public void a_histogram_resets_by_a_falling_bucket_or_other_bounds()
    {
        double[] coarse = [1], other = [3];
        var arm = new Arm(new TopKReducer(Options()));
        arm.Send(0, Batches.Histogram("shop.latency", 0, ("customer=a", [4, 4], coarse)));
        arm.Send(5, Batches.Histogram("shop.latency", 5, ("customer=a", [2, 7], coarse)));
        arm.Send(10, Batches.Histogram("shop.latency", 10, ("customer=a", [1, 1], other)));
        var window = arm.Cut(10);

        window.Ledger.In.ShouldBe(9 + 2);
        window.Ledger.ErrorPct.ShouldBe(0, window.Ledger.WorstGroup);
    }

    [Fact]
    public void beyond_the_bound_new_streams_pass_and_nothing_is_lost()
    {
        var reducer = new TopKReducer(Options() with { MaxStreams = 2 });
        var arm = new Arm(reducer);
        for (var t = 0; t <= 20; t += 5)
            arm.Send(t, Batches.Counter("shop.requests", t, ("customer=a", t), ("customer=b", 2 * t), ("customer=c", 3 * t)));
        var window = arm.Cut(20);

        reducer.Counters.Passed(PassReason.MemoryBound).ShouldBe(5);
        reducer.Counters.Tracked.ShouldBe(2);
        window.Ledger.In.ShouldBe(120);
        window.Ledger.ErrorPct.ShouldBe(0, window.Ledger.WorstGroup);
    }

    [Fact]
    public void streams_that_are_gone_are_forgotten()
    {
        var reducer = new TopKReducer(Options(k: 2));
        var arm = new Arm(reducer);
        for (var t = 0; t < 50; t++)
        {
            arm.Send(t * 100, Batches.Counter("shop.requests", t * 100, ($"customer={t}", 1), ("customer=always", t)));
            arm.Cut(t * 100).Ledger.ErrorPct.ShouldBe(0);
        }

        reducer.Counters.Tracked.ShouldBeLessThan(12);
        reducer.Counters.Evicted.ShouldBeGreaterThan(35);
    }

    [Fact]
    public void membership_does_not_flap_inside_the_buffer_zone()
    {
        var arm = new Arm(new TopKReducer(Options(k: 4) with { Enter = 0.5, Leave = 1.5, Window = TimeSpan.FromSeconds(10) }));
        var totals = new long[8];
        for (var t = 0; t < 60; t++)
        {
            for (var i = 0; i < totals.Length; i++)
                totals[i] += 100 - (10 * i) + (i is 3 or 4 ? ((t / 10 + i) % 2 * 12) : 0);
            arm.Send(t, Batches.Counter("shop.requests", t, [.. totals.Select((v, i) => ($"customer={i}", v))]));
            arm.Flush(t);
        }

        var kept = Batches.Read(arm.Output).Select(p => p.Labels).Distinct().Where(l => l != "customer=__other__").ToList();
        kept.Count.ShouldBe(4, string.Join(' ', kept));
    }

    [Theory]
    [InlineData(0, 0.8, 1.25, "k is 0")]
    [InlineData(3, 0, 1.25, "enter is 0")]
    [InlineData(3, 0.8, 0.5, "leave is 0.5")]
    public void options_out_of_range_are_refused_by_name(int k, double enter, double leave, string expected)
    {
        var refused = Should.Throw<ArgumentException>(() => new TopKReducer(Options(k) with { Enter = enter, Leave = leave }));
        refused.Message.ShouldContain(expected);
    }
}
