namespace Phoenix.Domain.Statistics;

/// <summary>What a pair of arms measured of one quantity (series, points, bytes): the only numbers that may enter a claim.</summary>
public static class Measured
{
    /// <summary>Beyond these bounds a number is no count of anything, and squares of ratios would overflow.</summary>
    const double Least = 1e-9, Most = 1e18;

    /// <summary>Why this pair is no measurement; null where it is one. Zeros are measurements.</summary>
    public static Rejection? Refusal(double baseline, double candidate) =>
        !IsCount(baseline) ? Invalid("baseline", baseline)
        : !IsCount(candidate) ? Invalid("candidate", candidate)
        : null;

    // NaN compares as false.
    static bool IsCount(double value) => value is 0 or (>= Least and <= Most);

    /// <exception cref="ArgumentException">The pair is no measurement: its window should have been voided.</exception>
    internal static void Require(double baseline, double candidate)
    {
        if (Refusal(baseline, candidate) is { } refusal) throw new ArgumentException(refusal.Detail, refusal.Field);
    }

    internal static void RequireAlpha(double alpha)
    {
        if (alpha is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "An error probability lies between 0 and 1.");
    }

    static Rejection Invalid(string field, double value) => Rejection.Invalid("measurement-invalid", field,
        $"The {field} arm reports {value.ToString(System.Globalization.CultureInfo.InvariantCulture)}: a count is a number from 0 to 10^18. Void the window.");
}
