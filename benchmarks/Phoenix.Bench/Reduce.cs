using System.Diagnostics;
using Phoenix.Bench.Collecting;
using Phoenix.Telemetry;

namespace Phoenix.Bench;

/// <summary>
/// What one point costs on its way through the reducers: checked and read, decoded with identities, folded 10:1, and metered beside
/// it; one thread, cumulative counters of about 350 bytes with eight attributes, at 10 thousand, 100 thousand and 1 million series.
/// The reference copies the same bytes once. Times and values change between the rounds, outside the measured time.
/// </summary>
static class Reduce
{
    public static BenchResult Run(bool quick)
    {
        int[] sizes = [10_000, 100_000, 1_000_000];
        var fields = new Dictionary<string, double>();
        List<double> ours = [], reference = [];
        Console.WriteLine("   series      copy  validate    decode     +fold  +fold 1:1    +meter   (ns a point, medians)   allocated B/point");
        foreach (var size in sizes)
        {
            // Small sizes take more rounds, until the compiler has nothing left to improve.
            var rounds = (quick ? 3 : 7) * (size == 10_000 ? 20 : size == 100_000 ? 5 : 1);
            var warmUp = 2 * rounds / (quick ? 3 : 7);
            var input = new Input(size);
            var copy = new byte[input.Batches.Max(b => b.Length)];
            var decoder = new BatchDecoder();
            var fold = Reducer("slot", size);
            var (copied, validated, decoded, reduced, single, metered) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
            long allocated = 0;
            for (var round = 0; round < rounds + warmUp; round++)
            {
                input.Advance();
                var copyTime = input.Each(batch => batch.CopyTo(copy, 0));
                var validateTime = input.Each(batch => OtlpReader.Validate(batch));
                var decodeTime = input.Each(batch => decoder.Decode(batch));
                var before = GC.GetAllocatedBytesForCurrentThread();
                var foldTime = input.Each(batch => fold.Process(decoder.Decode(batch), input.Now, Nowhere.Sink));
                var allocatedNow = GC.GetAllocatedBytesForCurrentThread() - before;
                fold.Flush(input.Now, Nowhere.Sink);

                // The first rounds admit every stream and grow the last tables.
                if (round < warmUp)
                    continue;
                allocated += allocatedNow;
                copied.Add(copyTime);
                validated.Add(validateTime);
                decoded.Add(decodeTime);
                reduced.Add(foldTime);
                if (size != sizes[^1])
                    continue;
                ours.Add(1e9 / foldTime);
                reference.Add(1e9 / copyTime);
            }

            var name = size switch { 10_000 => "10k", 100_000 => "100k", _ => "1M" };
            if (size == sizes[^1])
            {
                fields["rssMbAtMillion"] = Math.Round(ResidentAfter("slot", size, input), 1);
                fields["rssMbAtMillion1to1"] = Math.Round(ResidentAfter("nothing", size, input), 1);
            }

            if (size <= 100_000)
            {
                var whole = Reducer("nothing", size);
                var meter = new ArmMeter(new ArmMeterOptions { Folds = fold.Folds, Processors = [fold] });
                for (var round = 0; round < rounds + warmUp; round++)
                {
                    input.Advance();
                    var singleTime = input.Each(batch => whole.Process(decoder.Decode(batch), input.Now, Nowhere.Sink));
                    var meterTime = input.Each(batch => meter.ObserveInput(decoder.Decode(batch), input.Now));
                    if (round < warmUp)
                        continue;
                    single.Add(singleTime);
                    metered.Add(meterTime);
                }
            }

            var perPoint = allocated / (double)(size * (long)rounds);
            fields[$"nsValidate{name}"] = Math.Round(BenchResult.Median(validated), 1);
            fields[$"nsDecode{name}"] = Math.Round(BenchResult.Median(decoded), 1);
            fields[$"nsFold{name}"] = Math.Round(BenchResult.Median(reduced), 1);
            if (metered.Count > 0)
                fields[$"nsMeter{name}"] = Math.Round(BenchResult.Median(metered) - BenchResult.Median(decoded), 1);
            fields[$"allocBytesPerPoint{name}"] = Math.Round(perPoint, 4);
            Console.WriteLine(
                $"{size,9} {BenchResult.Median(copied),9:0.0} {BenchResult.Median(validated),9:0.0} {BenchResult.Median(decoded),9:0.0} {BenchResult.Median(reduced),9:0.0} " +
                $"{(single.Count > 0 ? BenchResult.Median(single) : double.NaN),10:0.0} {(metered.Count > 0 ? BenchResult.Median(metered) : double.NaN),9:0.0} {perPoint,42:0.0000}");
        }

        fields["costAtMillionOver10k"] = Math.Round(fields["nsFold1M"] / fields["nsFold10k"], 2);
        fields["bytesPerPoint"] = Math.Round(new Input(OtlpInput.PointsPerBatch).Batches[0].Length / (double)OtlpInput.PointsPerBatch, 0);
        return new("reduce", "the bare copy of the same bytes", "points/s", ours, reference) { Fields = fields };
    }

    /// <summary>Nanoseconds of processor time a point for decode and fold 10:1 alone, without meters: what a collector cannot go below.</summary>
    public static double DecodeAndFold(int series)
    {
        const int WarmUp = 8, Rounds = 9;
        var input = new Input(series);
        var decoder = new BatchDecoder();
        var fold = Reducer("slot", series);
        var times = new List<double>();
        for (var round = 0; round < WarmUp + Rounds; round++)
        {
            input.Advance();
            var time = input.Each(batch => fold.Process(decoder.Decode(batch), input.Now, Nowhere.Sink));
            fold.Flush(input.Now, Nowhere.Sink);
            if (round >= WarmUp)
                times.Add(time);
        }

        return BenchResult.Median(times);
    }

    static AggregateReducer Reducer(string dropped, int series) => new(new AggregateOptions
    {
        Name = "phoenix_aggregate", MaxStreams = 2 * series, HostId = "bench",
        Rules = [new AggregateRule { Metrics = new MetricSelector(["shop.*"]), Drop = [dropped] }],
    });

    /// <summary>What a reducer with all streams admitted adds to the resident set, in MB.</summary>
    static double ResidentAfter(string dropped, int series, Input input)
    {
        var before = Resident();
        var reducer = Reducer(dropped, series);
        var decoder = new BatchDecoder();
        for (var round = 0; round < 2; round++)
        {
            input.Advance();
            input.Each(batch => reducer.Process(decoder.Decode(batch), input.Now, Nowhere.Sink));
            reducer.Flush(input.Now, Nowhere.Sink);
        }

        var after = Resident();
        GC.KeepAlive(reducer);
        return (after - before) / 1e6;
    }

    static long Resident()
    {
        for (var i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    /// <summary>Scrapes of the same series, one after the other.</summary>
    sealed class Input(int series)
    {
        const ulong Interval = 10_000_000_000;
        const ulong Start = 1_700_000_000_000_000_000;

        readonly OtlpInput input = new(series, Start - Interval);
        ulong scrape;

        public byte[][] Batches => input.Batches;

        public long Now => (long)(Start + scrape * Interval);

        /// <summary>The next scrape: later, and higher.</summary>
        public void Advance()
        {
            scrape++;
            for (var i = 0; i < Batches.Length; i++) input.Move(i, (ulong)Now, scrape);
        }

        /// <returns>
        /// Nanoseconds of processor time a point: one thread works, and what other processes take from it is not counted.
        /// </returns>
        public double Each(Action<byte[]> take)
        {
            var from = Environment.CpuUsage.TotalTime;
            foreach (var batch in Batches)
                take(batch);
            return (Environment.CpuUsage.TotalTime - from).TotalNanoseconds / ((double)Batches.Length * OtlpInput.PointsPerBatch);
        }
    }

    sealed class Nowhere : IBatchSink
    {
        public static readonly Nowhere Sink = new();

        public void Write(ReadOnlySpan<byte> batch)
        {
        }
    }
}
