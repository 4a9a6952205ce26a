namespace Phoenix.Domain.Statistics;

/// <summary>
/// Intervals for a running mean that hold at all looks together, whenever one chooses to look: the asymptotic confidence sequence of
/// Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", Annals of
/// Statistics 52(6), 2024, in its Lindeberg form, where means and variances may change and the target is the mean of the means so far:
/// mean ± √((tσ²ρ² + 1) ÷ (t²ρ²) · ln((tσ²ρ² + 1) ÷ α²)), σ² the running variance.
/// </summary>
public static class AsymptoticConfidenceSequence
{
    /// <summary>Below it there is no interval: the guarantee is one of large samples.</summary>
    public const int MinCount = 20;

    /// <summary>
    /// A standard deviation of one percentage point at <see cref="MinCount"/> values is where the intervals are tightest. It is a constant of
    /// the design and not of the data; with no variance at all an interval of ± 0.2 points remains after 20 values.
    /// </summary>
    public const double TunedDeviation = 0.01;

    /// <summary>Half the width of the interval after <paramref name="count"/> values.</summary>
    /// <param name="variance">Of one value.</param>
    /// <param name="alpha">Probability that the true running mean is outside at any look, both sides together.</param>
    public static double HalfWidth(long count, double variance, double alpha)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (!(double.IsFinite(variance) && variance >= 0)) throw new ArgumentOutOfRangeException(nameof(variance), variance, "A variance is a finite number of 0 or more.");
        Measured.RequireAlpha(alpha);
        var logs = -2 * Math.Log(alpha);
        // The paper's tuning: the boundary is tightest where the sum of variances is this over ρ².
        var rhoSquared = (logs + Math.Log(logs) + 1) / (MinCount * TunedDeviation * TunedDeviation);
        var scaled = count * variance * rhoSquared + 1;
        return Math.Sqrt(scaled / rhoSquared * (Math.Log(scaled) + logs)) / count;
    }
}
