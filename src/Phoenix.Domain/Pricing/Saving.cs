using Phoenix.Domain.Experiments;

namespace Phoenix.Domain.Pricing;

/// <summary>What a month would cost less, as the difference of two bills for what the hosts of one experiment send.</summary>
/// <param name="ExtrapolatedFromMinutes">How little was measured of the month it speaks about.</param>
public sealed record Saving(
    decimal PerMonth, string Currency, string PriceEntry, decimal BaselinePerMonth, decimal CandidatePerMonth, double ExtrapolatedFromMinutes)
{
    /// <summary>Hours of the billing month that vendors use (365 · 24 ÷ 12).</summary>
    public const double HoursPerMonth = 730;

    public static Saving Of(PriceEntry price, Evidence evidence, int hosts)
    {
        var baseline = price.Bill(Units(price.Meter, evidence.Baseline, evidence), hosts);
        var candidate = price.Bill(Units(price.Meter, evidence.Candidate, evidence), hosts);
        return new(decimal.Round(baseline - candidate, 4), price.Currency, price.Id, decimal.Round(baseline, 4), decimal.Round(candidate, 4),
            evidence.Seconds / 60);
    }

    static double Units(PriceMeter meter, ArmTotals arm, Evidence evidence)
    {
        var months = evidence.Seconds / 3600 / HoursPerMonth;
        return meter switch
        {
            PriceMeter.Samples => arm.Samples / months,
            PriceMeter.ActiveSeries => (double)arm.SeriesActive / evidence.Windows,
            PriceMeter.Bytes => arm.WireBytes / months,
            _ => throw new ArgumentOutOfRangeException(nameof(meter), meter, "unknown meter"),
        };
    }
}
