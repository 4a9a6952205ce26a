using CsCheck;

namespace Phoenix.Telemetry.Tests;

/// <summary>What the reducers keep over a restart.</summary>
public class StateTests
{
    private const int Streams = 8;

    // The first is the stream's value, the second whether it comes at all.
    private static readonly Gen<((int Value, bool Comes)[] Scrape, int Pause)[]> Lives =
        Gen.Select(Gen.Select(Gen.Int[0, 50], Gen.Frequency((4, Gen.Const(true)), (1, Gen.Const(false)))).Array[Streams], Gen.Frequency((8, Gen.Const(10)), (1, Gen.Const(310)))).Array[3, 12];

    public static TheoryData<string> Reducers => ["aggregate", "topk"];

    [Theory]
    [MemberData(nameof(Reducers))]
    public void a_restored_reducer_says_what_it_would_have_said_without_a_stop(string kind) => Gen.Select(Lives, Gen.Int[0, 10]).Sample(
        (life, stop) =>
        {
            var (steady, stopped) = (Reducer(kind), Reducer(kind));
            var (values, at) = (new long[Streams], 0.0);
            for (var step = 0; step < life.Length; step++)
            {
                at += life[step].Pause;
                var batches = Scrape(life[step].Scrape, values, at);
                if (step == stop)
                {
                    var kept = Saved(stopped);
                    stopped = Restored(kind, kept);
                }

                var (expected, seen) = (Rounded(Run(steady, batches, at)), Rounded(Run(stopped, batches, at)));
                expected.Except(seen).ShouldBeEmpty();
                if (step != stop)
                    seen.ShouldBe(expected, ignoreOrder: true);
            }
        },
        iter: 400);

    [Fact]
    public void counters_are_said_once_more_where_they_stood()
    {
        var reducer = Reducer("aggregate");
        Run(reducer, [Batches.Counter("m", 0, ("customer=a", 5), ("customer=b", 7))], 0);
        var before = Run(reducer, [Batches.Counter("m", 10, ("customer=a", 6), ("customer=b", 9))], 10).Single();

        var restored = Restored("aggregate", Saved(reducer));
        var again = Run(restored, [], 20).Single();

        (again.Value, again.Start).ShouldBe((before.Value, before.Start));
        again.Time.ShouldBeGreaterThan(before.Time);
        var next = Run(restored, [Batches.Counter("m", 30, ("customer=a", 10), ("customer=b", 9))], 30).Single();
        (next.Value, next.Start).ShouldBe((before.Value + 4, before.Start), "with what came while it was away");
    }

    [Fact]
    public void streams_are_awaited_until_they_come_again_or_are_forgotten()
    {
        var reducer = Reducer("aggregate");
        Run(reducer, [Batches.Counter("m", 0, ("customer=a", 5), ("customer=b", 7), ("customer=c", 1))], 0);
        var restored = Restored("aggregate", Saved(reducer));
        restored.Resuming.ShouldBe(3);

        Run(restored, [Batches.Counter("m", 10, ("customer=a", 6), ("customer=new", 7))], 10);
        restored.Resuming.ShouldBe(2);
        Run(restored, [Batches.Counter("m", 0, ("customer=b", 7))], 20);
        restored.Resuming.ShouldBe(2, "a repeated point says nothing new");
        Run(restored, [], 10_000);
        restored.Resuming.ShouldBe(0);
    }

    [Fact]
    public void a_stream_that_says_that_it_has_ended_is_waited_for_no_longer()
    {
        var reducer = Reducer("aggregate");
        Run(reducer, [Batches.Counter("m", 0, ("customer=a", 5))], 0);
        var restored = Restored("aggregate", Saved(reducer));
        restored.Resuming.ShouldBe(1);

        Run(
            restored,
            [
                Batches.Write(
                    w =>
                    {
                        w.BeginSum("m", "1", "", monotonic: true, Temporality.Cumulative);
                        w.BeginPoint(0, Batches.At(10));
                        w.Labels("customer=a");
                        w.EndPointWithoutValue();
                        w.EndMetric();
                    },
                    ("service.name", "shop")),
            ],
            10);

        restored.Resuming.ShouldBe(0);
    }

    [Fact]
    public void the_ledger_of_the_next_process_is_true_once_it_settled()
    {
        var reducer = Reducer("aggregate");
        Run(reducer, [Batches.Counter("m", 0, ("customer=a", 5), ("customer=b", 7))], 0);
        var arm = new Arm(Restored("aggregate", Saved(reducer)));

        arm.Send(10, Batches.Counter("m", 10, ("customer=a", 105)));
        arm.Flush(10);
        arm.Send(12, Batches.Counter("m", 12, ("customer=b", 1007)));
        arm.Flush(12);
        arm.Meter.SettleLedger();
        arm.Meter.Cut((long)Batches.At(12)).Ledger.Increments.ShouldBe(0);

        arm.Send(20, Batches.Counter("m", 20, ("customer=a", 106), ("customer=b", 1010)));
        var ledger = arm.Cut(20).Ledger;
        (ledger.In, ledger.Out, ledger.ErrorPct).ShouldBe((4, 4, 0));
    }

    [Fact]
    public void without_settling_what_was_added_in_between_looks_made_up()
    {
        var reducer = Reducer("aggregate");
        Run(reducer, [Batches.Counter("m", 0, ("customer=a", 5), ("customer=b", 7))], 0);
        var arm = new Arm(Restored("aggregate", Saved(reducer)));
        arm.Send(10, Batches.Counter("m", 10, ("customer=a", 105)));
        arm.Flush(10);
        arm.Send(12, Batches.Counter("m", 12, ("customer=b", 1007)));

        arm.Cut(12).Ledger.ErrorPct.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void state_that_is_cut_off_or_changed_in_any_byte_is_refused()
    {
        var reducer = Reducer("topk");
        Run(reducer, [Batches.Counter("m", 0, ("customer=a", 5), ("customer=b", 7)), Batches.Histogram("h", 0, ("customer=a", [1, 2, 3], [0.5, 2]))], 0);
        var kept = Saved(reducer);

        for (var i = 0; i < kept.Length; i++)
        {
            var changed = (byte[])kept.Clone();
            changed[i] ^= (byte)(1 << (i % 8));
            Should.Throw<StateFormatException>(() => new StateReader(new MemoryStream(changed)), $"byte {i}");
            Should.Throw<StateFormatException>(() => new StateReader(new MemoryStream(kept[..i])), $"cut at {i}");
        }

        Restored("topk", kept).Resuming.ShouldBe(3);
    }

    [Fact]
    public void state_of_another_reducer_is_refused()
    {
        var reducer = Reducer("topk");
        Run(reducer, [Batches.Counter("m", 0, ("customer=a", 5), ("customer=b", 7))], 0);

        Should.Throw<StateFormatException>(() => Restored("aggregate", Saved(reducer)));
    }

    [Fact]
    public void writing_holds_no_more_memory_for_more_streams()
    {
        var reducer = Reducer("aggregate");
        for (var part = 0; part < 40; part++)
            Run(reducer, [Batches.Counter("m", 0, [.. Enumerable.Range(part * 500, 500).Select(i => ($"customer=c{i},route=/{i}", 1L))])], 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var writer = new StateWriter(Stream.Null);
        reducer.Save(writer);
        writer.Finish();

        writer.Length.ShouldBeGreaterThan(2_000_000);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(200_000);
    }

    [Fact]
    public void folds_and_decisions_of_adaptive_go_on()
    {
        var options = new AdaptiveOptions { Name = "a", Goal = new AdaptiveGoal { SeriesBudget = 3, Mode = AdaptiveMode.Aggressive }, Interval = TimeSpan.FromSeconds(20) };
        var reducer = new AdaptiveReducer(options);
        var at = 0.0;
        for (; reducer.Decisions.After(0).Count == 0; at += 10)
            Run(reducer, [Customers(at)], at);
        Run(reducer, [Customers(at += 10)], at);
        var folded = Run(reducer, [Customers(at += 10)], at).Where(p => !p.Ends).ShouldHaveSingleItem();

        var restored = new AdaptiveReducer(options);
        restored.Restore(new StateReader(new MemoryStream(Saved(reducer))));

        restored.Decisions.After(0).Select(d => d.Decision.Words).ShouldBe(reducer.Decisions.After(0).Select(d => d.Decision.Words));
        restored.Decisions.Last.ShouldBe(reducer.Decisions.Last);
        var next = Run(restored, [Customers(at += 10)], at).ShouldHaveSingleItem();
        (next.Labels, next.Start).ShouldBe((folded.Labels, folded.Start));
        next.Value.ShouldBe(folded.Value + 100);

        static byte[] Customers(double at) => Batches.Counter("m", at, [.. Enumerable.Range(0, 10).Select(i => ($"customer=c{i}", (long)at))]);
    }

    [Fact]
    public void what_is_written_as_it_lies_in_memory_has_the_size_that_the_version_stands_for()
    {
        // Another size is another layout: raise ReducerStorage.Version with it.
        System.Runtime.CompilerServices.Unsafe.SizeOf<StreamEntry>().ShouldBe(48);
        System.Runtime.CompilerServices.Unsafe.SizeOf<FoldOutput>().ShouldBe(104);
        System.Runtime.CompilerServices.Unsafe.SizeOf<FoldGroup>().ShouldBe(40);
        System.Runtime.CompilerServices.Unsafe.SizeOf<RecentDeltas>().ShouldBe(72);
        System.Runtime.CompilerServices.Unsafe.SizeOf<RunningTotal>().ShouldBe(24);
        System.Runtime.CompilerServices.Unsafe.SizeOf<LevelFold>().ShouldBe(24);
    }

    private static IReducer Reducer(string kind)
    {
        GaugeRule[] gauges = [new(new MetricSelector(["temperature"]), GaugeFold.Max)];
        return kind == "topk"
            ? new TopKReducer(new TopKOptions { Name = "r", Metrics = new MetricSelector(["*"]), Labels = ["customer"], K = 2, Gauges = gauges })
            : new AggregateReducer(new AggregateOptions { Name = "r", Rules = [new AggregateRule { Metrics = new MetricSelector(["*"]), Drop = ["customer"] }], Gauges = gauges });
    }

    private static byte[] Saved(IReducer reducer)
    {
        var kept = new MemoryStream();
        var writer = new StateWriter(kept);
        reducer.Save(writer);
        writer.Finish();
        return kept.ToArray();
    }

    private static IReducer Restored(string kind, byte[] kept)
    {
        var reducer = Reducer(kind);
        reducer.Restore(new StateReader(new MemoryStream(kept)));
        return reducer;
    }

    private static List<byte[]> Scrape((int Value, bool Comes)[] scrape, long[] values, double at)
    {
        for (var i = 0; i < Streams; i++)
            values[i] = scrape[i].Value == 0 ? 0 : values[i] + scrape[i].Value;
        var coming = Enumerable.Range(0, Streams).Where(i => scrape[i].Comes).Select(i => (Labels: $"customer=c{i % 4},route=/{i / 4}", Value: values[i])).ToList();
        return
        [
            Batches.Counter("requests", at, [.. coming]),
            Batches.Level("carts", at, [.. coming]),
            Batches.Gauge("temperature", at, [.. coming.Select(c => (c.Labels, c.Value * 0.5))]),
            Batches.Histogram("latency", at, [.. coming.Select(c => (c.Labels, new[] { (ulong)c.Value, 1ul, (ulong)c.Value / 2 }, new[] { 0.5, 2 }))]),
        ];
    }

    // A counter that was said once more was so a millisecond later than before.
    private static List<Seen> Rounded(List<Seen> points) =>
        [.. points.Select(p => p with { Start = p.Start / 10_000_000, Time = p.Time / 10_000_000 })];

    private static List<Seen> Run(IMetricProcessor reducer, IEnumerable<byte[]> batches, double at)
    {
        var sink = new Sink();
        foreach (var batch in batches)
            reducer.Process(batch, (long)Batches.At(at), sink);
        reducer.Flush((long)Batches.At(at), sink);
        return Batches.Read(sink.Batches);
    }
}
