using CsCheck;
using Google.Protobuf;
using Phoenix.Telemetry.Tests.Oracle;

namespace Phoenix.Telemetry.Tests;

using KeyValue = Phoenix.Telemetry.Tests.Oracle.KeyValue;

/// <summary>
/// A fold written for this test alone, with a fault that can be planted: the ledger is silent where what came out reads as
/// what went in, and names the group wherever it does not.
/// </summary>
public class LedgerFaultTests
{
    private const int Customers = 4;
    private static readonly double[] Bounds = [1, 5, 20];

    public enum Shape
    {
        Whole,
        Real,
        Explicit,
        Exponential,
    }

    public enum Fault
    {
        None,
        DropPoint,
        DoubleCount,
        SumCumulative,
        CountFirst,
        ForgetReset,
        WrongBucket,
        WrongSum,
        LoseSum,
        LoseAll,
    }

    /// <param name="Observed">What a customer observed since its last point.</param>
    /// <param name="Restarts">Its counters began anew just after the last point.</param>
    /// <param name="Late">Its point of the step before comes once more.</param>
    private sealed record Happening(double[] Observed, bool Restarts, bool Late, int Scale);

    private static readonly Gen<Happening[][]> Lives = Gen.Select(
        Gen.Double[0.3, 90].Array[0, 4], Gen.Int[0, 9], Gen.Int[0, 9], Gen.Int[-1, 4],
        (observed, restart, late, scale) => new Happening(observed, restart == 0, late == 0, scale)).Array[Customers].Array[2, 12];

    public static TheoryData<Shape, bool, Fault> Faults()
    {
        var data = new TheoryData<Shape, bool, Fault>();
        foreach (var shape in Enum.GetValues<Shape>())
        {
            foreach (var fault in Enum.GetValues<Fault>())
            {
                var ofDistributions = fault is Fault.WrongBucket or Fault.WrongSum or Fault.LoseSum;
                if (ofDistributions && shape is Shape.Whole or Shape.Real && fault != Fault.None)
                    continue;
                data.Add(shape, false, fault);
                if (fault is not (Fault.SumCumulative or Fault.CountFirst or Fault.ForgetReset))
                    data.Add(shape, true, fault);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void the_ledger_errs_exactly_where_the_output_reads_otherwise_than_the_input(Shape shape, bool delta, Fault fault)
    {
        var wrong = 0;
        Gen.Select(Lives, Gen.Int[0, Customers - 1], Gen.Int[1, 10]).Sample(
            (life, customer, step) =>
            {
                var meter = new ArmMeter(new ArmMeterOptions { Folds = [new FoldRule(new MetricSelector(["*"]), ["customer"])] });
                var senders = Enumerable.Range(0, Customers).Select(_ => new Totals()).ToArray();
                var (truth, faulty, read) = (new Totals(), new Totals(), new Reading(shape));
                Totals? before = null;
                Request? last = null;
                for (var t = 0; t < life.Length; t++)
                {
                    var now = Batches.At(10 * t);
                    var (points, output) = (new List<(string, ulong, Totals, int)>(), delta ? new Totals() : faulty);
                    for (var c = 0; c < Customers; c++)
                    {
                        var (what, sender, gained) = (life[t][c], senders[c], new Totals());
                        var restarts = what.Restarts && t > 0;
                        if (restarts)
                            (sender.Start, _) = (now - Batches.Second, sender.Clear());
                        gained.Observe(what.Observed);
                        sender.Observe(what.Observed);
                        points.Add(($"c{c}", now, delta ? gained : sender.Copy(), what.Scale));

                        var counted = delta || t > 0;
                        if (counted)
                            truth.Add(gained);
                        var hit = c == customer && t == step % life.Length;
                        if ((counted && !(fault == Fault.DropPoint && hit) && !(fault == Fault.ForgetReset && restarts)) || fault == Fault.CountFirst)
                            output.Add(gained);
                        if (fault == Fault.DoubleCount && hit && counted)
                            output.Add(gained);
                        if (fault == Fault.WrongBucket && hit && counted && gained.Observed.Count > 0)
                            output.Move();
                        if (fault == Fault.WrongSum && hit && counted)
                            output.ExtraSum += 0.01;
                    }

                    if (fault == Fault.SumCumulative)
                    {
                        faulty.Clear();
                        foreach (var sender in senders)
                            faulty.Add(sender);
                        output = faulty;
                    }

                    var request = Request(shape, delta, points, start: delta ? now - 10 * Batches.Second : null);
                    meter.ObserveInput(request.ToByteArray(), (long)now);
                    if (last is not null && life[t].Any(h => h.Late))
                        meter.ObserveInput(last.ToByteArray(), (long)now);
                    last = request;
                    if (fault == Fault.LoseAll)
                        continue;
                    var out1 = Request(shape, delta, [("__other__", now, output, 0)], start: delta ? now - 10 * Batches.Second : Batches.At(0) - 1_000_000, noSum: fault == Fault.LoseSum);
                    meter.ObserveOutput(out1.ToByteArray());
                    read.Take(output, before);
                    before = delta ? null : output.Copy();
                }

                var ledger = meter.Cut().Ledger;
                var differs = fault == Fault.LoseSum || !read.Equals(truth);
                (ledger.WorstGroup is not null).ShouldBe(differs, $"{ledger.WorstGroup} by {ledger.WorstErrorPct} % of {ledger.WorstAspect}; in {ledger.In}, out {ledger.Out}");
                wrong += differs ? 1 : 0;
                if (!differs)
                    return;
                ledger.WorstGroup.ShouldBe("requests{route=\"/\"}");
                ledger.WorstErrorPct.ShouldBeGreaterThan(0);
                ledger.ErrorPct.ShouldBeGreaterThan(0);
                if (fault is Fault.WrongBucket)
                    ledger.WorstAspect.ShouldBe("buckets");
                if (fault is Fault.WrongSum or Fault.LoseSum)
                    ledger.WorstAspect.ShouldBe("sum");
            },
            iter: 100, threads: 1);
        (wrong > 0).ShouldBe(fault != Fault.None, "the fault has to show in some of the lives");
    }

    [Theory]
    [InlineData(null)]
    [InlineData(GaugeFold.Sum)]
    [InlineData(GaugeFold.Min)]
    [InlineData(GaugeFold.Max)]
    [InlineData(GaugeFold.Avg)]
    public void levels_are_compared_by_the_function_that_folds_them(GaugeFold? fold) => Gen.Select(Gen.Double[-50, 50].Array[Customers].Array[1, 6], Gen.Int[0, 5]).Sample(
        (life, fault) =>
        {
            GaugeRule[] gauges = fold is { } function ? [new GaugeRule(new MetricSelector(["*"]), function)] : [];
            var meter = new ArmMeter(new ArmMeterOptions { Folds = [new FoldRule(new MetricSelector(["*"]), ["customer"]) { Gauges = gauges }] });
            for (var t = 0; t < life.Length; t++)
            {
                var now = Batches.At(10 * t);
                meter.ObserveInput(Level(fold, now, [.. life[t].Select((v, c) => ($"c{c}", v))]), (long)now);
                var folded = fold switch
                {
                    GaugeFold.Min => life[t].Min(),
                    GaugeFold.Max => life[t].Max(),
                    GaugeFold.Avg => life[t].Average(),
                    _ => life[t].Sum(),
                };
                meter.ObserveOutput(Level(fold, now, ("__other__", folded + (fault == 0 ? 0.5 : 0))));
                var ledger = meter.Cut().Ledger;
                (ledger.Groups, ledger.Increments).ShouldBe((1, 0));
                (ledger.WorstGroup, ledger.WorstAspect).ShouldBe(fault == 0 ? ("requests{route=\"/\"}", "level") : (null, null));
            }
        },
        iter: 100);

    [Theory]
    [InlineData(1, 1, null)]
    [InlineData(2, 0, "buckets")]
    public void a_wider_zero_threshold_and_a_lower_scale_are_no_reset(ulong zero, ulong bucket, string? aspect)
    {
        var meter = new ArmMeter(new ArmMeterOptions { Folds = [new FoldRule(new MetricSelector(["*"]), ["customer"])] });
        var (first, second, start) = (Batches.At(0), Batches.At(10), Batches.At(0) - 1_000_000);

        // At scale 0 bucket -3 is (1/8, 1/4] and bucket 0 (1, 2]; at scale -1 the first lies below the threshold and 0 is (1, 4].
        meter.ObserveInput(Exponential("a", first, start, scale: 0, zero: 0, 0, offset: -3, 1, 0, 0, 1), (long)first);
        meter.ObserveInput(Exponential("a", second, start, scale: -1, zero: 2, 0.25, offset: 0, 2), (long)second);
        meter.ObserveOutput(Exponential("__other__", second, start, scale: -1, zero, 0.25, offset: 0, bucket));
        var ledger = meter.Cut().Ledger;
        (ledger.In, ledger.Out, ledger.WorstAspect).ShouldBe((2, 2, aspect));
    }

    private static byte[] Exponential(string customer, ulong time, ulong start, int scale, ulong zero, double threshold, int offset, params ulong[] buckets) => Wrapped(new Metric
    {
        Name = "requests",
        ExponentialHistogram = new ExponentialHistogram
        {
            AggregationTemporality = 2,
            DataPoints =
            {
                new ExponentialPoint
                {
                    StartTimeUnixNano = start, TimeUnixNano = time, Count = zero + buckets.Aggregate(0ul, (a, b) => a + b), Scale = scale, ZeroCount = zero,
                    ZeroThreshold = threshold, Positive = new() { Offset = offset, BucketCounts = { buckets } }, Attributes = { Labels(customer) },
                },
            },
        },
    }).ToByteArray();

    private static byte[] Level(GaugeFold? gauge, ulong time, params (string Customer, double Value)[] points)
    {
        var numbers = points.Select(p => new NumberPoint { TimeUnixNano = time, AsDouble = p.Value, Attributes = { Labels(p.Customer) } });
        return Wrapped(gauge is null
            ? new Metric { Name = "requests", Sum = new Sum { AggregationTemporality = 2, DataPoints = { numbers } } }
            : new Metric { Name = "requests", Gauge = new Gauge { DataPoints = { numbers } } }).ToByteArray();
    }

    private static Request Request(Shape shape, bool delta, IEnumerable<(string Customer, ulong Time, Totals Value, int Scale)> points, ulong? start, bool noSum = false)
    {
        var metric = new Metric { Name = "requests" };
        var temporality = delta ? 1 : 2;
        foreach (var (customer, time, value, scale) in points)
        {
            switch (shape)
            {
                case Shape.Whole or Shape.Real:
                    metric.Sum ??= new Sum { AggregationTemporality = temporality, IsMonotonic = true };
                    var number = new NumberPoint { StartTimeUnixNano = start ?? value.Start, TimeUnixNano = time, Attributes = { Labels(customer) } };
                    if (shape == Shape.Whole)
                        number.AsInt = value.Observed.Count;
                    else
                        number.AsDouble = value.Sum;
                    metric.Sum.DataPoints.Add(number);
                    break;
                case Shape.Explicit:
                    metric.Histogram ??= new Histogram { AggregationTemporality = temporality };
                    var histogram = new HistogramPoint
                    {
                        StartTimeUnixNano = start ?? value.Start, TimeUnixNano = time, Count = (ulong)value.Observed.Count, ExplicitBounds = { Bounds },
                        BucketCounts = { value.Explicit() }, Attributes = { Labels(customer) },
                    };
                    if (!noSum)
                        histogram.Sum = value.Sum;
                    metric.Histogram.DataPoints.Add(histogram);
                    break;
                default:
                    metric.ExponentialHistogram ??= new ExponentialHistogram { AggregationTemporality = temporality };
                    var (offset, counts) = value.Exponential(scale);
                    var exponential = new ExponentialPoint
                    {
                        StartTimeUnixNano = start ?? value.Start, TimeUnixNano = time, Count = (ulong)value.Observed.Count, Scale = scale,
                        Positive = new() { Offset = offset, BucketCounts = { counts } }, Attributes = { Labels(customer) },
                    };
                    if (!noSum)
                        exponential.Sum = value.Sum;
                    metric.ExponentialHistogram.DataPoints.Add(exponential);
                    break;
            }
        }

        return Wrapped(metric);
    }

    private static Request Wrapped(Metric metric) => new()
    {
        ResourceMetrics = { new ResourceMetrics { Resource = new Resource(), ScopeMetrics = { new ScopeMetrics { Metrics = { metric } } } } },
    };

    private static KeyValue[] Labels(string customer) =>
        [new() { Key = "route", Value = new AnyValue { StringValue = "/" } }, new() { Key = "customer", Value = new AnyValue { StringValue = customer } }];

    /// <summary>Observations added up, as plainly as it can be done: all of them kept.</summary>
    private sealed class Totals
    {
        public List<double> Observed { get; private init; } = [];

        public double ExtraSum { get; set; }

        /// <summary>A restart need not show in the values: the start time says it.</summary>
        public ulong Start { get; set; } = Batches.At(0) - (100 * Batches.Second);

        public double Sum => Observed.Sum() + ExtraSum;

        public void Observe(double[] observed) => Observed.AddRange(observed);

        public void Add(Totals other) => Observed.AddRange(other.Observed);

        public Totals Clear()
        {
            Observed.Clear();
            return this;
        }

        public Totals Copy() => new() { Observed = [.. Observed], ExtraSum = ExtraSum, Start = Start };

        /// <summary>The newest observation goes where it does not belong; the sum stays.</summary>
        public void Move()
        {
            var last = Observed[^1];
            Observed[^1] = last > 20 ? 0.4 : 80;
            ExtraSum += last - Observed[^1];
        }

        public ulong[] Explicit()
        {
            var counts = new ulong[Bounds.Length + 1];
            foreach (var value in Observed)
                counts[Bounds.Count(bound => value > bound)]++;
            return counts;
        }

        public (int Offset, ulong[] Counts) Exponential(int scale)
        {
            if (Observed.Count == 0)
                return (0, []);
            var indexes = Observed.Select(value => (int)Math.Floor(Math.Log2(value) * Math.ScaleB(1, scale))).ToList();
            var counts = new ulong[indexes.Max() - indexes.Min() + 1];
            foreach (var index in indexes)
                counts[index - indexes.Min()]++;
            return (indexes.Min(), counts);
        }
    }
    /// <summary>What a reader takes from an output.</summary>
    private sealed class Reading(Shape shape)
    {
        private readonly SortedDictionary<int, long> buckets = [];
        private long count;
        private double sum;

        /// <summary>Adds what is new beside the value before; where any part fell, all of it is.</summary>
        public void Take(Totals now, Totals? before)
        {
            var (gained, last) = (Buckets(now), before is null ? [] : Buckets(before));
            var fell = before is not null && shape switch
            {
                Shape.Whole => now.Observed.Count < before.Observed.Count,
                Shape.Real => now.Sum < before.Sum,
                _ => last.Any(b => gained.GetValueOrDefault(b.Key) < b.Value),
            };
            before = fell ? null : before;
            count += now.Observed.Count - (before?.Observed.Count ?? 0);
            sum += now.Sum - (before?.Sum ?? 0);
            foreach (var (index, value) in gained)
                buckets[index] = buckets.GetValueOrDefault(index) + value - (before is null ? 0 : last.GetValueOrDefault(index));
        }

        public bool Equals(Totals truth) => shape switch
        {
            Shape.Whole => count == truth.Observed.Count,
            Shape.Real => Math.Abs(sum - truth.Sum) < 1e-6,
            _ => count == truth.Observed.Count && Math.Abs(sum - truth.Sum) < 1e-6 && buckets.Where(b => b.Value != 0).SequenceEqual(Buckets(truth)),
        };

        private SortedDictionary<int, long> Buckets(Totals totals)
        {
            var (offset, counts) = shape == Shape.Exponential ? totals.Exponential(0) : (0, totals.Explicit());
            var filled = new SortedDictionary<int, long>();
            for (var i = 0; i < counts.Length; i++)
            {
                if (counts[i] > 0)
                    filled[offset + i] = (long)counts[i];
            }

            return filled;
        }
    }
}
