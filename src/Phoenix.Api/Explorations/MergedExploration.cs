using System.Text;
using Phoenix.Contracts;
using Phoenix.Domain;
using Phoenix.Domain.Pricing;
using Phoenix.Telemetry;

namespace Phoenix.Api.Explorations;

/// <param name="SamplesPerMinute">Classic samples a minute; null where a host's sample is of one moment, which has no rate.</param>
/// <param name="MonthlyCost">Its share of the bill; null without a price, or without a rate.</param>
/// <param name="SharePct">Of the series of everything explored, in per cent.</param>
/// <param name="IsProtected">By what the whole organisation protects.</param>
/// <param name="Hosts">Hosts that named the metric.</param>
/// <param name="AtLeast">Some host may have it among those that it did not name: its figures are a lower bound.</param>
/// <param name="Labels">Those with most distinct values first.</param>
/// <param name="OtherLabels">Labels that some host did not name.</param>
public sealed record ExploredMetric(
    string Name, string Type, string Unit, long Series, double? SamplesPerMinute, decimal? MonthlyCost, double SharePct, bool IsProtected, int Hosts, bool AtLeast,
    IReadOnlyList<ExploredLabel> Labels, long OtherLabels);

/// <param name="OfResource">An attribute of the resource; else of the points.</param>
/// <param name="Values">Distinct values, of all hosts together: one that several hosts have is one.</param>
/// <param name="ValuesAtLeast">Some host did not name all of its values, so that there may be more.</param>
/// <param name="Series">Series that have the label: those of the values and the others.</param>
/// <param name="MonthlyCost">The metric's, by series.</param>
/// <param name="OtherSeries">Series of values that are not listed, or that hosts did not name.</param>
public sealed record ExploredLabel(
    string Name, bool OfResource, long Values, bool ValuesAtLeast, long Series, decimal? MonthlyCost, IReadOnlyList<ExploredValue> Top, long OtherSeries);

/// <param name="MonthlyCost">The metric's, by series.</param>
public sealed record ExploredValue(string Value, long Series, decimal? MonthlyCost);

/// <summary>
/// What several hosts found, as one. The host is part of a series' identity, so that series of different hosts add up; values of a label do not, and are
/// merged by value as far as hosts name them.
/// </summary>
/// <param name="SampleSeconds">The longest of the hosts' samples.</param>
/// <param name="OtherSeries">Series of metrics that are not listed.</param>
/// <param name="Truncated">Some metrics, labels or values are not listed.</param>
/// <param name="UntrackedPoints">Points of streams that hosts could not tell apart; where not 0, series are a lower bound.</param>
public sealed record MergedExploration(
    double SampleSeconds, long TotalSeries, double? SamplesPerMinute, long OtherSeries, bool Truncated, long UntrackedPoints, IReadOnlyList<ExploredMetric> Metrics)
{
    public static readonly MergedExploration Nothing = new(0, 0, 0, 0, false, 0, []);

    /// <param name="inDepth">One metric was asked for.</param>
    /// <param name="isProtected">By the name of a metric.</param>
    public static MergedExploration Of(IReadOnlyCollection<ExplorationReport> reports, bool inDepth, Func<string, bool> isProtected)
    {
        var (labels, values) = inDepth ? (ExplorationReport.MaxLabelsInDepth, ExplorationReport.MaxValuesInDepth) : (ExplorationReport.MaxLabels, ExplorationReport.MaxValues);
        var total = reports.Sum(r => r.Series);
        var unnaming = reports.Count(r => r.OtherMetrics > 0);
        var all = reports.SelectMany(r => r.Metrics.Select(m => (Report: r, Metric: m))).GroupBy(m => m.Metric.Name, StringComparer.Ordinal)
            .Select(g => Metric([.. g], total, unnaming, labels, values, isProtected(g.Key)))
            .OrderByDescending(m => m.Series).ThenBy(m => m.Name, StringComparer.Ordinal).ToList();
        var listed = all.Take(ExplorationReport.MaxMetrics).ToList();
        var other = total - listed.Sum(m => m.Series);
        return new(
            reports.Count == 0 ? 0 : reports.Max(r => r.Sample.Seconds), total, PerMinute(reports.Select(r => (r, r.Samples))), other,
            other > 0 || listed.Any(m => m.OtherLabels > 0 || m.Labels.Any(l => l.OtherSeries > 0 || l.ValuesAtLeast)), reports.Sum(r => r.UntrackedPoints), listed);
    }

    /// <summary>
    /// The same with money: everything explored and the rest of what is known to be sent share the bill of all of it, by each line's quantity. A branch of a
    /// metric has of its cost the share that it has of its series.
    /// </summary>
    /// <param name="rest">What goes in on all hosts, these among them; none where no host tells.</param>
    /// <returns>Refused where the price has nothing to bill.</returns>
    public (MergedExploration? Priced, decimal? Total, Rejection? Rejection) With(Price price, Rate rest, int hosts)
    {
        // Without rates a price of samples would find nothing to bill and say that all is free.
        if (SamplesPerMinute is not { } samples)
            return (null, null, Rejection.Conflict("rates-not-known", "A sample of one moment has no rates, so that nothing can be billed; explore again when the collector has received more."));
        var explored = new Rate(TotalSeries, samples);
        var rates = Metrics.Select(m => new Rate(m.Series, m.SamplesPerMinute ?? 0)).ToList();
        var others = explored.Beyond(rates.Aggregate(Rate.None, (sum, r) => sum + r));
        var (costs, rejection) = BillShares.Of(price, [.. rates, others, rest.Beyond(explored)], hosts);
        return rejection is not null ? (null, null, rejection)
            : (this with { Metrics = [.. Metrics.Select((m, i) => m.Priced(costs![i]))] }, costs!.Take(costs!.Count - 1).Sum(), null);
    }

    static ExploredMetric Metric(
        List<(ExplorationReport Report, ExploredMetricCount Metric)> of, long total, int unnaming, int maxLabels, int maxValues, bool isProtected)
    {
        // A host that names this metric and not all of them leaves none of it out.
        var missing = unnaming - of.Count(m => m.Report.OtherMetrics > 0);
        var main = of.MaxBy(m => m.Metric.Series).Metric;
        var labels = of.SelectMany(m => m.Metric.Labels).GroupBy(l => (l.Name, l.OfResource)).Select(g => Label([.. g], maxValues))
            .OrderByDescending(l => l.Values).ThenByDescending(l => l.Series).ThenBy(l => l.Name, StringComparer.Ordinal).ToList();
        var series = of.Sum(m => m.Metric.Series);
        return new(main.Name, main.Type, main.Unit, series, PerMinute(of.Select(m => (m.Report, m.Metric.Samples))), null,
            total == 0 ? 0 : 100.0 * series / total, isProtected, of.Count, missing > 0,
            [.. labels.Take(maxLabels)], of.Max(m => m.Metric.OtherLabels) + Math.Max(0, labels.Count - maxLabels));
    }

    static ExploredLabel Label(IReadOnlyList<ExploredLabelCount> of, int maxValues)
    {
        var named = of.SelectMany(l => l.Top).GroupBy(v => v.Value, StringComparer.Ordinal).Select(g => new ExploredValue(g.Key, g.Sum(v => v.Series), null))
            .OrderByDescending(v => v.Series).ThenBy(v => v.Value, StringComparer.Ordinal).ToList();
        var top = named.Take(maxValues).ToList();
        var series = of.Sum(l => l.Series);
        return new(of[0].Name, of[0].OfResource, Math.Max(named.Count, of.Max(l => l.Values)),
            // The only host knows how many it has; of several, those that are not named may be the same ones.
            of.Any(l => l.ValuesAtLeast) || (of.Count > 1 && of.Any(l => l.Values > l.Top.Count)), series, null, top, series - top.Sum(v => v.Series));
    }

    static double? PerMinute(IEnumerable<(ExplorationReport Report, long Samples)> of)
    {
        double sum = 0;
        foreach (var (report, samples) in of)
        {
            if (report.Sample.Seconds <= 0) return null;
            sum += samples * 60 / report.Sample.Seconds;
        }
        return sum;
    }
}

static class ExploredMoney
{
    public static ExploredMetric Priced(this ExploredMetric metric, decimal cost) => metric with
    {
        MonthlyCost = decimal.Round(cost, 4),
        Labels = [.. metric.Labels.Select(l => l with
        {
            MonthlyCost = Of(cost, l.Series, metric.Series), Top = [.. l.Top.Select(v => v with { MonthlyCost = Of(cost, v.Series, metric.Series) })],
        })],
    };

    /// <summary>Whether a metric's name is one of the patterns, in which <c>*</c> is any run of characters.</summary>
    public static Func<string, bool> ProtectedBy(IReadOnlyList<string> patterns)
    {
        var selector = new MetricSelector([.. patterns.Where(p => p.Length > 0)]);
        return name => selector.Matches(Encoding.UTF8.GetBytes(name));
    }

    static decimal Of(decimal cost, long series, long all) => all == 0 ? 0 : decimal.Round(cost * series / all, 4);
}
