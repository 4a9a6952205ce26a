using Phoenix.Domain.Experiments;

namespace Phoenix.Domain.Pricing;

/// <summary>What a month would cost less, as the difference of two bills for what the hosts of one experiment send.</summary>
/// <param name="ExtrapolatedFromMinutes">How little was measured of the month it speaks about.</param>
public sealed record Saving(
    decimal PerMonth, string Currency, string PriceEntry, decimal BaselinePerMonth, decimal CandidatePerMonth, double ExtrapolatedFromMinutes)
{
    /// <summary>As if the hosts sent all that is billed. Null where the price needs a contract, or nothing that it bills was measured.</summary>
    public static Saving? Of(Price price, Evidence evidence, int hosts)
    {
        if (evidence.Windows == 0) return null;
        var (baseline, candidate) = Usage(evidence, hosts);
        return MarginalSaving.Of(price, null, baseline, candidate).Saving is { } saving
            ? new(decimal.Round(saving.PerMonth, 4), saving.Currency, price.Entry.Id, decimal.Round(saving.Before.Total, 4),
                decimal.Round(saving.After.Total, 4), evidence.Seconds / 60)
            : null;
    }

    /// <summary>What both arms sent in the windows that count, of which there is at least one.</summary>
    public static (MeterUsage Baseline, MeterUsage Candidate) Usage(Evidence evidence, int hosts) =>
        (OfArm(evidence.Baseline, evidence, hosts), OfArm(evidence.Candidate, evidence, hosts));

    /// <summary>
    /// One arm's usage as far as windows tell it: the mean of active series stands for every hour and step, and classic series of every
    /// kind for streams.
    /// </summary>
    static MeterUsage OfArm(ArmTotals arm, Evidence evidence, int hosts)
    {
        var measured = TimeSpan.FromSeconds(evidence.Seconds);
        var month = TimeSpan.FromHours(MeterUsage.HoursPerMonth);
        // Of what was measured over more than a month, a month's share.
        var share = measured > month ? month / measured : 1;
        return MeterUsage.Steady(measured > month ? month : measured, hosts, (double)arm.SeriesActive / evidence.Windows, arm.Samples * share, arm.WireBytes * share);
    }
}
