using Phoenix.Domain.Experiments;

namespace Phoenix.Domain.Pricing;

/// <summary>What a month would cost less, as the difference of two bills for what the hosts of one experiment send.</summary>
/// <param name="ExtrapolatedFromMinutes">How little was measured of the month it speaks about.</param>
public sealed record Saving(
    decimal PerMonth, string Currency, string PriceEntry, decimal BaselinePerMonth, decimal CandidatePerMonth, double ExtrapolatedFromMinutes)
{
    /// <summary>As if the hosts sent all that is billed. Null where the price needs a contract, or nothing that it bills was measured.</summary>
    public static Saving? Of(PriceEntry price, Evidence evidence, int hosts) =>
        MarginalSaving.Of(Price.List(price), null, Usage(evidence.Baseline, evidence, hosts), Usage(evidence.Candidate, evidence, hosts)).Saving is { } saving
            ? new(decimal.Round(saving.PerMonth, 4), saving.Currency, price.Id, decimal.Round(saving.Before.Total, 4),
                decimal.Round(saving.After.Total, 4), evidence.Seconds / 60)
            : null;

    /// <summary>
    /// One arm's usage as far as windows tell it: the mean of active series stands for every hour and step, and classic series of every
    /// kind for streams.
    /// </summary>
    static MeterUsage Usage(ArmTotals arm, Evidence evidence, int hosts)
    {
        var measured = TimeSpan.FromSeconds(evidence.Seconds);
        var month = TimeSpan.FromHours(MeterUsage.HoursPerMonth);
        // Of what was measured over more than a month, a month's share.
        var share = measured > month ? month / measured : 1;
        var series = (double)arm.SeriesActive / evidence.Windows;
        return new()
        {
            Covered = measured > month ? month : measured, Hosts = hosts, HourlySeries = [new(series)], ActiveSeries = [series],
            PointsPerMinute = [arm.Samples / measured.TotalMinutes], Samples = arm.Samples * share, WireBytes = arm.WireBytes * share,
        };
    }
}
