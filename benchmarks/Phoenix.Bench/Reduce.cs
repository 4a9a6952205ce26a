using System.Diagnostics;
using Phoenix.Telemetry;

namespace Phoenix.Bench;

/// <summary>
/// What one point costs on its way through the reducers: checked and read, decoded with identities, folded 10:1, and metered beside
/// it; one thread, cumulative counters of about 350 bytes with eight attributes, at 10 thousand, 100 thousand and 1 million series.
/// The reference copies the same bytes once. Times and values change between the rounds, outside the measured time.
/// </summary>
static class Reduce
{
    const int PointsPerBatch = 1_000;
    const int Folded = 10;

    public static BenchResult Run(bool quick)
    {
        int[] sizes = [10_000, 100_000, 1_000_000];
        var rounds = quick ? 3 : 7;
        var fields = new Dictionary<string, double>();
        List<double> ours = [], reference = [];
        Console.WriteLine("   series      copy  validate    decode     +fold  +fold 1:1    +meter   (ns a point, medians)   allocated B/point");
        foreach (var size in sizes)
        {
            var input = new Input(size);
            var copy = new byte[input.Batches.Max(b => b.Length)];
            var decoder = new BatchDecoder();
            var fold = Reducer("slot", size);
            var (copied, validated, decoded, reduced, single, metered) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
            long allocated = 0;
            for (var round = 0; round < rounds + 2; round++)
            {
                input.Advance();
                var copyTime = input.Each(batch => batch.CopyTo(copy, 0));
                var validateTime = input.Each(batch => OtlpReader.Validate(batch));
                var decodeTime = input.Each(batch => decoder.Decode(batch));
                var before = GC.GetAllocatedBytesForCurrentThread();
                var foldTime = input.Each(batch => fold.Process(decoder.Decode(batch), input.Now, Nowhere.Sink));
                var allocatedNow = GC.GetAllocatedBytesForCurrentThread() - before;
                fold.Flush(input.Now, Nowhere.Sink);

                // The first round admits every stream, the second one grows the last tables.
                if (round < 2)
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
                for (var round = 0; round < rounds + 2; round++)
                {
                    input.Advance();
                    var singleTime = input.Each(batch => whole.Process(decoder.Decode(batch), input.Now, Nowhere.Sink));
                    var meterTime = input.Each(batch => meter.ObserveInput(decoder.Decode(batch), input.Now));
                    if (round < 2)
                        continue;
                    single.Add(singleTime);
                    metered.Add(meterTime);
                }
            }

            var perPoint = allocated / (double)(size * (long)rounds);
            fields[$"nsValidate{name}"] = Math.Round(Median(validated), 1);
            fields[$"nsDecode{name}"] = Math.Round(Median(decoded), 1);
            fields[$"nsFold{name}"] = Math.Round(Median(reduced), 1);
            if (metered.Count > 0)
                fields[$"nsMeter{name}"] = Math.Round(Median(metered) - Median(decoded), 1);
            fields[$"allocBytesPerPoint{name}"] = Math.Round(perPoint, 4);
            Console.WriteLine(
                $"{size,9} {Median(copied),9:0.0} {Median(validated),9:0.0} {Median(decoded),9:0.0} {Median(reduced),9:0.0} " +
                $"{(single.Count > 0 ? Median(single) : double.NaN),10:0.0} {(metered.Count > 0 ? Median(metered) : double.NaN),9:0.0} {perPoint,42:0.0000}");
        }

        fields["costAtMillionOver10k"] = Math.Round(fields["nsFold1M"] / fields["nsFold10k"], 2);
        fields["bytesPerPoint"] = Math.Round(new Input(PointsPerBatch).Batches[0].Length / (double)PointsPerBatch, 0);
        return new("reduce", "the bare copy of the same bytes", "points/s", ours, reference) { Fields = fields };
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

    static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }

    /// <summary>Batches whose times and values can be moved on in place.</summary>
    sealed class Input
    {
        const ulong Interval = 10_000_000_000;

        readonly (int Time, int Value)[][] places;
        readonly ulong start = 1_700_000_000_000_000_000;
        ulong time = 1_700_000_000_000_000_000;

        public Input(int series)
        {
            Batches = new byte[series / PointsPerBatch][];
            places = new (int, int)[Batches.Length][];
            for (var i = 0; i < Batches.Length; i++)
            {
                Batches[i] = Encode(i);
                places[i] = Places(Batches[i]);
            }
        }

        public byte[][] Batches { get; }

        public long Now => (long)time;

        /// <summary>The next scrape: later, and higher.</summary>
        public void Advance()
        {
            time += Interval;
            for (var i = 0; i < Batches.Length; i++)
            {
                foreach (var (timeAt, valueAt) in places[i])
                {
                    BitConverter.TryWriteBytes(Batches[i].AsSpan(timeAt), time);
                    BitConverter.TryWriteBytes(Batches[i].AsSpan(valueAt), (time - start) / Interval);
                }
            }
        }

        /// <returns>Nanoseconds a point.</returns>
        public double Each(Action<byte[]> take)
        {
            var from = Stopwatch.GetTimestamp();
            foreach (var batch in Batches)
                take(batch);
            return Stopwatch.GetElapsedTime(from).TotalNanoseconds / ((double)Batches.Length * PointsPerBatch);
        }

        byte[] Encode(int number)
        {
            var writer = new OtlpWriter();
            writer.BeginResource();
            writer.ResourceAttribute("service.name", "checkout");
            writer.ResourceAttribute("service.instance.id", "checkout-7d9f8b6c5d-x2x9z");
            writer.BeginScope("bench", "1");
            writer.BeginSum("shop.checkout.requests", "1", "", monotonic: true, Temporality.Cumulative);
            for (var i = 0; i < PointsPerBatch; i++)
            {
                var series = number * PointsPerBatch + i;
                writer.BeginPoint(start - Interval, time);
                writer.Attribute("customer", $"customer-{series / Folded:00000000}");
                writer.Attribute("slot", (series % Folded).ToString("00", System.Globalization.CultureInfo.InvariantCulture));
                writer.Attribute("http.request.method", "POST");
                writer.Attribute("http.route", $"/api/v2/customers/orders/{series / Folded % 37:00}/items");
                writer.Attribute("http.response.status_code", "200");
                writer.Attribute("server.address", "checkout.shop.internal.example");
                writer.Attribute("cloud.availability_zone", "eu-central-1b");
                writer.Attribute("deployment.environment.name", "production");
                writer.EndPoint(1L);
            }

            writer.EndMetric();
            writer.EndScope();
            writer.EndResource();
            return writer.WrittenSpan.ToArray();
        }

        /// <summary>Where time and value of each point lie: the writer puts start and time first and the value last.</summary>
        static (int Time, int Value)[] Places(byte[] batch)
        {
            const int TimeInPoint = 10;
            var found = new List<(int, int)>();
            var reader = new OtlpReader(batch);
            while (reader.NextResource())
            {
                while (reader.NextScope())
                {
                    while (reader.NextMetric())
                    {
                        while (reader.NextPoint())
                        {
                            new ReadOnlySpan<byte>(batch).Overlaps(reader.Point, out var at);
                            found.Add((at + TimeInPoint, at + reader.Point.Length - sizeof(ulong)));
                        }
                    }
                }
            }

            return [.. found];
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
