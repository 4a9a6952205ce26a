using System.Diagnostics;
using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;
using Phoenix.Telemetry;

namespace Phoenix.Bench;

/// <summary>
/// Distinct counting: the error of <see cref="UltraLogLog"/> over many independent runs beside its theory, and the time of an
/// update beside an exact <see cref="HashSet{T}"/> and a HyperLogLog with as many registers. Heavy hitters: the worst
/// understatement beside the guarantee, and the time of an update beside an exact dictionary.
/// </summary>
static class Sketches
{
    const int Precision = 12;

    public static BenchResult Run(bool quick)
    {
        var (runs, rounds, identities) = quick ? (400, 5, 1_000_000) : (4_000, 9, 1_000_000);
        var worst = Errors(runs);
        var items = new UInt128[identities];
        for (var i = 0; i < items.Length; i++) items[i] = Item(99, i / 2); // each comes twice
        new Random(7).Shuffle(items);

        var sketch = new UltraLogLog(Precision);
        var hyper = new HyperLogLog(Precision);
        List<double> ours = [], exact = [], hyperLogLog = [];
        Console.WriteLine("\nround   UltraLogLog   HyperLogLog   HashSet    (ns an update, 1,000,000 updates, each identity twice)");
        for (var round = 0; round <= rounds; round++)
        {
            sketch.Clear();
            hyper.Clear();
            var set = new HashSet<UInt128>();
            var u = Nanoseconds(items, item => sketch.Add(item));
            var h = Nanoseconds(items, item => hyper.Add(item));
            var s = Nanoseconds(items, item => set.Add(item));
            if (round == 0) continue; // warms up all
            ours.Add(u);
            hyperLogLog.Add(h);
            exact.Add(s);
            Console.WriteLine($"{round,5} {u,13:0.0} {h,13:0.0} {s,9:0.0}");
        }
        var (hittersError, hittersNanoseconds, dictionaryNanoseconds) = HeavyHitterCost(identities);
        return new("sketch", "an exact HashSet<UInt128>", "ns/update", ours, exact)
        {
            Fields = new Dictionary<string, double>
            {
                ["errorOverTheory"] = Math.Round(worst, 3),
                ["nsPerUpdate"] = Math.Round(BenchResult.Median(ours), 2),
                ["vsHyperLogLog"] = Math.Round(BenchResult.Median(ours) / BenchResult.Median(hyperLogLog), 2),
                ["bytes"] = sketch.GreatestLength,
                ["hittersErrorOverGuarantee"] = Math.Round(hittersError, 3),
                ["hittersNsPerUpdate"] = Math.Round(hittersNanoseconds, 1),
                ["hittersVsDictionary"] = Math.Round(hittersNanoseconds / dictionaryNanoseconds, 2),
            },
        };
    }

    static double Errors(int runs)
    {
        var theory = UltraLogLog.StandardErrorOf(Precision);
        var hyperTheory = 1.039 / Math.Sqrt(1 << Precision);
        Console.WriteLine($"Root mean square error over {runs} runs, p = {Precision}: theory {100 * theory:0.000} %, HyperLogLog {100 * hyperTheory:0.000} %");
        Console.WriteLine("  distinct   UltraLogLog   of theory        bias   HyperLogLog");
        double worst = 0;
        foreach (var distinct in (int[])[100, 1_000, 10_000, 100_000, 1_000_000])
        {
            // A million takes ten times as long as a hundred thousand and tells the same.
            var count = distinct == 1_000_000 ? runs / 4 : runs;
            double squares = 0, sum = 0, hyperSquares = 0;
            var gate = new Lock();
            Parallel.For(0, count, run =>
            {
                var sketch = new UltraLogLog(Precision);
                var hyper = new HyperLogLog(Precision);
                for (var i = 0; i < distinct; i++)
                {
                    var item = Item(run, i);
                    sketch.Add(item);
                    hyper.Add(item);
                }
                var error = sketch.Estimate() / distinct - 1;
                var hyperError = hyper.Estimate() / distinct - 1;
                lock (gate) (squares, sum, hyperSquares) = (squares + error * error, sum + error, hyperSquares + hyperError * hyperError);
            });
            var rms = Math.Sqrt(squares / count);
            worst = Math.Max(worst, rms / theory);
            Console.WriteLine($"{distinct,10} {100 * rms,11:0.000} % {rms / theory,11:0.000} {100 * sum / count,9:0.000} % {100 * Math.Sqrt(hyperSquares / count),11:0.000} %");
        }
        return worst;
    }

    static (double ErrorOverGuarantee, double Nanoseconds, double Dictionary) HeavyHitterCost(int updates)
    {
        // Zipf-like over a million possible items.
        var random = new Random(11);
        var stream = new (UInt128 Item, long Weight)[updates];
        for (var i = 0; i < updates; i++) stream[i] = (Item(5, (int)Math.Pow(1e6, random.NextDouble())), random.Next(1, 100));
        var sketch = new HeavyHitters(1_000);
        var watch = Stopwatch.StartNew();
        foreach (var (item, weight) in stream) sketch.Add(item, weight);
        var ours = watch.Elapsed.TotalNanoseconds / updates;
        var weights = new Dictionary<UInt128, long>();
        watch.Restart();
        foreach (var (item, weight) in stream) CollectionsMarshal.GetValueRefOrAddDefault(weights, item, out _) += weight;
        var exact = watch.Elapsed.TotalNanoseconds / updates;
        var error = weights.Max(w => w.Value - sketch.LeastWeight(w.Key)) / ((double)sketch.TotalWeight / sketch.K);
        Console.WriteLine($"\nHeavy hitters, k = {sketch.K}, {weights.Count} distinct: worst understatement {error:0.000} of total/k; {ours:0.0} ns an update, exact dictionary {exact:0.0}");
        return (error, ours, exact);
    }

    static double Nanoseconds(UInt128[] items, Action<UInt128> add)
    {
        var watch = Stopwatch.StartNew();
        foreach (var item in items) add(item);
        return watch.Elapsed.TotalNanoseconds / items.Length;
    }

    static UInt128 Item(int run, int number)
    {
        Span<int> words = [run, number];
        return XxHash128.HashToUInt128(MemoryMarshal.AsBytes(words));
    }

    /// <summary>Flajolet et al. 2007, with linear counting for few; a byte a register, where six bits would do.</summary>
    sealed class HyperLogLog(int precision)
    {
        readonly byte[] registers = new byte[1 << precision];

        public void Clear() => registers.AsSpan().Clear();

        public void Add(UInt128 identity)
        {
            var hash = (ulong)identity;
            var value = (byte)Math.Min(BitOperations.LeadingZeroCount(hash << precision) + 1, 65 - precision);
            ref var register = ref registers[hash >> (64 - precision)];
            if (value > register) register = value;
        }

        public double Estimate()
        {
            double sum = 0, m = registers.Length;
            foreach (var register in registers) sum += Math.ScaleB(1, -register);
            var raw = 0.7213 / (1 + 1.079 / m) * m * m / sum;
            var empty = registers.AsSpan().Count((byte)0);
            return raw <= 2.5 * m && empty > 0 ? m * Math.Log(m / empty) : raw;
        }
    }
}
