namespace Phoenix.Domain.Statistics;

/// <summary>What is known or assumed before an experiment starts, to ask how long it will take.</summary>
/// <param name="WindowDeviation">Standard deviation of the reduction of one window over all hosts, as a share; see <see cref="Pooled"/> and <see cref="FromPilot"/>.</param>
/// <param name="AutocorrelationTime">In windows: 1 where they are independent, (1 + φ) ÷ (1 − φ) for a first-order correlation φ.</param>
/// <param name="Minimum">Required reduction, as a share.</param>
/// <param name="Expected">Reduction that is expected, as a share.</param>
/// <param name="Duration">Planned measuring time, without the warm-up.</param>
/// <param name="Deadline">Where the first look is at the end of the duration and a verdict that is open then goes on: until when. Null where every look within the duration counts.</param>
public sealed record PowerQuestion(
    TimeSpan Window, double WindowDeviation, double AutocorrelationTime, double Minimum, double Expected, TimeSpan Duration, double Alpha = HostsClaim.DefaultAlpha,
    TimeSpan? Deadline = null)
{
    /// <summary>What windows that were measured say of deviation and autocorrelation, of a warm-up for instance; as assumed before where they are too few to tell.</summary>
    public PowerQuestion FromPilot(TimeBlocks pilot) => pilot.Finest.Count < AsymptoticConfidenceSequence.MinCount
        ? this
        : this with { WindowDeviation = Math.Sqrt(pilot.Finest.Variance), AutocorrelationTime = pilot.AutocorrelationTime };

    /// <summary>Standard deviation of the hosts' weighted mean.</summary>
    /// <param name="hostDeviation">Of the reduction of one host in one window.</param>
    /// <param name="sharedVariance">Share of its variance that all hosts have in common, 0 to 1: no number of hosts takes it away.</param>
    /// <param name="sizes">What each host sends: the heavy ones count for more, so that many hosts may be worth few.</param>
    public static double Pooled(double hostDeviation, double sharedVariance, IReadOnlyCollection<double> sizes)
    {
        if (!(double.IsFinite(hostDeviation) && hostDeviation >= 0)) throw new ArgumentOutOfRangeException(nameof(hostDeviation), hostDeviation, "A deviation is a finite share of 0 or more.");
        if (sharedVariance is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(sharedVariance), sharedVariance, "A share is 0 to 1.");
        if (sizes.Any(s => !(double.IsFinite(s) && s >= 0)) || !sizes.Any(s => s > 0)) throw new ArgumentException("Sizes are finite, and one of them is above 0.", nameof(sizes));
        var largest = sizes.Max();
        var sum = sizes.Sum(s => s / largest);
        var own = sizes.Sum(s => s / largest / sum * (s / largest / sum));
        return hostDeviation * Math.Sqrt(sharedVariance + (1 - sharedVariance) * own);
    }

    /// <summary>Why the question cannot be answered; null where it can.</summary>
    public Rejection? Refusal() =>
        Window <= TimeSpan.Zero ? Invalid("window", "A window lasts longer than nothing.")
        : Duration < Window ? Invalid("duration", "A duration is at least one window.")
        : Deadline < Duration ? Invalid("deadline", "A deadline is not before the end of the duration.")
        : !(double.IsFinite(WindowDeviation) && WindowDeviation is >= 0 and <= 10) ? Invalid("windowDeviation", "A standard deviation is a share of 0 to 10.")
        : AutocorrelationTime is not (>= 1 and <= 1e6) ? Invalid("autocorrelationTime", "An autocorrelation time is 1 to 1,000,000 windows.")
        : !(double.IsFinite(Minimum) && Minimum <= 1) ? Invalid("minimum", "A required reduction is a share of at most 1.")
        : !(double.IsFinite(Expected) && Expected <= 1) ? Invalid("expected", "An expected reduction is a share of at most 1.")
        : Alpha is not (> 0 and < 1) ? Invalid("alpha", "An error probability lies between 0 and 1.")
        : null;

    static Rejection Invalid(string field, string detail) => Rejection.Invalid("power-question-invalid", field, detail);
}

/// <summary>How long an experiment on these hosts will take until a verdict, and how probable the right one is within the plan.</summary>
/// <param name="WindowsPerBlock">Length of a block that the autocorrelation asks for.</param>
/// <param name="PlannedBlocks">Blocks within the planned duration.</param>
/// <param name="Earliest">Time of the least number of blocks, before which there is no verdict.</param>
/// <param name="ExpectedBlocks">Blocks until a verdict, the median; null where the effect expected is too near the minimum for any time to tell.</param>
/// <param name="ExpectedDuration">The same as measuring time; null also beyond a hundred years.</param>
/// <param name="Power">Probability of the right verdict within the plan: promote where more than the minimum is expected, reject where less.</param>
public sealed record PowerAnswer(
    long WindowsPerBlock, double BlockDeviation, long PlannedBlocks, TimeSpan Earliest, long? ExpectedBlocks, TimeSpan? ExpectedDuration, double Power);

/// <summary>Answers from simulated experiments that go through the very intervals of the claims. The seed is fixed: a question has one answer.</summary>
public static class PowerAnalysis
{
    /// <summary>The standard error of a power is at most two and a half points.</summary>
    const int Runs = 400;

    /// <summary>Blocks simulated at most; a longer plan has at least the power of this many.</summary>
    const long MaxBlocks = 2000;

    const long Never = 1_000_000;

    /// <summary>A hundred years: longer than that is never.</summary>
    const double MaxDays = 36_500;

    /// <summary>The claim on these hosts (<see cref="HostsClaim"/>), with blocks that are normally distributed.</summary>
    /// <exception cref="ArgumentException">See <see cref="PowerQuestion.Refusal"/>.</exception>
    public static PowerAnswer Hosts(PowerQuestion question)
    {
        if (question.Refusal() is { } refusal) throw new ArgumentException(refusal.Detail, refusal.Field);
        var length = 1L << TimeBlocks.LeastLevel;
        while (length < TimeBlocks.TimesAutocorrelation * question.AutocorrelationTime) length *= 2;
        var deviation = question.WindowDeviation * Math.Sqrt(Math.Min(1, question.AutocorrelationTime / length));
        var planned = (long)(question.Duration / question.Window) / length;
        var last = question.Deadline is { } deadline ? (long)(deadline / question.Window) / length : planned;
        var first = question.Deadline is null ? AsymptoticConfidenceSequence.MinCount : Math.Max(AsymptoticConfidenceSequence.MinCount, planned);

        var random = new Random(1);
        List<long> verdicts = [];
        var right = 0;
        for (var run = 0; run < Runs; run++)
        {
            var blocks = BlockLevel.Empty;
            while (blocks.Count < Math.Min(last, MaxBlocks))
            {
                var value = Math.Min(1, question.Expected + deviation * Normal(random));
                blocks = blocks.Add(new(1, 1 - value));
                if (blocks.Count < Math.Min(first, MaxBlocks)) continue;
                var half = AsymptoticConfidenceSequence.HalfWidth(blocks.Count, blocks.Variance * (1 + 2 * Math.Max(0, blocks.Correlation)), question.Alpha);
                var (promote, reject) = (blocks.Mean - half >= question.Minimum, blocks.Mean + half < question.Minimum);
                if (!promote && !reject) continue;
                verdicts.Add(blocks.Count);
                if (promote ? question.Expected > question.Minimum : question.Expected < question.Minimum) right++;
                break;
            }
        }
        verdicts.Sort();
        var expected = verdicts.Count > Runs / 2
            ? verdicts[Runs / 2]
            : HostsClaim.BlocksFor(Math.Abs(question.Expected - question.Minimum), deviation * deviation, question.Alpha, Never);
        return new(length, deviation, planned, first * length * question.Window,
            expected, expected is { } blocksNeeded && (blocksNeeded * (double)length * question.Window.TotalDays) < MaxDays ? blocksNeeded * length * question.Window : null,
            (double)right / Runs);
    }

    /// <summary>
    /// The probability that the claim on a fleet (<see cref="FleetClaim"/>) promotes by the plan's last look, where time adds nothing to
    /// the error: what hosts of this spread are worth. Values are skewed to the left, which is the harder side.
    /// </summary>
    /// <param name="expected">Mean reduction over the fleet.</param>
    /// <param name="hostDeviation">Standard deviation between hosts.</param>
    /// <returns>The power, and the hosts at whose look half of the experiments had promoted; null where they had not.</returns>
    public static (double Power, int? Hosts) Fleet(FleetPlan plan, int fleetSize, double minimum, double expected, double hostDeviation)
    {
        Judgement.RequireMinimum(minimum);
        Measured.RequireAlpha(plan.Alpha);
        if (fleetSize < plan.Hosts) throw new ArgumentOutOfRangeException(nameof(fleetSize), fleetSize, "A fleet has at least the hosts that are drawn of it.");
        if (!(expected >= plan.LowestReduction && expected <= 1)) throw new ArgumentOutOfRangeException(nameof(expected), expected, "An expected reduction lies between the plan's bound and 1.");
        if (!(double.IsFinite(hostDeviation) && hostDeviation >= 0)) throw new ArgumentOutOfRangeException(nameof(hostDeviation), hostDeviation, "A deviation is a finite share of 0 or more.");
        if (plan.Hosts < FleetClaim.MinHosts) return (0, null);
        var looks = FleetClaim.Looks(plan.Hosts).ToArray();
        var (span, random) = (1 - plan.LowestReduction, new Random(1));
        var scaled = (minimum - plan.LowestReduction) / span;
        List<int> found = [];
        var units = new DrawnUnit[plan.Hosts];
        for (var run = 0; run < Runs; run++)
        {
            for (var i = 0; i < units.Length; i++)
            {
                var value = expected + hostDeviation * (1 + Math.Log(1 - random.NextDouble()));
                units[i] = new(Math.Clamp((value - plan.LowestReduction) / span, 0, 1), 1.0 / fleetSize);
            }
            for (var look = 1; look <= looks.Length; look++)
            {
                // A half for the time, and of the rest a half for the other side.
                if (!BettingSequence.Refuted(new ArraySegment<DrawnUnit>(units, 0, looks[look - 1]), scaled, plan.Alpha / 4 / (look * (look + 1)))) continue;
                found.Add(looks[look - 1]);
                break;
            }
        }
        found.Sort();
        return ((double)found.Count / Runs, found.Count > Runs / 2 ? found[Runs / 2] : null);
    }

    /// <summary>Box and Muller 1958.</summary>
    static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
