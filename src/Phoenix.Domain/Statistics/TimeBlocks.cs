namespace Phoenix.Domain.Statistics;

/// <summary>
/// The windows of an experiment in time order, gathered into blocks that are longer than their autocorrelation time. The value of a block is
/// the ratio of sums 1 − Σcandidate ÷ Σbaseline over all its hosts and windows. A sum over hosts, because the hosts are fixed and the
/// heavy ones are what is paid for; a mean of hosts' ratios would let an idle host outvote a busy one, and has no value where a host sent
/// nothing. A mean over blocks and not one great ratio, so that time counts evenly and an hour of high load does not decide alone.
/// </summary>
/// <remarks>
/// The length is chosen from the windows themselves, by a power of two. With s²ₖ the variance of blocks of 2ᵏ windows, 2ᵏs²ₖ ÷ s²₀ grows
/// with k to the autocorrelation time (in windows; 1 where they are independent) and stays there. The largest of these over all levels of
/// at least <see cref="LevelCount"/> blocks is the estimate, and a block is at least <see cref="TimesAutocorrelation"/> times as long. The
/// length never falls again, so that a look at which the estimate happens to be low gains nothing. What correlation is left between
/// neighbours is added to the variance (Newey and West, Econometrica 55, 1987, with one lag), never taken off it.
/// </remarks>
/// <param name="Windows">Windows added, those without a baseline included.</param>
/// <param name="Level">Blocks are 2 to this power windows long.</param>
/// <param name="Hours">Hours of the day that were seen.</param>
/// <param name="Finest">Blocks of one window.</param>
/// <param name="Carried">Windows in which the baseline sent nothing: what the candidate sent counts with the next window that can be divided by.</param>
public sealed record TimeBlocks(long Windows, int Level, HoursOfDay Hours, BlockLevel Finest, ArmSums Carried)
{
    public static readonly TimeBlocks None = new(0, LeastLevel, HoursOfDay.None, BlockLevel.Empty, default);

    /// <summary>Blocks that a level needs before its variance says something.</summary>
    public const int LevelCount = 8;

    public const double TimesAutocorrelation = 2;

    /// <summary>
    /// A block is two to this power windows at least, even where all are equal. Twenty blocks of single windows whose reductions are skewed to
    /// the left, mostly a little above the mean and now and then far below, look better than they are until the first of the rare ones comes.
    /// </summary>
    public const int LeastLevel = 3;

    public long WindowsPerBlock => 1L << Level;

    /// <summary>Closed blocks of the chosen length.</summary>
    public long Count => Chosen.Count;

    /// <summary>Mean reduction of the blocks.</summary>
    public double Mean => Chosen.Mean;

    /// <summary>Of one block, with what correlation is left between neighbours.</summary>
    public double Variance => Chosen.Variance * (1 + 2 * Math.Max(0, Chosen.Correlation));

    /// <summary>In windows: how many it takes to say as much about the mean as one independent window would.</summary>
    public double AutocorrelationTime
    {
        get
        {
            var single = Finest.Variance;
            var (longest, length) = (1.0, 1.0);
            for (var level = Finest; level is { Count: >= LevelCount } && single > 0; level = level.Coarser, length *= 2)
                longest = Math.Max(longest, length * level.Variance / single);
            return longest;
        }
    }

    BlockLevel Chosen
    {
        get
        {
            var level = Finest;
            for (var i = 0; i < Level && level is not null; i++) level = level.Coarser;
            return level ?? BlockLevel.Empty;
        }
    }

    /// <summary>Adds the window that follows those before.</summary>
    /// <param name="sums">Over all hosts that both arms measured in the window.</param>
    /// <exception cref="ArgumentException">The sums are no measurement; see <see cref="Measured.Refusal"/>.</exception>
    public TimeBlocks Add(ArmSums sums, HoursOfDay hours)
    {
        Measured.Require(sums.Baseline, sums.Candidate);
        var seen = Hours.With(hours);
        sums += Carried;
        if (sums.Baseline == 0) return this with { Windows = Windows + 1, Hours = seen, Carried = sums };
        var added = new TimeBlocks(Windows + 1, Level, seen, Finest.Add(sums), default);
        // Only a closed block can make a difference to what is claimed.
        return added.Finest.Count % added.WindowsPerBlock == 0 ? added.Lengthened() : added;
    }

    TimeBlocks Lengthened()
    {
        var level = Level;
        var needed = TimesAutocorrelation * AutocorrelationTime;
        while (1L << level < needed) level++;
        return level == Level ? this : this with { Level = level };
    }
}
