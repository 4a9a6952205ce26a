using System.Globalization;

namespace Phoenix.Domain.Statistics;

/// <summary>
/// Claim 2: the mean reduction on these hosts from now on, in the hours of the day that were seen, as long as they go on as they were
/// measured. An interval at all looks together (<see cref="AsymptoticConfidenceSequence"/>) over time blocks (<see cref="TimeBlocks"/>).
/// It says nothing about other hosts, and what changes after the last window it cannot know.
/// </summary>
/// <param name="Hosts">Hosts that the windows are sums of.</param>
/// <param name="Blocks">Closed blocks.</param>
/// <param name="WindowsPerBlock">The length that the windows' autocorrelation asks for.</param>
/// <param name="BlockDeviation">Standard deviation of a block.</param>
/// <param name="Estimate">Mean of the blocks; null before the first is closed.</param>
/// <param name="Interval">Null below <see cref="AsymptoticConfidenceSequence.MinCount"/> blocks.</param>
/// <param name="Alpha">Probability that the interval is wrong at any look.</param>
public sealed record HostsClaim(
    int Hosts, HoursOfDay Hours, long Windows, long Blocks, long WindowsPerBlock, double BlockDeviation, double? Estimate, Interval? Interval, double Alpha)
{
    public const double DefaultAlpha = 0.05;

    /// <summary>Windows below which there is no interval, whatever they measured.</summary>
    public const int LeastWindows = AsymptoticConfidenceSequence.MinCount << TimeBlocks.LeastLevel;

    public static HostsClaim Of(TimeBlocks blocks, int hosts, double alpha = DefaultAlpha)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(hosts);
        Measured.RequireAlpha(alpha);
        var (count, mean, variance) = (blocks.Count, blocks.Mean, blocks.Variance);
        Interval? interval = null;
        if (count >= AsymptoticConfidenceSequence.MinCount)
        {
            var half = AsymptoticConfidenceSequence.HalfWidth(count, variance, alpha);
            interval = new(mean - half, Math.Min(1, mean + half));
        }
        return new(hosts, blocks.Hours, blocks.Windows, count, blocks.WindowsPerBlock, Math.Sqrt(variance), count == 0 ? null : mean, interval, alpha);
    }

    /// <summary>Whether the mean reduction is at least <paramref name="minimum"/>, and what is missing where that is open.</summary>
    /// <param name="minimum">As a share, the null hypothesis: a reduction of exactly this much is promoted with a probability of at most alpha.</param>
    /// <param name="window">Length of a window, to say in time what is missing.</param>
    /// <param name="required">Hours of the day that the verdict shall speak of; by default those that were seen.</param>
    public Judgement Judge(double minimum, TimeSpan window, HoursOfDay? required = null)
    {
        Judgement.RequireMinimum(minimum);
        var scope = $"{(Hosts == 1 ? "this host" : $"these {Hosts} hosts")}, hours of the day (UTC): {Hours}";
        List<Shortfall> missing = [];
        if (Hosts == 0) missing.Add(new(ShortfallKind.Hosts, "no host was measured"));
        if (Interval is not { } interval)
        {
            var wanting = AsymptoticConfidenceSequence.MinCount - Blocks;
            missing.Add(new(ShortfallKind.Blocks,
                $"{Blocks} of {AsymptoticConfidenceSequence.MinCount} blocks of {WindowsPerBlock} windows: at least {Time(wanting * WindowsPerBlock * window)} more"));
            return Judgement.Open(minimum, Estimate, null, scope, missing);
        }
        if (required is { } hours && hours.Without(Hours) is { Count: > 0 } unseen)
            missing.Add(new(ShortfallKind.HoursOfDay, $"the hours {unseen} (UTC) were not seen"));
        if (interval.Lower < minimum && interval.Upper >= minimum) missing.Add(new(ShortfallKind.Variance, VarianceText(minimum, interval, window)));
        return Judgement.By(interval, minimum, Estimate, scope, missing);
    }

    string VarianceText(double minimum, Interval interval, TimeSpan window)
    {
        var text = string.Create(CultureInfo.InvariantCulture,
            $"the interval {100 * interval.Lower:0.##} to {100 * interval.Upper:0.##} % holds the minimum {100 * minimum:0.##} %, with a standard deviation of {100 * BlockDeviation:0.##} points a block");
        var distance = Math.Abs(Estimate!.Value - minimum);
        const long Limit = 1_000_000;
        var needed = BlocksFor(distance, BlockDeviation * BlockDeviation, Alpha, Limit);
        return needed is not { } blocks
            ? $"{text}; the mean is too near the minimum for more time to tell"
            : $"{text}; if mean and variance stay, about {Time((blocks - Blocks) * WindowsPerBlock * window)} more would decide";
    }

    /// <summary>The least number of blocks whose interval is narrower than this distance; null beyond the limit.</summary>
    internal static long? BlocksFor(double distance, double variance, double alpha, long limit)
    {
        if (!(AsymptoticConfidenceSequence.HalfWidth(limit, variance, alpha) <= distance)) return null;
        // The width falls with the count, so halving finds where it passes the distance.
        long low = AsymptoticConfidenceSequence.MinCount, high = limit;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (AsymptoticConfidenceSequence.HalfWidth(middle, variance, alpha) <= distance) high = middle;
            else low = middle + 1;
        }
        return low;
    }

    internal static string Time(TimeSpan time) => time switch
    {
        { TotalDays: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalDays:0.#} days"),
        { TotalHours: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:0.#} hours"),
        { TotalMinutes: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0.#} minutes"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} seconds"),
    };
}
