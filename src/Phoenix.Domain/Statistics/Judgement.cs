using Phoenix.Domain.Experiments;

namespace Phoenix.Domain.Statistics;

public enum ShortfallKind
{
    /// <summary>Too few hosts, or hosts that are not what the claim assumes.</summary>
    Hosts,

    /// <summary>Too few time blocks.</summary>
    Blocks,

    /// <summary>Hours of the day that were asked for and not seen.</summary>
    HoursOfDay,

    /// <summary>The interval holds the minimum: too much variance for the time or the hosts measured.</summary>
    Variance,
}

/// <summary>What an inconclusive judgement lacks, for a person.</summary>
public sealed record Shortfall(ShortfallKind Kind, string Text);

/// <summary>One criterion judged: the null hypothesis is a reduction of exactly the required minimum.</summary>
/// <param name="Outcome">
/// Promote only where the lower bound is at least the minimum, reject only where the upper bound is below it. Anything missing leaves it
/// inconclusive.
/// </param>
/// <param name="Minimum">Required reduction as a share.</param>
/// <param name="Estimate">Best single figure; null where there is none.</param>
/// <param name="Scope">What the judgement speaks of: which hosts, which hours.</param>
/// <param name="Missing">Empty unless inconclusive.</param>
public sealed record Judgement(
    VerdictOutcome Outcome, double Minimum, double? Estimate, Interval? Interval, string Scope, IReadOnlyList<Shortfall> Missing)
{
    /// <summary>
    /// All criteria together: promote where every one is met, reject where one is refuted, else inconclusive with all that is missing. An
    /// intersection-union test (Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24, 1982): promoting
    /// wrongly needs at least one wrong criterion to pass, so each is tested at the full level and no correction is needed. For rejecting, the
    /// error adds up over the criteria; a wrong rejection costs a saving, not visibility.
    /// </summary>
    /// <exception cref="ArgumentException">There is no criterion: nothing would be promoted unasked.</exception>
    public static (VerdictOutcome Outcome, IReadOnlyList<Shortfall> Missing) Combine(IReadOnlyCollection<Judgement> criteria)
    {
        if (criteria.Count == 0) throw new ArgumentException("A verdict needs at least one criterion.", nameof(criteria));
        if (criteria.Any(c => c.Outcome == VerdictOutcome.Reject)) return (VerdictOutcome.Reject, []);
        return criteria.All(c => c.Outcome == VerdictOutcome.Promote)
            ? (VerdictOutcome.Promote, [])
            : (VerdictOutcome.Inconclusive, [.. criteria.SelectMany(c => c.Missing).Distinct()]);
    }

    /// <summary>A criterion that is known without error, such as what was observed, the retention of protected series or the conservation ledger.</summary>
    /// <param name="met">Null where nothing was observed that could tell.</param>
    public static Judgement Exact(bool? met, double minimum, double? observed, string scope) => met is { } known
        ? new(known ? VerdictOutcome.Promote : VerdictOutcome.Reject, minimum, observed, null, scope, [])
        : Open(minimum, observed, null, scope, [new(ShortfallKind.Blocks, $"nothing was observed: {scope}")]);

    internal static Judgement Open(double minimum, double? estimate, Interval? interval, string scope, IReadOnlyList<Shortfall> missing) =>
        new(VerdictOutcome.Inconclusive, minimum, estimate, interval, scope, missing);

    internal static Judgement By(Interval interval, double minimum, double? estimate, string scope, IReadOnlyList<Shortfall> missing) =>
        missing.Count > 0 ? Open(minimum, estimate, interval, scope, missing)
        : new(interval.Lower >= minimum ? VerdictOutcome.Promote : VerdictOutcome.Reject, minimum, estimate, interval, scope, []);

    internal static void RequireMinimum(double minimum)
    {
        if (!(double.IsFinite(minimum) && minimum <= 1)) throw new ArgumentOutOfRangeException(nameof(minimum), minimum, "A required reduction is a share of at most 1.");
    }
}
