namespace Phoenix.Domain.Pricing;

/// <summary>What one host's sample says of a time that it covers whole.</summary>
/// <param name="Covered">More than nothing.</param>
public sealed record PreviewedHost(TimeSpan Covered, PreviewedArm In, PreviewedArm Out);

/// <param name="Series">Classic Prometheus series active in one window.</param>
/// <param name="Samples">Classic samples over the covered time.</param>
/// <param name="WireBytes">Compressed, over the covered time.</param>
public sealed record PreviewedArm(double Series, double Samples, double WireBytes);

/// <summary>What hosts would send with a pipeline that they have only previewed, beside what they would send if nothing were left out.</summary>
public static class PreviewedUsage
{
    /// <summary>
    /// Of all hosts together, of which there is at least one. Samples of hosts are of different lengths: each counts by its own rate, and the shortest says how
    /// little of the month was seen.
    /// </summary>
    public static (MeterUsage In, MeterUsage Out) Of(IReadOnlyList<PreviewedHost> hosts)
    {
        var covered = hosts.Min(h => h.Covered);
        return (Sum(h => h.In), Sum(h => h.Out));

        MeterUsage Sum(Func<PreviewedHost, PreviewedArm> arm)
        {
            var series = hosts.Sum(h => arm(h).Series);
            var samples = hosts.Sum(h => arm(h).Samples * (covered / h.Covered));
            return new()
            {
                Covered = covered, Hosts = hosts.Count, HourlySeries = [new(series)], ActiveSeries = [series], PointsPerMinute = [samples / covered.TotalMinutes],
                Samples = samples, WireBytes = hosts.Sum(h => arm(h).WireBytes * (covered / h.Covered)),
            };
        }
    }
}
