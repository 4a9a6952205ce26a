using System.Diagnostics;

namespace Phoenix.Bench.Collecting;

/// <summary>
/// A million live series for minutes, of which some vanish, new ones come, and counters begin again at each interval. Nothing may be
/// lost or refused, the ledger has to show no error, and memory has to stay near what the live series take.
/// </summary>
static class Soak
{
    const int Series = 1_000_000;
    const int Blocks = Series / OtlpInput.PointsPerBatch;
    const int RenewedEachInterval = 4, ResetEachInterval = 10;

    // A fifth of the series is renewed in ten minutes, and what went is remembered for as long.
    const double GreatestGrowth = 1.35;

    static readonly TimeSpan interval = TimeSpan.FromSeconds(10);

    public static async Task<BenchResult> Run(bool quick)
    {
        Cores.RequireApart();
        var length = quick ? TimeSpan.FromMinutes(1) : TimeSpan.FromMinutes(10);
        var start = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1_000_000;
        var input = new OtlpInput(Series, start - 1_000_000_000);
        var (values, known) = (new ulong[Blocks], new bool[Blocks]);
        await using var lane = await CollectorBench.OtlpLaneAsync("soak", Configurations.FoldedLabel);
        var collector = (CollectorSubject)lane.Subject;
        Console.WriteLine("   seconds   resident MB   series ever      increments   turned away");
        double increments = 0, settled = 0;
        var (ever, clock) = (Series, Stopwatch.StartNew());
        for (var round = 0; round < 3 || clock.Elapsed < length; round++)
        {
            for (var i = 0; i < RenewedEachInterval && round > 1; i++, ever += OtlpInput.PointsPerBatch)
            {
                var block = (round * RenewedEachInterval + i) % Blocks;
                input.Renew(block, ever / OtlpInput.PointsPerBatch);
                (values[block], known[block]) = (0, false);
            }

            for (var i = 0; i < ResetEachInterval && round > 1; i++) values[(Blocks / 2 + round * ResetEachInterval + i) % Blocks] = 0;
            for (var block = 0; block < Blocks; block++)
            {
                // One more, or one again after a reset: a first value adds nothing.
                increments += known[block] ? OtlpInput.PointsPerBatch : 0;
                (values[block], known[block]) = (values[block] + 1, true);
            }

            // Values that fall to 1 from 1 would be no reset: the third round is the first that resets.
            var time = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1_000_000;
            await lane.RoundAsync(async senders =>
            {
                await senders.SendAsync(Blocks, block =>
                {
                    input.Move(block, time, values[block]);
                    return input.Batches[block];
                });
                return Series;
            }, l => l.Sink.Total == increments, counts: false);
            if (round == 1) settled = collector.ResidentMb;
            Console.WriteLine($"{clock.Elapsed.TotalSeconds,10:0} {collector.ResidentMb,13:0.0} {ever,13} {increments,15:0} {lane.TurnedAway,13}");
            var next = (round + 1) * interval - clock.Elapsed;
            if (next > TimeSpan.Zero) await Task.Delay(next);
        }

        await RequireAsync(lane, collector, settled);
        return new("soak", "resident memory once all series were known", "MB", [collector.ResidentMb], [settled])
        {
            Fields = new Dictionary<string, double> { ["seconds"] = Math.Round(clock.Elapsed.TotalSeconds), ["points"] = lane.PointsSent, ["increments"] = increments, ["seriesEver"] = ever, ["peakMb"] = Math.Round(collector.ResidentPeakMb, 1) },
        };
    }

    static async Task RequireAsync(Lane lane, CollectorSubject collector, double settled)
    {
        // A window that closes now has seen the last round.
        var windows = await collector.MetricsAsync();
        await collector.WaitAsync("a window after the last round", async () =>
            (await collector.MetricsAsync())["phoenix_collector_window_input_points"] != windows["phoenix_collector_window_input_points"] ? collector : null);
        var metrics = await collector.MetricsAsync();
        Require(metrics["phoenix_collector_ledger_error_percent"] == 0, $"the ledger's error is {metrics["phoenix_collector_ledger_error_percent"]} %");
        Require(metrics.Lost == 0, $"{metrics.Lost} points were lost");
        var refused = metrics["otelcol_receiver_refused_metric_points"];
        Require(refused == lane.TurnedAway * OtlpInput.PointsPerBatch, $"{refused} points were refused, of which only {lane.TurnedAway * OtlpInput.PointsPerBatch} because the queue was full");
        Require(collector.ResidentMb <= GreatestGrowth * settled, $"memory grew from {settled:0} to {collector.ResidentMb:0} MB, more than {GreatestGrowth} times");
        Console.WriteLine($"Nothing was lost, the ledger shows no error, and memory grew from {settled:0} to {collector.ResidentMb:0} MB.");
    }

    static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidOperationException($"the soak failed: {otherwise}");
    }
}
