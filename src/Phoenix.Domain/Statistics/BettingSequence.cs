namespace Phoenix.Domain.Statistics;

/// <summary>A value of one unit drawn at random, and its weight in the mean that is asked for.</summary>
/// <param name="Value">0 to 1.</param>
/// <param name="Weight">Share of the mean: the weights of all units of the population add up to 1.</param>
public readonly record struct DrawnUnit(double Value, double Weight);

/// <summary>
/// The weighted mean of a finite population of values between 0 and 1, from units drawn at random without replacement: the betting
/// confidence sequence of Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86(1), 2024 (section
/// 5, without replacement), with the weighted draws of Shekhar, Xu, Lipton, Liang and Ramdas, "Risk-limiting financial audits via weighted
/// sampling without replacement", UAI 2023. It is exact at any number of units, asks nothing of the distribution but its bounds, and is
/// valid at all looks together.
/// </summary>
/// <remarks>
/// A unit is drawn with a probability in proportion to its weight among those that are left. If the mean is m, the next value is therefore
/// m′ = (m − Σwx) ÷ (1 − Σw) on average, sums over what was drawn. Capital that bets on values above m′, multiplied by 1 + g(x ÷ m′ − 1),
/// does not grow on average, and by Ville's inequality reaches 1 ÷ α with a probability of at most α. The capital is spread evenly over the
/// fixed fractions g, so that one of them is near the best (the diversified Kelly betting of the paper); bets against are the mirror image.
/// </remarks>
public static class BettingSequence
{
    const int Fractions = 10;

    /// <summary>The interval of the mean, half of <paramref name="alpha"/> on either side.</summary>
    /// <param name="units">In the order in which they were drawn.</param>
    /// <exception cref="ArgumentException">A value is outside 0 to 1, or the weights are not shares of a whole.</exception>
    public static Interval Interval(IReadOnlyList<DrawnUnit> units, double alpha)
    {
        Measured.RequireAlpha(alpha);
        double weight = 0, sum = 0;
        foreach (var unit in units)
        {
            if (unit.Value is not (>= 0 and <= 1)) throw new ArgumentException($"A value of {unit.Value} is not between 0 and 1.", nameof(units));
            if (unit.Weight is not (> 0 and <= 1)) throw new ArgumentException($"A weight of {unit.Weight} is not a share.", nameof(units));
            weight += unit.Weight;
            sum += unit.Weight * unit.Value;
        }
        if (weight > 1 + 1e-9) throw new ArgumentException("The weights of the drawn units add up to more than 1.", nameof(units));
        var left = weight > 1 - 1e-9 ? 0 : 1 - weight;
        // What was not drawn lies between all zeros and all ones, whatever the bets say.
        var mirrored = units.Select(u => u with { Value = 1 - u.Value }).ToArray();
        return new(Lower(units, sum, sum + left, alpha / 2), 1 - Lower(mirrored, weight - sum, weight - sum + left, alpha / 2));
    }

    /// <summary>The least mean against which the capital never reached 1 ÷ alpha.</summary>
    static double Lower(IReadOnlyList<DrawnUnit> units, double low, double high, double alpha)
    {
        // Capital falls with the mean that it bets against.
        for (var i = 0; i < 40 && high - low > 1e-9; i++)
        {
            var middle = (low + high) / 2;
            if (Refuted(units, middle, alpha)) low = middle;
            else high = middle;
        }
        return low;
    }

    /// <summary>Whether a mean of at most <paramref name="mean"/> is refuted at any of the units.</summary>
    internal static bool Refuted(IReadOnlyList<DrawnUnit> units, double mean, double alpha)
    {
        Span<double> capital = stackalloc double[Fractions];
        capital.Fill(1.0 / Fractions);
        var (remaining, left) = (mean, 1.0);
        foreach (var unit in units)
        {
            if (remaining < 0) return true; // what was drawn adds up to more than the mean leaves room for
            if (remaining == 0 && unit.Value == 0) continue;
            if (remaining == 0) return true;
            var gain = unit.Value / Math.Min(1, remaining / left) - 1;
            double total = 0;
            for (var i = 0; i < Fractions; i++) total += capital[i] *= 1 + (i + 1) / (double)Fractions * gain;
            if (total >= 1 / alpha) return true;
            remaining -= unit.Weight * unit.Value;
            left -= unit.Weight;
            if (left <= 0) break;
        }
        return remaining < 0;
    }
}
