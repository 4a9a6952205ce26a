using System.Diagnostics;
using MathNet.Numerics.Distributions;
using Phoenix.Domain.Statistics;

namespace Phoenix.Bench.Statistics;

/// <summary>
/// Simulated experiments that are looked at in every window, over a grid of hosts, intra-host correlation and autocorrelation, the required
/// minimum equal to the truth: how often something is promoted that should not be, how often an interval leaves the truth out at any look, and how
/// often five points more than the minimum are found out. Beside it, the t-test on windows, looked at as often.
/// </summary>
static class StatisticsBench
{
    const int Windows = 2048; // a week of five-minute windows

    static readonly int[] HostCounts = [1, 2, 3, 5, 10, 50, 500];
    static readonly double[] IntraHost = [0, 0.5, 0.95];
    static readonly double[] Autocorrelation = [0, 0.9];

    public static BenchResult Run(bool quick)
    {
        var analysisMs = AnalysisMs(quick ? 20 : 100);
        var quantiles = new double[Windows];
        for (var t = 1; t < Windows; t++) quantiles[t] = StudentT.InvCDF(0, 1, t, 0.975);

        Console.WriteLine($"{Windows} windows (a week), looked at in each; per cent of experiments; [upper 99 % bound]; power: minimum 5 (far: 20) points below the truth");
        Console.WriteLine("hosts  intra  auto | experiments | these hosts: false  [bound]  coverage  power  windows  block | fleet: false  [bound]  coverage  power    far | t-test: hosts  fleet");
        List<double> ours = [], reference = [];
        double worstBound = 0, worstCoverage = 100, worstPower = 100, statedPower = 0, fleetPower = 0, fleetFarPower = 0, worstFleetTest = 0;
        var watch = Stopwatch.StartNew();
        foreach (var hosts in HostCounts)
        foreach (var intra in IntraHost)
        foreach (var auto in Autocorrelation)
        {
            var cell = new Cell(hosts, intra, auto);
            var runs = Runs(hosts, quick);
            var experiment = new SimulatedExperiment(cell, Windows, quantiles);
            int hostsFalse = 0, hostsMissed = 0, hostsPower = 0, fleetFalse = 0, fleetMissed = 0, fleetFound = 0, fleetFar = 0, testFalse = 0, fleetTestFalse = 0;
            List<double> windows = [], lengths = [];
            for (var run = 0; run < runs; run++)
            {
                var o = experiment.Run((ulong)HashCode(hosts, intra, auto, run));
                hostsFalse += o.HostsFalse ? 1 : 0;
                hostsMissed += o.HostsMissed ? 1 : 0;
                hostsPower += o.HostsPromoted ? 1 : 0;
                fleetFalse += o.FleetFalse ? 1 : 0;
                fleetMissed += o.FleetMissed ? 1 : 0;
                fleetFound += o.FleetPromoted ? 1 : 0;
                fleetFar += o.FleetPromotedFarAbove ? 1 : 0;
                testFalse += o.TestFalse ? 1 : 0;
                fleetTestFalse += o.FleetTestFalse ? 1 : 0;
                windows.Add(o.HostsPromoted ? o.WindowsToVerdict : double.PositiveInfinity);
                lengths.Add(o.WindowsPerBlock);
            }
            double Pct(int count) => 100.0 * count / runs;
            var (hostsBound, fleetBound) = (UpperBoundPct(hostsFalse, runs), UpperBoundPct(fleetFalse, runs));
            var fleet = hosts >= FleetClaim.MinHosts;
            Console.WriteLine(
                $"{hosts,5} {intra,6:0.00} {auto,5:0.0} | {runs,11} | {Pct(hostsFalse),18:0.00} {$"[{hostsBound:0.00}]",8} {100 - Pct(hostsMissed),9:0.00} {Pct(hostsPower),6:0.0} {BenchResult.Median(windows),8:0} {BenchResult.Median(lengths),6:0} | " +
                (fleet ? $"{Pct(fleetFalse),12:0.00} {$"[{fleetBound:0.00}]",8} {100 - Pct(fleetMissed),9:0.00} {Pct(fleetFound),6:0.0} {Pct(fleetFar),6:0.0}" : $"{"none",12} {"",8} {"",9} {"",6} {"",6}") +
                $" | {Pct(testFalse),13:0.0} {Pct(fleetTestFalse),6:0.0}");
            ours.Add(Math.Max(Pct(hostsFalse), Pct(fleetFalse)));
            reference.Add(Pct(testFalse));
            worstFleetTest = Math.Max(worstFleetTest, Pct(fleetTestFalse));
            worstBound = Math.Max(worstBound, Math.Max(hostsBound, fleetBound));
            worstCoverage = Math.Min(worstCoverage, 100 - Math.Max(Pct(hostsMissed), Pct(fleetMissed)));
            worstPower = Math.Min(worstPower, Pct(hostsPower));
            if (cell == new Cell(50, 0.5, 0)) (statedPower, fleetPower, fleetFarPower) = (Pct(hostsPower), Pct(fleetFound), Pct(fleetFar));
        }
        Console.WriteLine($"{watch.Elapsed.TotalSeconds:0} s; analysis of 10,000 hosts × 2 arms: {analysisMs:0.0} ms of CPU a window");
        return new("statistics", "a t-test on windows, looked at in each", "% false promotions in the worst cell", [ours.Max()], [reference.Max()])
        {
            Fields = new Dictionary<string, double>
            {
                ["falsePromotionPct"] = Math.Round(ours.Max(), 2),
                ["falsePromotionUpper99Pct"] = Math.Round(worstBound, 2),
                ["coveragePct"] = Math.Round(worstCoverage, 2),
                ["power"] = Math.Round(statedPower / 100, 3),
                ["powerWorstCell"] = Math.Round(worstPower / 100, 3),
                ["powerFleet"] = Math.Round(fleetPower / 100, 3),
                ["powerFleetFarAbove"] = Math.Round(fleetFarPower / 100, 3),
                ["tTestFleetFalsePct"] = Math.Round(worstFleetTest, 1),
                ["analysisMs"] = Math.Round(analysisMs, 2),
            },
        };
    }

    static int Runs(int hosts, bool quick) => (hosts, quick) switch
    {
        (500, true) => 100,
        (500, false) => 1000,
        (_, true) => 300,
        _ => 3000,
    };

    /// <summary>Clopper and Pearson's upper bound at 99 %, one-sided.</summary>
    static double UpperBoundPct(int count, int runs) => count == runs ? 100 : 100 * Beta.InvCDF(count + 1, runs - count, 0.99);

    static long HashCode(int hosts, double intra, double auto, int run) =>
        ((hosts * 100L + (long)(intra * 100)) * 10 + (long)(auto * 10)) * 1_000_000 + run;

    /// <summary>CPU of all that a window costs: checking and adding up its hosts, host by host, and both claims, all hosts at a look at a fleet of four times as many.</summary>
    static double AnalysisMs(int rounds)
    {
        const int Hosts = 10_000;
        var random = new FastRandom(5);
        // Of a census nothing is left to bet on.
        var fleet = new FleetHost[4 * Hosts];
        for (var i = 0; i < fleet.Length; i++) fleet[i] = new($"host-{i:D5}", Math.Exp(random.Normal()) * 1000);
        var sample = FleetSample.Draw(fleet, 5);
        var sizes = fleet.ToDictionary(h => h.HostId, h => h.Size);
        var totals = sample.Order.Take(Hosts).ToDictionary(h => h.HostId, _ => default(ArmSums));
        var blocks = TimeBlocks.None;
        var reports = new (string Host, double Baseline, double Candidate)[Hosts];
        var plan = new FleetPlan(Hosts);
        List<double> times = [];
        for (var round = 0; times.Count < rounds; round++)
        {
            for (var i = 0; i < Hosts; i++)
            {
                var host = sample.Order[i].HostId;
                reports[i] = (host, sizes[host], sizes[host] * (0.6 - 0.1 * random.LeftSkewed()));
            }
            var before = Environment.CpuUsage.TotalTime;
            var window = default(ArmSums);
            foreach (var (host, baseline, candidate) in reports)
            {
                window = window.Add(baseline, candidate);
                totals[host] = totals[host].Add(baseline, candidate);
            }
            blocks = blocks.Add(window, HoursOfDay.Of(round % 24));
            var claim = HostsClaim.Of(blocks, Hosts);
            claim.Judge(0.3, TimeSpan.FromMinutes(5));
            var outcomes = new HostOutcome[Hosts];
            for (var i = 0; i < Hosts; i++)
            {
                var (host, total) = (sample.Order[i], totals[sample.Order[i].HostId]);
                outcomes[i] = new(host.HostId, host.Weight, total.Baseline, total.Candidate);
            }
            FleetClaim.Of(plan, sample.FleetSize, outcomes, HostsClaim.Of(blocks, Hosts, plan.Alpha / 2)).Judge(0.3, TimeSpan.FromMinutes(5));
            // Before there are twenty blocks nothing is bet, which would flatter.
            if (claim.Interval is not null) times.Add((Environment.CpuUsage.TotalTime - before).TotalMilliseconds);
        }
        return BenchResult.Median(times);
    }
}
