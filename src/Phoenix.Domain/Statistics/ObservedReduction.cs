using System.Numerics;

namespace Phoenix.Domain.Statistics;

/// <summary>
/// Claim 1: what was saved on the hosts and in the windows that were measured. Both arms saw the same input, so there is no sampling and
/// no interval: the sums are exact, and so is the comparison with a minimum. It says nothing about other hosts or other hours.
/// Sums merge by addition, in any order.
/// </summary>
/// <param name="Baseline">Sum of the baseline's counts (series, points or bytes).</param>
/// <param name="Candidate">Sum of the candidate's counts.</param>
public sealed record ObservedReduction(Int128 Baseline, Int128 Candidate)
{
    public static readonly ObservedReduction None = new(0, 0);

    /// <summary>1 − candidate ÷ baseline, the nearest double; null where the baseline sent nothing, which proves nothing.</summary>
    public double? Share => Baseline == 0 ? null : (double)((decimal)(Baseline - Candidate) / (decimal)Baseline);

    /// <exception cref="ArgumentOutOfRangeException">A count is negative.</exception>
    public ObservedReduction Add(long baseline, long candidate)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(baseline);
        ArgumentOutOfRangeException.ThrowIfNegative(candidate);
        return new(Baseline + baseline, Candidate + candidate);
    }

    public static ObservedReduction operator +(ObservedReduction a, ObservedReduction b) => new(a.Baseline + b.Baseline, a.Candidate + b.Candidate);

    /// <summary>Whether the reduction is at least the minimum, without rounding; false where the baseline sent nothing.</summary>
    /// <param name="minimum">As a share: 0.3m is 30 per cent.</param>
    public bool Meets(decimal minimum)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(minimum, bits);
        var scale = BigInteger.Pow(10, bits[3] >> 16 & 0xFF);
        var mantissa = ((BigInteger)(uint)bits[2] << 64 | (BigInteger)(uint)bits[1] << 32 | (uint)bits[0]) * (bits[3] < 0 ? -1 : 1);
        return Baseline > 0 && (BigInteger)(Baseline - Candidate) * scale >= mantissa * (BigInteger)Baseline;
    }
}
