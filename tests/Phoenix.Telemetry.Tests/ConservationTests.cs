using CsCheck;

namespace Phoenix.Telemetry.Tests;

/// <summary>The law of every reducer: for every surviving label group, increments out equal increments in, exactly.</summary>
public class ConservationTests
{
    private const int Customers = 6;
    private const int Routes = 2;
    private const double Staleness = 300;

    // A point that comes again after its stream was forgotten cannot be told from the first of a new one.
    private const double Remembered = 2 * Staleness;

    private enum Happening
    {
        Rise,
        Reset,
        Vanish,
        Late,
        Repeat,
        RiseAndEnd,
        LongPause,
    }

    /// <param name="Value">Null says "no recorded value".</param>
    private sealed record Point(int Stream, double At, long? Value);

    private static readonly Gen<(Happening What, int Amount)> Happenings = Gen.Select(
        Gen.Frequency(
            (12, Gen.Const(Happening.Rise)), (1, Gen.Const(Happening.Reset)), (2, Gen.Const(Happening.Vanish)),
            (1, Gen.Const(Happening.Late)), (2, Gen.Const(Happening.RiseAndEnd)), (1, Gen.Const(Happening.Repeat)), (1, Gen.Const(Happening.LongPause))),
        Gen.Int[0, 1000]);

    private static readonly Gen<((Happening What, int Amount)[] Scrape, bool Flush, int Pieces)[]> Lives =
        Gen.Select(Happenings.Array[Customers * Routes], Gen.Bool, Gen.Int[1, 4]).Array[2, 25];

    [Fact]
    public void increments_out_equal_increments_in_whatever_happens_to_the_streams() => Lives.Sample(
        life =>
        {
            var arm = new Arm(new TopKReducer(new TopKOptions
            {
                Name = "t", Metrics = new MetricSelector(["*"]), Labels = ["customer"], K = 2, Window = TimeSpan.FromSeconds(20),
            }));
            var model = new Model();
            var at = 0.0;
            foreach (var (scrape, flush, pieces) in life)
            {
                at += scrape.Any(h => h.What == Happening.LongPause) ? Staleness + 10 : 10;
                var points = model.Live(scrape, at);
                foreach (var piece in points.Chunk((points.Count + pieces) / pieces))
                    arm.Send(at, Batch(piece));
                if (flush)
                    arm.Flush(at);
            }

            var window = arm.Cut(at);
            window.Ledger.ErrorPct.ShouldBe(0, window.Ledger.WorstGroup);
            window.Ledger.WorstGroup.ShouldBeNull();
            window.Ledger.In.ShouldBe(model.Increments.Sum());
            Totals(arm.Output).ShouldBe(model.Increments.Select(i => (double)i));
        },
        iter: 1500);

    [Fact]
    public void the_checksum_depends_on_the_points_alone_not_on_order_or_batches() => Gen.Select(Lives, Gen.Int[1, 5], Gen.Int).Sample(
        (life, pieces, seed) =>
        {
            var model = new Model();
            var points = new List<Point>();
            var at = 0.0;
            foreach (var (scrape, _, _) in life)
                points.AddRange(model.Live(scrape, at += 10));
            var shuffled = points.ToArray();
            new Random(seed).Shuffle(shuffled);

            var one = Checksum([Batch(points)]);
            Checksum(shuffled.Chunk(pieces).Select(Batch)).ShouldBe(one);
            if (points.Count == 0)
                return;
            shuffled[0] = shuffled[0] with { Value = (shuffled[0].Value ?? 0) + 1 };
            Checksum([Batch(shuffled)]).ShouldNotBe(one);
        },
        iter: 100);

    [Fact]
    public void levels_out_are_the_sum_of_fresh_levels_in() => Lives.Sample(
        life =>
        {
            var arm = new Arm(new TopKReducer(new TopKOptions { Name = "t", Metrics = new MetricSelector(["*"]), Labels = ["customer"], K = 2 }));
            var at = 0.0;
            foreach (var (scrape, _, _) in life)
            {
                at += 60;
                var points = new List<(string, long)>();
                for (var i = 0; i < scrape.Length; i++)
                {
                    if (scrape[i].What is Happening.Rise or Happening.Reset)
                        points.Add((LabelsOf(i), scrape[i].What == Happening.Reset ? -scrape[i].Amount : scrape[i].Amount));
                }

                arm.Send(at, Batches.Level("carts", at, [.. points]));
                var ledger = arm.Cut(at).Ledger;
                ledger.WorstErrorPct.ShouldBe(0, $"{ledger.WorstGroup} at {at}");
            }
        },
        iter: 300);

    private static string LabelsOf(int stream) => $"customer=c{stream % Customers},route=/{stream / Customers}";

    private static byte[] Batch(IEnumerable<Point> points) => Batches.Write(w =>
    {
        foreach (var point in points)
        {
            if (point.Value is { } value)
                w.CounterPoints("requests", point.At, 0, (LabelsOf(point.Stream), value));
            else
                w.CounterEnds("requests", point.At, LabelsOf(point.Stream));
        }
    });

    private static string Checksum(IEnumerable<byte[]> batches)
    {
        var meter = new ArmMeter(new ArmMeterOptions());
        foreach (var batch in batches)
            meter.ObserveInput(batch);
        return meter.Cut().Checksum;
    }

    /// <summary>What came out per route: the last value of every counter that ever began.</summary>
    private static IEnumerable<double> Totals(IEnumerable<byte[]> output)
    {
        var last = new Dictionary<(string, ulong), double>();
        foreach (var point in Batches.Read(output))
        {
            if (point.Ends)
                continue;
            last.GetValueOrDefault((point.Labels, point.Start)).ShouldBeLessThanOrEqualTo(point.Value, "an output counter fell");
            last[(point.Labels, point.Start)] = point.Value;
        }

        return Enumerable.Range(0, Routes).Select(route => last.Where(p => p.Key.Item1.EndsWith($"route=/{route}", StringComparison.Ordinal)).Sum(p => p.Value));
    }

    /// <summary>The rules of increments once more, as plainly as they can be said.</summary>
    private sealed class Model
    {
        private readonly long[] value = new long[Customers * Routes];
        private readonly double[] seen = [.. Enumerable.Repeat(double.NegativeInfinity, Customers * Routes)];

        public long[] Increments { get; } = new long[Routes];

        public List<Point> Live((Happening What, int Amount)[] scrape, double at)
        {
            var points = new List<Point>();
            for (var i = 0; i < scrape.Length; i++)
            {
                var (what, amount) = scrape[i];
                if (what == Happening.Vanish)
                    continue;
                if (what == Happening.Late && at - seen[i] <= Remembered)
                {
                    points.Add(new Point(i, seen[i] - 3, amount));
                    continue;
                }

                if (what == Happening.Repeat && at - seen[i] <= Remembered)
                {
                    points.Add(new Point(i, seen[i], value[i]));
                    continue;
                }

                var falls = what == Happening.Reset && amount < value[i];
                var next = falls ? amount : value[i] + amount;
                if (at - seen[i] <= Staleness)
                    Increments[i / Customers] += falls ? next : amount;
                (value[i], seen[i]) = (next, at);
                points.Add(new Point(i, at, next));
                if (what == Happening.RiseAndEnd)
                    points.Add(new Point(i, at + 1, null));
            }

            return points;
        }
    }
}
