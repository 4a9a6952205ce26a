using CsCheck;

namespace Phoenix.Telemetry.Tests;

/// <summary>Rules, then the adaptive reducer, then top-K in one pipeline.</summary>
public class HybridTests
{
    private const int Customers = 6;
    private const int Routes = 2;
    private const int Sessions = 2;
    private const int Streams = Customers * Routes * Sessions;

    private static readonly Gen<(int[] Increments, bool Flush, int Event)[]> Lives =
        Gen.Select(Gen.Int[-2, 1000].Array[Streams], Gen.Bool, Gen.Int[0, 6]).Array[5, 40];

    [Fact]
    public void every_surviving_group_is_exact_through_rules_adaptive_and_top_k() => Lives.Sample(
        life =>
        {
            var adaptive = Adaptive(series: 5);
            var topK = TopK();
            var arm = new Arm(DropDebug(), DropSession(), adaptive, topK);
            var (value, increments) = (new long?[Streams], new long[Routes]);
            var at = 0.0;
            foreach (var (steps, flush, what) in life)
            {
                at += 10;
                if (what <= 1)
                    adaptive.DeclareIncident(what * 2, [], (long)Batches.At(at));
                var points = new List<(string, long)>();
                for (var i = 0; i < steps.Length; i++)
                {
                    // −1 is a point that does not come, −2 a counter that begins again at 7.
                    if (steps[i] == -1)
                        continue;
                    var falls = steps[i] == -2 && value[i] > 7;
                    var next = falls ? 7 : (value[i] ?? 0) + Math.Max(0, steps[i]);
                    if (value[i] is { } before)
                        increments[i / (Customers * Sessions)] += falls ? 7 : next - before;
                    value[i] = next;
                    points.Add(($"{LabelsOf(i / Sessions)},session=s{i % Sessions}", next));
                }

                arm.Send(at, Batches.Counter("requests", at, [.. points]));
                arm.Send(at, Batches.Counter("debug.requests", at, [.. points]));
                if (flush)
                    arm.Flush(at);
            }

            var ledger = arm.Cut(at).Ledger;
            ledger.ErrorPct.ShouldBe(0, ledger.WorstGroup);
            ledger.WorstGroup.ShouldBeNull();
            Batches.Read(arm.Output).ShouldAllBe(p => p.Metric == "requests" && !p.Labels.Contains("session"));
            AdaptiveReducerTests.Totals(arm.Output, Routes).ShouldBe(increments.Select(i => (double)i));
        },
        iter: 1000);

    [Fact]
    public void what_a_sum_began_with_is_not_lost_to_a_reader_that_takes_the_first_sample_for_a_base()
    {
        var adaptive = Adaptive(series: 2);
        var arm = new Arm(adaptive);
        for (var at = 10.0; at <= 120; at += 10)
        {
            arm.Send(at, Batches.Counter("requests", at, [.. Enumerable.Range(0, 12).Select(i => (LabelsOf(i), (long)at))]));
            arm.Flush(at);
        }

        var folded = Batches.Read(arm.Output).Where(p => p.Labels == "route=/0" && !p.Ends).ToList();
        folded.Select(p => p.Value).Take(3).ShouldBe([0, 60, 120]);
        folded.Zip(folded.Skip(1)).ShouldAllBe(pair => pair.First.Time < pair.Second.Time && pair.First.Start < pair.First.Time);
    }

    private static AdaptiveReducer Adaptive(long series) => new(new AdaptiveOptions
    {
        Name = "phoenix_adaptive",
        Goal = new AdaptiveGoal { SeriesBudget = series, Mode = AdaptiveMode.Aggressive, MaxChangesPerHour = 100 },
        KeepLabels = [new KeptLabels(new MetricSelector(["*"]), ["route"])],
        Interval = TimeSpan.FromSeconds(60),
    });

    private static TopKReducer TopK() => new(new TopKOptions
    {
        Name = "phoenix_topk", Metrics = new MetricSelector(["*"]), Labels = ["customer"], K = 2, Window = TimeSpan.FromSeconds(20),
    });

    private static MetricFilter DropDebug() => new(new FilterOptions { Name = "filter", MetricConditions = ["IsMatch(name, \"debug.*\")"], DataPointConditions = [] });

    private static AggregateReducer DropSession() => new(new AggregateOptions
    {
        Name = "phoenix_aggregate", Rules = [new AggregateRule { Metrics = new MetricSelector(["*"]), Drop = ["session"] }],
    });

    private static string LabelsOf(int stream) => $"customer=c{stream % Customers},route=/{stream / Customers}";
}
