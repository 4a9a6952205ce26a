using CsCheck;
using Google.Protobuf;
using Phoenix.Telemetry.Tests.Oracle;

namespace Phoenix.Telemetry.Tests;

using ExponentialHistogram = Phoenix.Telemetry.Tests.Oracle.ExponentialHistogram;
using KeyValue = Phoenix.Telemetry.Tests.Oracle.KeyValue;

/// <summary>
/// Every type and temporality through every reducer. The oracle knows what each stream observed, and says by the plainest rules
/// which observations count; inputs and outputs go through Google.Protobuf.
/// </summary>
public class FoldOracleTests
{
    private const int Customers = 3;
    private const int Routes = 2;
    private const double Staleness = 300;
    private static readonly double[] Bounds = [0.5, 2];

    public enum Kind
    {
        Counter,
        Histogram,
        ExponentialHistogram,
        DeltaSum,
        DeltaUpDown,
        DeltaHistogram,
        DeltaExponentialHistogram,
    }

    private enum Happening
    {
        Observe,
        Reset,
        Vanish,
        Late,
        Repeat,
        LongPause,
    }

    /// <param name="Values">What was observed, as eighths of a power of two: in the middle of a bucket at every scale up to 3.</param>
    private sealed record Step(Happening What, int[] Values, int Scale, bool IsNegative);

    private static readonly Gen<Step> Steps = Gen.Select(
        Gen.Frequency(
            (12, Gen.Const(Happening.Observe)), (1, Gen.Const(Happening.Reset)), (2, Gen.Const(Happening.Vanish)), (1, Gen.Const(Happening.Late)),
            (1, Gen.Const(Happening.Repeat)), (1, Gen.Const(Happening.LongPause))),
        Gen.Int[-40, 40].Array[0, 4], Gen.Int[0, 3], Gen.Bool,
        (what, values, scale, negative) => new Step(what, values, scale, negative));

    private static readonly Gen<(Step[] Scrape, bool Flush)[]> Lives = Gen.Select(Steps.Array[Customers * Routes], Gen.Bool).Array[2, 15];

    public static TheoryData<Kind, string> Cases()
    {
        var cases = new TheoryData<Kind, string>();
        foreach (var kind in Enum.GetValues<Kind>())
        {
            foreach (var chain in new[] { "aggregate", "topk", "topk then aggregate", "aggregate then topk" })
                cases.Add(kind, chain);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void what_was_observed_is_in_the_outputs_once_each(Kind kind, string chain) => Sample(kind, chain, restarts: false);

    [Theory]
    [MemberData(nameof(Cases))]
    public void what_was_observed_is_in_the_outputs_once_each_over_restarts(Kind kind, string chain) => Sample(kind, chain, restarts: true);

    private static void Sample(Kind kind, string chain, bool restarts) => Lives.Sample(
        life =>
        {
            var arm = new Arm(Reducers(chain));
            var model = new Model(kind);
            var at = 0.0;
            foreach (var (scrape, flush) in life)
            {
                at += scrape.Any(step => step.What == Happening.LongPause) ? Staleness + 10 : 10;
                foreach (var metric in model.Live(scrape, at))
                    arm.Send(at, InRequest(metric));
                if (flush && restarts)
                    arm.Restart(at, Reducers(chain));
                else if (flush)
                    arm.Flush(at);
            }

            var window = arm.Cut(at);
            window.Ledger.WorstGroup.ShouldBeNull($"off by {window.Ledger.WorstErrorPct} %");
            var outputs = new Outputs(kind, arm.Output);
            for (var route = 0; route < Routes; route++)
                outputs.ShouldHold(route, model.Counted[route]);
        },
        iter: 150);

    private static IMetricProcessor[] Reducers(string chain)
    {
        var aggregate = new AggregateReducer(new AggregateOptions
        {
            Name = "a", Rules = [new AggregateRule { Metrics = new MetricSelector(["*"]), Drop = [chain == "aggregate" ? "customer" : "pod"] }],
        });
        var topK = new TopKReducer(new TopKOptions { Name = "k", Metrics = new MetricSelector(["*"]), Labels = ["customer"], K = 1, Window = TimeSpan.FromSeconds(20) });
        return chain switch
        {
            "aggregate" => [aggregate],
            "topk" => [topK],
            "topk then aggregate" => [topK, aggregate],
            _ => [aggregate, topK],
        };
    }

    private static byte[] InRequest(Metric metric) => new Request
    {
        ResourceMetrics = { new ResourceMetrics { Resource = new Resource(), ScopeMetrics = { new ScopeMetrics { Metrics = { metric } } } } },
    }.ToByteArray();

    private static double Value(int eighths) => Math.Pow(2, (eighths + 0.5) / 8);

    private static int IndexAt(int eighths, int scale) => eighths >> (3 - scale);

    private sealed record Observation(int Eighths, bool IsNegative)
    {
        public double Number => IsNegative ? -Value(Eighths) : Value(Eighths);
    }

    private sealed class Model(Kind kind)
    {
        private readonly Life[] lives = [.. Enumerable.Range(0, Customers * Routes).Select(_ => new Life())];

        public List<Observation>[] Counted { get; } = [.. Enumerable.Range(0, Routes).Select(_ => new List<Observation>())];

        private bool IsDelta => kind >= Kind.DeltaSum;

        public IEnumerable<Metric> Live(Step[] scrape, double at)
        {
            for (var i = 0; i < scrape.Length; i++)
            {
                var (step, life) = (scrape[i], lives[i]);
                var seen = life.Seen is { } then && at - then <= 2 * Staleness;
                if (step.What == Happening.Vanish || (step.What is Happening.Late or Happening.Repeat && !seen))
                    continue;
                var observed = step.Values.Select(v => new Observation(v, step.IsNegative && kind is not Kind.Counter)).ToList();
                if (IsDelta)
                    yield return LiveDelta(i, life, step, observed, at);
                else
                    yield return LiveCumulative(i, life, step, observed, at);
            }
        }

        private Metric LiveDelta(int stream, Life life, Step step, List<Observation> observed, double at)
        {
            if (step.What == Happening.Repeat)
                return life.Last!;
            Counted[stream / Customers].AddRange(observed);
            if (step.What == Happening.Late)
                return Point(stream, observed, step.Scale, Batches.At(life.Seen!.Value - 2 - at / 1e6), Batches.At(life.Seen.Value - 1 - at / 1e6));
            life.Last = Point(stream, observed, step.Scale, Batches.At(life.Seen ?? at - 10), Batches.At(at));
            life.Seen = at;
            return life.Last;
        }

        private Metric LiveCumulative(int stream, Life life, Step step, List<Observation> observed, double at)
        {
            if (step.What == Happening.Repeat)
                return Point(stream, life.All, step.Scale, life.Start, Batches.At(life.Seen!.Value));
            if (step.What == Happening.Late)
                return Point(stream, observed, step.Scale, life.Start, Batches.At(life.Seen!.Value - 3));
            var resets = step.What == Happening.Reset && life.Seen is not null;
            if (resets)
            {
                life.All.Clear();
                life.Start = Batches.At(at - 1);
            }

            life.All.AddRange(observed);
            if (life.Seen is { } then && at - then <= Staleness)
                Counted[stream / Customers].AddRange(observed);
            life.Seen = at;
            return Point(stream, life.All, step.Scale, life.Start, Batches.At(at));
        }

        private Metric Point(int stream, List<Observation> observations, int scale, ulong start, ulong time)
        {
            KeyValue[] attributes = [Pair("customer", $"c{stream % Customers}"), Pair("route", $"/{stream / Customers}")];
            var temporality = IsDelta ? 1 : 2;
            var count = (ulong)observations.Count;
            var sum = observations.Sum(o => o.Number);
            switch (kind)
            {
                case Kind.Counter or Kind.DeltaSum or Kind.DeltaUpDown:
                    var number = new NumberPoint { StartTimeUnixNano = start, TimeUnixNano = time, Attributes = { attributes } };
                    number.AsInt = kind == Kind.DeltaUpDown ? observations.Sum(o => o.IsNegative ? -1 : 1) : observations.Count;
                    return new Metric { Name = "m", Sum = new Sum { AggregationTemporality = temporality, IsMonotonic = kind != Kind.DeltaUpDown, DataPoints = { number } } };
                case Kind.Histogram or Kind.DeltaHistogram:
                    return new Metric
                    {
                        Name = "m",
                        Histogram = new Histogram
                        {
                            AggregationTemporality = temporality,
                            DataPoints =
                            {
                                new HistogramPoint
                                {
                                    StartTimeUnixNano = start, TimeUnixNano = time, Attributes = { attributes }, Count = count, Sum = sum, ExplicitBounds = { Bounds },
                                    BucketCounts = { Buckets(observations) },
                                },
                            },
                        },
                    };
                default:
                    return new Metric
                    {
                        Name = "m",
                        ExponentialHistogram = new ExponentialHistogram
                        {
                            AggregationTemporality = temporality,
                            DataPoints =
                            {
                                new ExponentialPoint
                                {
                                    StartTimeUnixNano = start, TimeUnixNano = time, Attributes = { attributes }, Count = count, Sum = sum, Scale = scale,
                                    Positive = Side(observations.Where(o => !o.IsNegative), scale), Negative = Side(observations.Where(o => o.IsNegative), scale),
                                },
                            },
                        },
                    };
            }
        }

        private static ExponentialPoint.Types.Buckets Side(IEnumerable<Observation> observations, int scale)
        {
            var indexes = observations.Select(o => IndexAt(o.Eighths, scale)).ToList();
            if (indexes.Count == 0)
                return new();
            var first = indexes.Min();
            return new()
            {
                Offset = first,
                BucketCounts = { Enumerable.Range(first, indexes.Max() - first + 1).Select(index => (ulong)indexes.Count(i => i == index)) },
            };
        }

        private static KeyValue Pair(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

        private sealed class Life
        {
            public List<Observation> All { get; } = [];

            public double? Seen { get; set; }

            public ulong Start { get; set; } = Batches.At(-1000);

            public Metric? Last { get; set; }
        }
    }

    private static IEnumerable<ulong> Buckets(IEnumerable<Observation> observations) =>
        Enumerable.Range(0, Bounds.Length + 1).Select(bucket => (ulong)observations.Count(o => Bounds.Count(bound => o.Number > bound) == bucket));

    /// <summary>What came out: of every cumulative output its last point, of every delta output all of them.</summary>
    private sealed class Outputs
    {
        private readonly Kind kind;
        private readonly List<(string Route, Metric Metric)> points = [];

        public Outputs(Kind kind, IEnumerable<byte[]> batches)
        {
            this.kind = kind;
            var last = new Dictionary<(string, ulong), (string Route, Metric Metric)>();
            foreach (var metric in batches.SelectMany(b => Request.Parser.ParseFrom(b).ResourceMetrics).SelectMany(r => r.ScopeMetrics).SelectMany(s => s.Metrics))
            {
                foreach (var (attributes, start, time, single) in Split(metric))
                {
                    time.ShouldBeGreaterThan(start);
                    var route = attributes.Single(a => a.Key == "route").Value.StringValue;
                    var labels = string.Join(',', attributes.Select(a => $"{a.Key}={a.Value.StringValue}").Order(StringComparer.Ordinal));
                    if (kind >= Kind.DeltaSum)
                        points.Add((route, single));
                    else
                        last[(labels, start)] = (route, single);
                }
            }

            points.AddRange(last.Values);
        }

        public void ShouldHold(int route, List<Observation> expected)
        {
            var mine = points.Where(p => p.Route == $"/{route}").Select(p => p.Metric).ToList();
            if (kind is Kind.Counter or Kind.DeltaSum or Kind.DeltaUpDown)
            {
                var total = kind == Kind.DeltaUpDown ? expected.Sum(o => o.IsNegative ? -1 : 1) : expected.Count;
                mine.Sum(m => m.Sum.DataPoints.Sum(p => p.AsInt)).ShouldBe(total);
                return;
            }

            if (kind is Kind.Histogram or Kind.DeltaHistogram)
            {
                var histograms = mine.SelectMany(m => m.Histogram.DataPoints).ToList();
                for (var i = 0; i <= Bounds.Length; i++)
                    ((ulong)histograms.Sum(h => (long)h.BucketCounts[i])).ShouldBe(Buckets(expected).ElementAt(i));
                histograms.Sum(h => (long)h.Count).ShouldBe(expected.Count);
                histograms.Sum(h => h.Sum).ShouldBe(expected.Sum(o => o.Number), 1e-6);
                return;
            }

            var exponential = mine.SelectMany(m => m.ExponentialHistogram.DataPoints).ToList();
            exponential.Sum(h => (long)h.Count).ShouldBe(expected.Count);
            exponential.Sum(h => h.Sum).ShouldBe(expected.Sum(o => o.Number), 1e-6);
            exponential.ShouldAllBe(h => h.ZeroCount == 0);
            if (exponential.Count == 0)
                return;
            var scale = exponential.Min(h => h.Scale);
            Counts(exponential.Select(h => (h.Scale, h.Positive)), scale).ShouldBe(Counts(expected.Where(o => !o.IsNegative), scale), ignoreOrder: true);
            Counts(exponential.Select(h => (h.Scale, h.Negative)), scale).ShouldBe(Counts(expected.Where(o => o.IsNegative), scale), ignoreOrder: true);
        }

        private static List<(int, long)> Counts(IEnumerable<Observation> observations, int scale) =>
            [.. observations.GroupBy(o => IndexAt(o.Eighths, scale)).Select(g => (g.Key, (long)g.Count()))];

        private static List<(int, long)> Counts(IEnumerable<(int Scale, ExponentialPoint.Types.Buckets Side)> sides, int scale) =>
        [
            .. sides.Where(s => s.Side?.BucketCounts.Count > 0)
                .SelectMany(s => s.Side.BucketCounts.Select((count, i) => (Index: (s.Side.Offset + i) >> (s.Scale - scale), Count: (long)count)))
                .GroupBy(b => b.Index).Select(g => (g.Key, g.Sum(b => b.Count))).Where(b => b.Item2 > 0),
        ];

        private static IEnumerable<(IList<KeyValue> Attributes, ulong Start, ulong Time, Metric Single)> Split(Metric metric)
        {
            foreach (var p in metric.Sum?.DataPoints ?? [])
                yield return (p.Attributes, p.StartTimeUnixNano, p.TimeUnixNano, new Metric { Sum = new Sum { DataPoints = { p } } });
            foreach (var p in metric.Histogram?.DataPoints ?? [])
                yield return (p.Attributes, p.StartTimeUnixNano, p.TimeUnixNano, new Metric { Histogram = new Histogram { DataPoints = { p } } });
            foreach (var p in metric.ExponentialHistogram?.DataPoints ?? [])
                yield return (p.Attributes, p.StartTimeUnixNano, p.TimeUnixNano, new Metric { ExponentialHistogram = new ExponentialHistogram { DataPoints = { p } } });
        }
    }
}
