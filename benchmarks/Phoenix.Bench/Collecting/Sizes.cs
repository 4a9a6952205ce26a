namespace Phoenix.Bench.Collecting;

/// <summary>What a point costs at 10 thousand, 100 thousand and 1 million series, and what a million takes in memory.</summary>
static class Sizes
{
    public static async Task RunAsync(bool quick, Dictionary<string, double> fields)
    {
        Console.WriteLine("\n   series   processing      ns/point   resident peak MB   allocated B/point   (OTLP in and out)");
        foreach (var (series, name, sweeps) in new[] { (10_000, "10k", quick ? 60 : 200), (100_000, "100k", quick ? 8 : 20), (1_000_000, "1M", quick ? 2 : 4) })
        {
            var start = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1_000_000 - 120_000_000_000;
            var input = new OtlpInput(series, start);
            var cost = await MeasureAsync(input, start, "folded 10:1", Configurations.FoldedLabel, sweeps, folded: true);
            fields[$"nsPerPoint{name}"] = Math.Round(cost.Nanoseconds, 1);
            if (series < 1_000_000) continue;
            fields["allocBytesPerPoint"] = Math.Round(cost.Allocated, 3);
            fields["rssMbAtMillion"] = Math.Round(cost.PeakMb, 1);
            // The same reducer with a label that nothing has, so that every series stays; and no reducer at all.
            fields["rssMbAtMillion1to1"] = Math.Round((await MeasureAsync(input, start, "folded 1:1", "nothing", sweeps, folded: true)).PeakMb, 1);
            fields["rssMbAtMillionPassed"] = Math.Round((await MeasureAsync(input, start, "passed on", null, sweeps, folded: false)).PeakMb, 1);
        }

        fields["costAtMillionOver10k"] = Math.Round(fields["nsPerPoint1M"] / fields["nsPerPoint10k"], 2);
        Console.WriteLine($"a point at a million series costs {fields["costAtMillionOver10k"]:0.00} times one at 10 thousand (2.50 asked); resident {fields["rssMbAtMillion"]:0} MB folded (100 asked), " +
            $"{fields["rssMbAtMillion1to1"]:0} MB 1:1 (200 asked); {fields["allocBytesPerPoint"]:0.000} bytes allocated a point (0.01 asked)");
    }

    static async Task<(double Nanoseconds, double PeakMb, double Allocated)> MeasureAsync(OtlpInput input, ulong start, string name, string? dropped, int sweeps, bool folded)
    {
        await using var lane = await CollectorBench.OtlpLaneAsync(name, dropped);
        var collector = (CollectorSubject)lane.Subject;

        // Two sweeps admit the series and grow the tables: their first values are bases, and go out.
        await Sweep(2, 0, counts: false);
        var before = (await collector.MetricsAsync())["otelcol_process_runtime_total_alloc_bytes"];
        await Sweep(sweeps, 2, counts: true);
        var after = (await collector.MetricsAsync())["otelcol_process_runtime_total_alloc_bytes"];
        var result = (1e9 / lane.PointsPerSecond[0], lane.Subject.ResidentPeakMb, (after - before) / (input.Series * (double)sweeps));
        Console.WriteLine($"{input.Series,9}   {name,-12} {result.Item1,11:0} {result.ResidentPeakMb,18:0.0} {result.Item3,19:0.000}");
        return result;

        Task Sweep(int count, ulong done, bool counts) => lane.RoundAsync(
            senders => CollectorBench.SweepsAsync(senders, input, start, done, count),
            l => l.Sink.Total == (double)input.Series * (done + (ulong)count - (folded ? 1UL : 0UL)), counts: counts);
    }
}
