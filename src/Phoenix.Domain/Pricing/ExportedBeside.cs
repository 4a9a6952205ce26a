namespace Phoenix.Domain.Pricing;

/// <summary>
/// What a vendor bills more because for some time of the month something else is sent beside. Meters over time see it for that time only:
/// a mean counts its share of the hours, a 95th percentile may not see it at all.
/// </summary>
static class ExportedBeside
{
    /// <param name="export">What is sent beside, while it is.</param>
    public static (Money? More, Rejection? Rejection) Bill(Price price, MeterUsage? rest, MeterUsage baseline, MeterUsage export, TimeSpan duration)
    {
        if (export.Problem() is { } wrong) return (null, wrong);
        if (export.Month != baseline.Month) return (null, Rejection.Invalid("usage-arms-differ", "export", "Both arms are billed by months of the same length."));
        var usual = baseline;
        if (rest is not null)
        {
            var (sum, rejection) = baseline.Plus(rest);
            if (rejection is not null) return (null, rejection);
            usual = sum!;
        }
        // Resampling to a month may move a percentile of few steps a little: both bills have to be of the same steps.
        var month = WholeMonth(usual, usual.Month);
        var (without, problem) = price.BillOf(month);
        if (problem is not null) return (null, problem);

        // An experiment that crosses months is billed in each: whole ones, and what is left.
        var wholeMonths = (int)(duration / usual.Month);
        decimal more = 0;
        foreach (var (part, times) in new[] { (usual.Month, wholeMonths), (duration - wholeMonths * usual.Month, 1) })
        {
            if (times == 0 || part == TimeSpan.Zero) continue;
            var (both, rejection) = month.Plus(WholeMonth(export, part));
            if (rejection is not null) return (null, rejection);
            var (with, otherProblem) = price.BillOf(both! with { Hosts = usual.Hosts });
            if (otherProblem is not null) return (null, otherProblem);
            more += times * (with!.Total - without!.Total);
        }
        return (new(more, without!.Currency), null);
    }

    /// <summary>A month in which it was sent for so long: its steps repeated, then none.</summary>
    static MeterUsage WholeMonth(MeterUsage usage, TimeSpan sent)
    {
        var times = sent / usage.Covered;
        return usage with
        {
            Covered = usage.Month,
            HourlySeries = Steps(usage.HourlySeries, TimeSpan.FromHours(1), usage.Month, sent, (s, share) => s * share),
            ActiveSeries = Steps(usage.ActiveSeries, Meters.Step, usage.Month, sent, (s, share) => s * share),
            PointsPerMinute = Steps(usage.PointsPerMinute, Meters.Step, usage.Month, sent, (p, share) => p * share),
            Samples = usage.Samples * times,
            WireBytes = usage.WireBytes * times,
            StoredBytes = usage.StoredBytes * (sent / usage.Month),
            QuerySamples = usage.QuerySamples * times,
            Names = usage.Names?.Select(n => n with { IndexedPoints = n.IndexedPoints * times, IngestedPoints = n.IngestedPoints * times }).ToList(),
        };
    }

    static List<T>? Steps<T>(IReadOnlyList<T>? steps, TimeSpan step, TimeSpan month, TimeSpan sent, Func<T, double, T> weigh) =>
        steps is null ? null :
        [
            .. Enumerable.Range(0, (int)Math.Round(month / step)).Select(i =>
                // A series that is sent for a part of a step was active in it; there is no half of one.
                weigh(steps[i % steps.Count], i * step < sent ? 1 : 0)),
        ];
}
