namespace Phoenix.Domain.Statistics;

/// <summary>
/// Blocks of one length in windows, and through <see cref="Coarser"/> those of twice the length: the blocking of Flyvbjerg and Petersen,
/// "Error estimates on averages of correlated data", Journal of Chemical Physics 91, 1989. A window costs two levels on average, and the
/// whole takes the logarithm of the number of windows, so any length can be chosen afterwards without keeping the windows.
/// </summary>
/// <param name="Count">Closed blocks.</param>
/// <param name="Mean">Of their reductions.</param>
/// <param name="Squares">Sum of squared deviations from the mean.</param>
/// <param name="First">Reduction of the first block, which later ones are taken relative to, so that no digits cancel.</param>
/// <param name="LagProducts">Sum of products of successive reductions, relative to the first.</param>
/// <param name="Last">Reduction of the latest block.</param>
/// <param name="Odd">The latest block where it waits for a second one to become a block of the coarser level.</param>
public sealed record BlockLevel(
    long Count, double Mean, double Squares, double First, double LagProducts, double Last, ArmSums? Odd, BlockLevel? Coarser)
{
    public static readonly BlockLevel Empty = new(0, 0, 0, 0, 0, 0, null, null);

    /// <summary>A spread below it is the rounding of the division.</summary>
    const double Rounding = 1e-12;

    /// <summary>Sample variance of the blocks' reductions; 0 where they are equal but for rounding.</summary>
    public double Variance => Count < 2 || Squares < Rounding * Rounding * Count ? 0 : Squares / (Count - 1);

    /// <summary>Correlation of successive blocks; 0 where there is no variance.</summary>
    public double Correlation
    {
        get
        {
            if (Variance == 0) return 0;
            var mean = Mean - First;
            return (LagProducts - mean * (2 * mean * Count - (Last - First)) + (Count - 1) * mean * mean) / Squares;
        }
    }

    /// <summary>Adds the block that follows those before.</summary>
    /// <exception cref="ArgumentException">The baseline sent nothing.</exception>
    public BlockLevel Add(ArmSums block)
    {
        var value = block.Reduction ?? throw new ArgumentException("A block without a baseline has no reduction.", nameof(block));
        var count = Count + 1;
        var delta = value - Mean;
        var mean = Mean + delta / count;
        var squares = Squares + delta * (value - mean);
        var first = Count == 0 ? value : First;
        var products = Count == 0 ? 0 : LagProducts + (Last - first) * (value - first);
        return Odd is { } odd
            ? new(count, mean, squares, first, products, value, null, (Coarser ?? Empty).Add(odd + block))
            : new(count, mean, squares, first, products, value, block, Coarser);
    }
}

/// <summary>What both arms sent in a stretch of time, over all hosts together.</summary>
public readonly record struct ArmSums(double Baseline, double Candidate)
{
    /// <summary>1 − candidate ÷ baseline; null where the baseline sent nothing.</summary>
    public double? Reduction => Baseline == 0 ? null : 1 - Candidate / Baseline;

    /// <summary>Adds a host or a stretch of time.</summary>
    /// <exception cref="ArgumentException">The pair is no measurement; see <see cref="Measured.Refusal"/>.</exception>
    public ArmSums Add(double baseline, double candidate)
    {
        Measured.Require(baseline, candidate);
        return new(Baseline + baseline, Candidate + candidate);
    }

    public static ArmSums operator +(ArmSums a, ArmSums b) => new(a.Baseline + b.Baseline, a.Candidate + b.Candidate);
}
