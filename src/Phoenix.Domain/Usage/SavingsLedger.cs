using Phoenix.Domain.Pricing;

namespace Phoenix.Domain.Usage;

/// <summary>What a cell of the ledger sent, or would have sent, on its day.</summary>
/// <param name="Series">Mean over the day of live classic Prometheus series: the hours in which nothing ran count as none.</param>
public sealed record Sent(double Series, double Samples, double WireBytes)
{
    public static readonly Sent Nothing = new(0, 0, 0);

    public static Sent operator +(Sent a, Sent b) => new(a.Series + b.Series, a.Samples + b.Samples, a.WireBytes + b.WireBytes);

    /// <summary>As vendors meter it: the day stands for every day of its month.</summary>
    public MeterUsage AsUsage(int hosts) => MeterUsage.Steady(TimeSpan.FromDays(1), hosts, Series, Samples, WireBytes);
}

/// <summary>One cell of one day with its share of the day's money.</summary>
/// <param name="Before">What would have been sent with the pipeline before; what was sent, where no experiment says what that is.</param>
/// <param name="Cost">Its share of what the day cost.</param>
/// <param name="Saved">Its share of what the day cost less.</param>
public sealed record LedgerCell(DateOnly Day, UsagePipeline Pipeline, UsageCell Cell, Sent Before, Sent After, decimal Cost, decimal Saved);

/// <summary>
/// The money of one day. What was saved is the difference of two bills over everything that is known to be sent: with what was sent, and with what
/// would have been. Each cell gets its share of both as <see cref="BillShares"/> divides: the shares add up to the whole, whatever the tiers.
/// </summary>
public static class SavingsLedger
{
    static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>
    /// What the cell's hosts would have sent with the pipeline before: their own input counters, times what the experiment's windows showed the
    /// baseline to send of its input. Where no experiment made the pipeline production, nothing is claimed: what was sent.
    /// </summary>
    public static (Sent Before, Sent After) Of(UsageCell cell)
    {
        var after = new Sent(cell.Output.SeriesSeconds / Day.TotalSeconds, cell.Output.Samples, cell.WireBytes);
        return (cell is { Experiment: not null, Before: { } share }
            ? new Sent(cell.Input.SeriesSeconds / Day.TotalSeconds * share.Series, cell.Input.Samples * share.Samples, cell.Input.Bytes * share.WirePerInputByte)
            : after, after);
    }

    /// <summary>
    /// Hosts for which an allowance is granted on a day, by the time that each ran: one that ran two configurations is in two cells, and one host all the same.
    /// A part of a host is one.
    /// </summary>
    public static int HostsOf(IReadOnlyCollection<UsageCell> cells) =>
        (int)Math.Ceiling(Math.Round(cells.Sum(c => Math.Min(c.Hosts, c.Seconds / Day.TotalSeconds)), 6));

    /// <param name="cells">All that is known of the day: tiers and allowances are counted as if this were all that is sent.</param>
    /// <param name="price">Of the day.</param>
    public static (IReadOnlyList<LedgerCell>? Cells, Rejection? Rejection) Price(
        DateOnly day, IReadOnlyList<(UsagePipeline Pipeline, UsageCell Cell)> cells, Price price)
    {
        if (cells.Count == 0) return ([], null);
        var sent = cells.Select(c => Of(c.Cell)).ToList();
        var hosts = HostsOf([.. cells.Select(c => c.Cell)]);
        var (before, wrong) = price.BillOf(sent.Aggregate(Sent.Nothing, (sum, s) => sum + s.Before).AsUsage(hosts));
        if (wrong is not null) return (null, wrong);
        var (after, problem) = price.BillOf(sent.Aggregate(Sent.Nothing, (sum, s) => sum + s.After).AsUsage(hosts));
        if (problem is not null) return (null, problem);

        var ofMonth = (decimal)(Day / TimeSpan.FromHours(MeterUsage.HoursPerMonth));
        var quantities = sent.Select(s => (Before: BillShares.Quantities(price, s.Before.AsUsage(0)), After: BillShares.Quantities(price, s.After.AsUsage(0)))).ToList();
        var less = before!.Lines.Zip(after!.Lines, (b, a) => b.Amount - a.Amount).ToList();
        var saved = BillShares.Divide((before.Total - after.Total) * ofMonth, less, [.. quantities.Select(q => q.Before.Zip(q.After, (b, a) => b - a).ToList())]);
        var cost = BillShares.Divide(after.Total * ofMonth, [.. after.Lines.Select(l => l.Amount)], [.. quantities.Select(q => q.After)]);
        return ([.. cells.Select((c, i) => new LedgerCell(day, c.Pipeline, c.Cell, sent[i].Before, sent[i].After, cost[i], saved[i]))], null);
    }
}
