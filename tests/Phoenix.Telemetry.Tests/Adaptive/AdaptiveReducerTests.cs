using CsCheck;

namespace Phoenix.Telemetry.Tests;

public class AdaptiveReducerTests
{
    private const int Customers = 5;
    private const int Routes = 2;

    private enum Happening
    {
        Rise,
        Reset,
        Vanish,
        Late,
        Repeat,
    }

    private static readonly Gen<((Happening What, int Amount)[] Scrape, bool Flush, int Incident)[]> Lives = Gen.Select(
        Gen.Select(
            Gen.Frequency((12, Gen.Const(Happening.Rise)), (1, Gen.Const(Happening.Reset)), (2, Gen.Const(Happening.Vanish)), (1, Gen.Const(Happening.Late)), (1, Gen.Const(Happening.Repeat))),
            Gen.Int[0, 1000]).Array[Customers * Routes],
        Gen.Bool,
        Gen.Int[0, 5]).Array[5, 40];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void increments_out_equal_increments_in_while_labels_are_folded_given_back_and_folded_again(bool restarts) => Lives.Sample(
        life =>
        {
            var options = Options(series: 3) with { KeepLabels = [new KeptLabels(new MetricSelector(["*"]), ["route"])] };
            var reducer = new AdaptiveReducer(options);
            var arm = new Arm(reducer);
            var model = new Model();
            var at = 0.0;
            foreach (var (scrape, flush, incident) in life)
            {
                at += 10;
                if (incident <= 1)
                    reducer.DeclareIncident(incident * 1.5, [], (long)Batches.At(at));
                arm.Send(at, Batches.Counter("requests", at, [.. model.Live(scrape, at).Select(p => (p.Labels, p.Value))]));
                foreach (var late in model.LatePoints)
                    arm.Send(at, Batches.Counter("requests", late.At, (late.Labels, late.Value)));
                if (flush && restarts)
                    arm.Restart(at, reducer = new AdaptiveReducer(options));
                else if (flush)
                    arm.Flush(at);
            }

            var ledger = arm.Cut(at).Ledger;
            ledger.ErrorPct.ShouldBe(0, ledger.WorstGroup);
            ledger.WorstGroup.ShouldBeNull();
            ledger.In.ShouldBe(model.Increments.Sum());
            Totals(arm.Output, Routes).ShouldBe(model.Increments.Select(i => (double)i));
        },
        iter: 1000);

    [Fact]
    public void levels_out_are_the_sum_of_fresh_levels_in_while_labels_are_folded_and_given_back() => Lives.Sample(
        life =>
        {
            var reducer = new AdaptiveReducer(Options(series: 3) with { KeepLabels = [new KeptLabels(new MetricSelector(["*"]), ["route"])] });
            var arm = new Arm(reducer);
            var at = 0.0;
            foreach (var (scrape, _, incident) in life)
            {
                at += 60;
                if (incident <= 1)
                    reducer.DeclareIncident(incident * 3.5, [], (long)Batches.At(at));
                var points = scrape.Select((h, i) => (Labels: LabelsOf(i), Value: (long)h.Amount - 500, h.What))
                    .Where(p => p.What is Happening.Rise or Happening.Reset).Select(p => (p.Labels, p.Value)).ToArray();
                arm.Send(at, Batches.Level("carts", at, points));
                var ledger = arm.Cut(at).Ledger;
                ledger.WorstErrorPct.ShouldBe(0, $"{ledger.WorstGroup} at {at}");
            }
        },
        iter: 300);

    [Fact]
    public void buckets_out_equal_buckets_in_while_labels_are_folded_and_given_back() => Lives.Sample(
        life =>
        {
            var reducer = new AdaptiveReducer(Options(series: 12));
            var arm = new Arm(reducer);
            var counts = new ulong[Customers * Routes, 3];
            var at = 0.0;
            foreach (var (scrape, flush, incident) in life)
            {
                at += 10;
                if (incident <= 1)
                    reducer.DeclareIncident(incident * 1.5, [], (long)Batches.At(at));
                var points = new List<(string, ulong[], double[])>();
                for (var i = 0; i < scrape.Length; i++)
                {
                    if (scrape[i].What == Happening.Vanish)
                        continue;
                    for (var bucket = 0; bucket < 3; bucket++)
                        counts[i, bucket] = scrape[i].What == Happening.Reset ? (ulong)bucket : counts[i, bucket] + (ulong)(scrape[i].Amount % (bucket + 5));
                    points.Add((LabelsOf(i), [counts[i, 0], counts[i, 1], counts[i, 2]], [1, 5]));
                }

                arm.Send(at, Batches.Histogram("latency", at, [.. points]));
                if (flush)
                    arm.Flush(at);
            }

            var ledger = arm.Cut(at).Ledger;
            ledger.ErrorPct.ShouldBe(0, ledger.WorstGroup);
        },
        iter: 300);

    [Fact]
    public void the_label_that_saves_most_is_folded_after_one_control_interval_and_the_decision_says_why()
    {
        var reducer = new AdaptiveReducer(Options(series: 10));
        var arm = new Arm(reducer);
        Run(arm, from: 10, until: 70);
        var decision = reducer.Decisions.After(0).ShouldHaveSingleItem().Decision;
        (decision.Action, decision.Metric, decision.Reason, decision.Labels.Single()).ShouldBe((AdaptiveAction.Fold, "requests", AdaptiveReason.OverBudget, "customer"));
        (decision.SeriesBefore, decision.SeriesExpected, decision.Budget).ShouldBe((60, 2, 10));
        decision.Against.ShouldNotBeEmpty();

        arm.Output.Clear();
        Run(arm, from: 80, until: 100);
        Read(arm).Where(p => !p.Ends).Select(p => p.Labels).Distinct().Order().ShouldBe(["route=/0", "route=/1"]);
        Read(arm).Count(p => p.Ends).ShouldBe(60, "each series that became part of a sum is marked as ended");
    }

    [Fact]
    public void an_incident_brings_full_detail_with_the_next_export_and_is_undone_when_it_is_over()
    {
        var reducer = new AdaptiveReducer(Options(series: 10));
        var arm = new Arm(reducer);
        Run(arm, from: 10, until: 100);
        reducer.DeclareIncident(1, ["req*"], (long)Batches.At(101));
        arm.Output.Clear();
        Run(arm, from: 110, until: 110);
        Read(arm).Where(p => !p.Ends).Select(p => p.Labels).Distinct().Count().ShouldBe(60);
        Run(arm, from: 120, until: 170);
        arm.Output.Clear();
        Run(arm, from: 180, until: 190);
        Read(arm).Where(p => !p.Ends).Select(p => p.Labels).Distinct().Count().ShouldBe(2);
        reducer.Decisions.After(1).Select(d => d.Decision.Reason).ShouldBe([AdaptiveReason.Incident, AdaptiveReason.IncidentOver]);
        arm.Cut(190).Ledger.WorstGroup.ShouldBeNull();
    }

    [Fact]
    public void an_incident_of_other_metrics_changes_nothing()
    {
        var reducer = new AdaptiveReducer(Options(series: 10));
        var arm = new Arm(reducer);
        Run(arm, from: 10, until: 100);
        reducer.DeclareIncident(1, ["queue.*"], (long)Batches.At(101));
        arm.Output.Clear();
        Run(arm, from: 110, until: 110);
        Read(arm).Where(p => !p.Ends).Select(p => p.Labels).Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public void a_series_that_leaves_its_own_range_is_shown_by_itself_and_folded_again_when_it_is_calm()
    {
        var reducer = new AdaptiveReducer(Options(series: 10) with { Anomalies = new AnomalyOptions { Hold = TimeSpan.FromMinutes(3) } });
        var arm = new Arm(reducer);
        Run(arm, from: 10, until: 900);
        arm.Output.Clear();
        Run(arm, from: 910, until: 1100, burst: "customer=c7,route=/1");
        var shown = reducer.Decisions.After(1).ShouldHaveSingleItem().Decision;
        (shown.Action, shown.Reason).ShouldBe((AdaptiveAction.Unfold, AdaptiveReason.Anomaly));
        shown.Words.ShouldContain("requests{customer=\"c7\",route=\"/1\"} left its range");
        Read(arm).Where(p => !p.Ends).Select(p => p.Labels).Distinct().Order().ShouldBe(["customer=c7,route=/1", "route=/0", "route=/1"]);

        Run(arm, from: 1110, until: 2600);
        arm.Output.Clear();
        Run(arm, from: 2610, until: 2630);
        Read(arm).Where(p => !p.Ends).Select(p => p.Labels).Distinct().Order().ShouldBe(["route=/0", "route=/1"]);
        reducer.Decisions.After(2).ShouldContain(d => d.Decision.Reason == AdaptiveReason.AnomalyOver);
        arm.Cut(2630).Ledger.WorstGroup.ShouldBeNull();
    }

    [Fact]
    public void another_configuration_goes_on_with_what_was_folded_as_far_as_it_allows_it()
    {
        var before = new AdaptiveReducer(Options(series: 1));
        Run(new Arm(before), from: 10, until: 200);
        before.Decisions.After(0).Where(d => d.Decision.Action == AdaptiveAction.Fold).SelectMany(d => d.Decision.Labels).Order().ShouldBe(["customer", "route"]);

        var next = new AdaptiveReducer(Options(series: 1) with { KeepLabels = [new KeptLabels(new MetricSelector(["*"]), ["route"])] });
        next.GoOnFrom(before);
        var arm = new Arm(next);
        Run(arm, from: 210, until: 230);
        Read(arm).Where(p => !p.Ends).Select(p => p.Labels).Distinct().Order().ShouldBe(["route=/0", "route=/1"]);
        arm.Cut(230).Ledger.WorstGroup.ShouldBeNull();

        next.DeclareIncident(10, [], (long)Batches.At(231));
        var last = new AdaptiveReducer(Options(series: 1));
        last.GoOnFrom(next);
        arm = new Arm(last);
        Run(arm, from: 240, until: 250);
        Read(arm).Where(p => !p.Ends).Select(p => p.Labels).Distinct().Count().ShouldBe(60, "the incident is still on");
    }

    [Fact]
    public void protected_metrics_and_labels_in_use_are_never_folded()
    {
        var reducer = new AdaptiveReducer(Options(series: 1) with
        {
            Protected = new MetricSelector(["billing"]), KeepLabels = [new KeptLabels(new MetricSelector(["requests"]), ["customer"])],
        });
        var arm = new Arm(["billing"], reducer);
        for (var at = 10.0; at <= 400; at += 10)
        {
            arm.Send(at, Requests("requests", at));
            arm.Send(at, Requests("billing", at));
            arm.Flush(at);
        }

        reducer.Decisions.After(0).Where(d => d.Decision.Action == AdaptiveAction.Fold).Select(d => (d.Decision.Metric, d.Decision.Labels.Single())).ShouldBe([("requests", "route")]);
        reducer.Decisions.After(0).ShouldContain(d => d.Decision.Reason == AdaptiveReason.NothingToFold);
        var window = arm.Cut(400);
        (window.Protected.Expected, window.Protected.Retained).ShouldBe((60, 60));
    }

    [Fact]
    public void resource_attributes_are_folded_where_they_are_named_and_resources_that_become_equal_merge()
    {
        var reducer = new AdaptiveReducer(Options(series: 4) with { Labels = ["process.pid", "process.command"], HostId = "h1" });
        var arm = new Arm(reducer);
        for (var at = 10.0; at <= 120; at += 10)
        {
            for (var pid = 0; pid < 20; pid++)
            {
                var value = (long)at * (pid + 1);
                var time = at;
                arm.Send(at, Batches.Write(w => w.CounterPoints("cpu", time, 0, ("state=user", value)),
                    ("process.pid", pid), ("process.command", $"c{pid}"), ("process.executable.name", pid % 2 == 0 ? "bash" : "java")));
            }

            arm.Flush(at);
        }

        arm.Output.Clear();
        arm.Send(130, Batches.Write(w => w.CounterPoints("cpu", 130, 0, ("state=user", 100_000)),
            ("process.pid", 0), ("process.command", "c0"), ("process.executable.name", "bash")));
        arm.Cut(130).Ledger.WorstGroup.ShouldBeNull();
        Read(arm).Where(p => !p.Ends).ShouldHaveSingleItem().Resource.ShouldBe("host.id=h1,process.executable.name=bash");
    }

    [Fact]
    public void a_label_with_more_values_than_may_be_tracked_stays_within_its_memory_and_what_passes_is_counted()
    {
        var reducer = new AdaptiveReducer(Options(series: 100) with { MaxStreams = 5_000, Interval = TimeSpan.FromSeconds(60) });
        var sink = new CountingSink();
        var decoder = new BatchDecoder();
        long allocated = 0;
        for (var round = 0; round < 100; round++)
        {
            var at = 10.0 + round;
            var first = round * 2_000;
            var batch = Batches.Counter("bomb", at, [.. Enumerable.Range(first, 2_000).Select(i => ($"id=v{i}", 1L))]);
            var before = GC.GetAllocatedBytesForCurrentThread();
            reducer.Process(decoder.Decode(batch), (long)Batches.At(at), sink);
            reducer.Flush((long)Batches.At(at), sink);
            if (round >= 50)
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }

        // What is kept of a hundred thousand more values is nothing: the decisions of a control interval at most.
        allocated.ShouldBeLessThan(500_000);
        reducer.Counters.Tracked.ShouldBe(5_000);
        reducer.Counters.Passed(PassReason.MemoryBound).ShouldBe(200_000 - 5_000);
        reducer.Decisions.After(0)[0].Decision.Labels.ShouldBe(["id"]);
    }

    private sealed class CountingSink : IBatchSink
    {
        public void Write(ReadOnlySpan<byte> batch) => batch.Length.ShouldBeGreaterThan(0);
    }

    private static AdaptiveOptions Options(long series) => new()
    {
        Name = "phoenix_adaptive",
        Goal = new AdaptiveGoal { SeriesBudget = series, Mode = AdaptiveMode.Aggressive, MaxChangesPerHour = 100 },
        Interval = TimeSpan.FromSeconds(60),
    };

    /// <summary>Thirty customers on two routes, each counting on by itself, scraped and exported every ten seconds.</summary>
    private static void Run(Arm arm, double from, double until, string? burst = null)
    {
        for (var at = from; at <= until; at += 10)
        {
            arm.Send(at, Requests("requests", at, burst));
            arm.Flush(at);
        }
    }

    private static byte[] Requests(string metric, double at, string? burst = null)
    {
        var points = new List<(string, long)>();
        for (var i = 0; i < 60; i++)
        {
            var labels = $"customer=c{i / 2},route=/{i % 2}";
            points.Add((labels, (long)at * (i + 1) + (labels == burst ? (long)(at - 900) * 1_000 : 0)));
        }

        return Batches.Counter(metric, at, [.. points]);
    }

    private static List<Seen> Read(Arm arm) => Batches.Read(arm.Output);

    private static string LabelsOf(int stream) => $"customer=c{stream % Customers},route=/{stream / Customers}";

    /// <summary>What came out per route: the last value of every counter that ever began, in detail or folded.</summary>
    internal static IEnumerable<double> Totals(IEnumerable<byte[]> output, int routes)
    {
        var last = new Dictionary<(string, ulong), double>();
        foreach (var point in Batches.Read(output))
        {
            if (point.Ends)
                continue;
            last.GetValueOrDefault((point.Labels, point.Start)).ShouldBeLessThanOrEqualTo(point.Value, "an output counter fell");
            last[(point.Labels, point.Start)] = point.Value;
        }

        return Enumerable.Range(0, routes).Select(route => last.Where(p => p.Key.Item1.Contains($"route=/{route}", StringComparison.Ordinal)).Sum(p => p.Value));
    }

    /// <summary>The rules of increments once more, as plainly as they can be said.</summary>
    private sealed class Model
    {
        private readonly long?[] value = new long?[Customers * Routes];
        private readonly double[] seen = new double[Customers * Routes];

        public long[] Increments { get; } = new long[Routes];

        public List<(double At, string Labels, long Value)> LatePoints { get; } = [];

        public List<(string Labels, long Value)> Live((Happening What, int Amount)[] scrape, double at)
        {
            var points = new List<(string, long)>();
            LatePoints.Clear();
            for (var i = 0; i < scrape.Length; i++)
            {
                var (what, amount) = scrape[i];
                if (what == Happening.Vanish)
                    continue;
                if (what is Happening.Late or Happening.Repeat && value[i] is { } known)
                {
                    LatePoints.Add((seen[i] - (what == Happening.Late ? 3 : 0), LabelsOf(i), what == Happening.Late ? amount : known));
                    continue;
                }

                var falls = what == Happening.Reset && amount < value[i];
                var next = falls ? amount : (value[i] ?? 0) + amount;
                if (value[i] is not null && at - seen[i] <= 300)
                    Increments[i / Customers] += falls ? next : amount;
                (value[i], seen[i]) = (next, at);
                points.Add((LabelsOf(i), next));
            }

            return points;
        }
    }
}
