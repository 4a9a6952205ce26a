using Phoenix.Domain.Experiments;
using Phoenix.Domain.Statistics;

namespace Phoenix.Bench.Statistics;

/// <param name="IntraHost">Share of a window's variance that belongs to its host for good.</param>
/// <param name="Autocorrelation">Of successive windows (first-order autoregressive).</param>
readonly record struct Cell(int Hosts, double IntraHost, double Autocorrelation);

/// <summary>What was claimed wrongly at any window, and whether a reduction above the minimum was promoted by the end.</summary>
struct Outcome
{
    /// <summary>The lower bound was above the truth: with a minimum equal to the truth this promotes.</summary>
    public bool HostsFalse, FleetFalse, TestFalse, FleetTestFalse;

    /// <summary>The interval left the truth out on either side.</summary>
    public bool HostsMissed, FleetMissed;

    /// <summary>Promoted with the minimum five points below the truth.</summary>
    public bool HostsPromoted, FleetPromoted;

    /// <summary>Promoted with the minimum twenty points below the truth.</summary>
    public bool FleetPromotedFarAbove;

    public int WindowsToVerdict, WindowsPerBlock;
}

/// <summary>
/// One experiment with all that spoils simple methods: hosts of very unequal size drawn from a fleet, effects and noise skewed to the left,
/// a part of the noise common to all hosts, a daily cycle in load and effect, and a moment at which half of the hosts send three times as
/// much and the effect moves.
/// </summary>
sealed class SimulatedExperiment(Cell cell, int windows, double[] tQuantiles)
{
    const int Day = 288; // windows of five minutes
    const double Effect = 0.4, Spread = 0.1, Common = 0.3, Cycle = 0.01, Shift = 0.02, Above = 0.05, FarAbove = 0.2;

    readonly int fleetSize = Math.Max(40, 4 * cell.Hosts);

    public Outcome Run(ulong seed)
    {
        var random = new FastRandom(seed);
        var (sizes, effects) = (new double[fleetSize], new double[fleetSize]);
        var hostDeviation = Spread * Math.Sqrt(cell.IntraHost);
        for (var i = 0; i < fleetSize; i++)
        {
            sizes[i] = Math.Exp(random.Normal());
            effects[i] = Math.Max(0.05, Effect + hostDeviation * random.LeftSkewed());
        }
        var sample = FleetSample.Draw([.. sizes.Select((size, i) => new FleetHost(i.ToString("D5"), size))], (int)(seed & 0x7FFFFFFF));
        // The truth of the fleet, apart from time, and the weight of the hosts that the shift of load meets.
        double fleetEffect = 0, heavierWeight = 0;
        foreach (var host in sample.Order)
        {
            var index = int.Parse(host.HostId);
            fleetEffect += host.Weight * effects[index];
            if (index % 2 == 0) heavierWeight += host.Weight;
        }
        var n = cell.Hosts;
        var drawn = new int[n];
        for (var i = 0; i < n; i++) drawn[i] = int.Parse(sample.Order[i].HostId);
        return Measure(ref random, n, sample, fleetEffect, heavierWeight,
            [.. drawn.Select(i => sizes[i])], [.. drawn.Select(i => effects[i])], [.. drawn.Select(i => i % 2 == 0)]);
    }

    Outcome Measure(ref FastRandom random, int n, FleetSample sample, double fleetEffect, double heavierWeight, double[] sizes, double[] effects, bool[] heavier)
    {
        var outcome = new Outcome();
        var (phi, innovation) = (cell.Autocorrelation, Math.Sqrt(1 - cell.Autocorrelation * cell.Autocorrelation));
        var windowDeviation = Spread * Math.Sqrt(1 - cell.IntraHost);
        var (commonDeviation, ownDeviation) = (windowDeviation * Math.Sqrt(Common), windowDeviation * Math.Sqrt(1 - Common));
        var shared = 0.0;
        var own = new double[n];
        if (phi > 0)
        {
            for (var t = 0; t < 50; t++)
            {
                shared = phi * shared + innovation * random.LeftSkewed();
                for (var i = 0; i < n; i++) own[i] = phi * own[i] + innovation * random.LeftSkewed();
            }
        }
        var (startHour, cyclePhase) = ((int)(random.Uniform() * 23.999), random.Uniform() * 2 * Math.PI);
        var shiftAt = (int)(random.Uniform() * windows);
        var shift = random.Uniform() < 0.5 ? -Shift : Shift;
        var looks = n >= FleetClaim.MinHosts ? FleetClaim.Looks(n).ToArray() : [];
        var (nextLook, lookAt) = (0, 0);
        var fleetPlan = new FleetPlan(n);
        var (baselines, candidates) = (new double[n], new double[n]);

        var (blocks, truth) = (TimeBlocks.None, BlockLevel.Empty);
        // Welford, for the t-tests: windows as units, and windows of hosts as units.
        double mean = 0, squares = 0, structural = 0, unitMean = 0, unitSquares = 0;
        long units = 0;
        // Structure over time of a host that the shift meets and of one that it does not.
        double heavierLoad = 0, heavierSum = 0, load = 0, sum = 0, unitTime = 0;

        for (var t = 0; t < windows; t++)
        {
            var shifted = t >= shiftAt;
            var angle = 2 * Math.PI * t / Day + cyclePhase;
            var daily = 1 + 0.5 * Math.Sin(angle + 1);
            var time = Cycle * Math.Sin(angle) + (shifted ? shift : 0);
            var much = shifted ? 3 * daily : daily;
            shared = phi * shared + innovation * random.LeftSkewed();
            var common = time + commonDeviation * shared;
            double windowBaseline = 0, windowCandidate = 0, windowStructure = 0;
            for (var i = 0; i < n; i++)
            {
                own[i] = phi * own[i] + innovation * random.LeftSkewed();
                var baseline = sizes[i] * (heavier[i] ? much : daily);
                var reduction = Math.Min(1, effects[i] + common + ownDeviation * own[i]);
                var candidate = baseline * (1 - reduction);
                baselines[i] += baseline;
                candidates[i] += candidate;
                windowBaseline += baseline;
                windowCandidate += candidate;
                windowStructure += baseline * (1 - effects[i] - time);
                var d = reduction - unitMean;
                unitMean += d / ++units;
                unitSquares += d * (reduction - unitMean);
            }
            heavierLoad += much;
            heavierSum += much * time;
            load += daily;
            sum += daily * time;
            unitTime += (time - unitTime) / (t + 1);

            blocks = blocks.Add(new(windowBaseline, windowCandidate), HoursOfDay.Of((startHour + t / 12) % 24));
            truth = truth.Add(new(windowBaseline, windowStructure));

            var value = 1 - windowCandidate / windowBaseline;
            var delta = value - mean;
            mean += delta / (t + 1);
            squares += delta * (value - mean);
            structural += (1 - windowStructure / windowBaseline - structural) / (t + 1);
            if (t + 1 >= AsymptoticConfidenceSequence.MinCount)
            {
                var error = tQuantiles[t] * Math.Sqrt(squares / t / (t + 1));
                outcome.TestFalse |= mean - error > structural;
                var unitError = 1.96 * Math.Sqrt(unitSquares / (units - 1) / units);
                outcome.FleetTestFalse |= unitMean - unitError > fleetEffect + unitTime;
            }

            if ((t + 1) % blocks.WindowsPerBlock != 0 || blocks.Count < AsymptoticConfidenceSequence.MinCount) continue;
            var claim = HostsClaim.Of(blocks, n);
            var (interval, level) = (claim.Interval!.Value, truth);
            for (var i = 0; i < blocks.Level; i++) level = level.Coarser!;
            outcome.HostsFalse |= interval.Lower > level.Mean;
            outcome.HostsMissed |= !interval.Contains(level.Mean);
            if (!outcome.HostsPromoted && interval.Lower >= level.Mean - Above) (outcome.HostsPromoted, outcome.WindowsToVerdict) = (true, t + 1);
            outcome.WindowsPerBlock = (int)blocks.WindowsPerBlock;

            // Waves: each look comes later than the one before, the last near the end.
            if (nextLook >= looks.Length || t < lookAt) continue;
            var hosts = new HostOutcome[looks[nextLook]];
            for (var i = 0; i < hosts.Length; i++) hosts[i] = new(sample.Order[i].HostId, sample.Order[i].Weight, baselines[i], candidates[i]);
            var fleet = FleetClaim.Of(fleetPlan, sample.FleetSize, hosts, HostsClaim.Of(blocks, n, fleetPlan.Alpha / 2));
            var fleetTruth = fleetEffect + heavierWeight * heavierSum / heavierLoad + (1 - heavierWeight) * sum / load;
            bool Promotes(double minimum) => fleet.Judge(minimum, TimeSpan.FromMinutes(5)).Outcome == VerdictOutcome.Promote;
            outcome.FleetFalse |= Promotes(fleetTruth);
            outcome.FleetMissed |= !fleet.Interval!.Value.Contains(fleetTruth);
            outcome.FleetPromoted |= Promotes(fleetTruth - Above);
            outcome.FleetPromotedFarAbove |= Promotes(fleetTruth - FarAbove);
            nextLook++;
            lookAt = t + Math.Max(1, (windows - 1 - t) / Math.Max(1, looks.Length - nextLook + 1));
        }
        return outcome;
    }
}
