namespace Phoenix.Bench.Collecting;

/// <summary>What an experiment costs production: its throughput with a candidate that hears everything, beside its own without.</summary>
static class Arms
{
    const int Series = 100_000;

    public static async Task RunAsync(bool quick, Dictionary<string, double> fields)
    {
        var (rounds, sweeps) = quick ? (3, 4) : (7, 10);
        var start = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1_000_000 - 120_000_000_000;
        var input = new OtlpInput(Series, start);
        await using var alone = await CollectorBench.OtlpLaneAsync("alone", Configurations.FoldedLabel);
        await using var observed = await CollectorBench.OtlpLaneAsync("with a candidate", Configurations.FoldedLabel);
        var production = (CollectorSubject)observed.Subject;
        await using var candidate = production.StartCandidate(Configurations.Otlp(observed.Sink.Address, Configurations.FoldedLabel), Cores.Second);
        await candidate.RunningAsync();
        await production.WaitAsync("the candidate", async () => (await production.MetricsAsync())["phoenix_collector_tee_subscribers"] == 1 ? production : null);
        var sweep = 0UL;
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var lane in round % 2 == 0 ? new[] { alone, observed } : [observed, alone])
                await lane.RoundAsync(senders => CollectorBench.SweepsAsync(senders, input, start, sweep, sweeps), l => l.Sink.Total == (double)Series * (sweep + (ulong)sweeps - 1), counts: round > 0);
            sweep += (ulong)sweeps;
        }

        var heard = (await candidate.MetricsAsync())["otelcol_processor_incoming_items"];
        var (without, with) = (BenchResult.Median(alone.PointsPerSecond), BenchResult.Median(observed.PointsPerSecond));
        fields["teeCostPct"] = Math.Round(100 * (1 - with / without), 1);
        fields["teeHeardPct"] = Math.Round(100 * heard / observed.PointsSent, 1);
        Console.WriteLine($"\nProduction alone {without:0} points/s, with a candidate on another core {with:0}: the tee costs {fields["teeCostPct"]:0.0} % (15 asked). " +
            $"The candidate heard {fields["teeHeardPct"]:0.0} % of the points; it shares its core with senders and sink, and what it cannot follow is dropped for it alone.");
    }
}
