using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pricing;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Pricing;
using Wolverine.Http;

namespace Phoenix.Api.Flow;

/// <param name="Price">The price entry that values the rows; null where none was asked for.</param>
/// <param name="PriceProblem">Why there is no money although a price was asked for, as where it bills bytes, which are not told apart; null where there is.</param>
/// <param name="AsOf">The oldest report that counts, by the database's clock; null where there is none.</param>
/// <param name="Hosts">Hosts that are counted: those that reported within 200 seconds.</param>
/// <param name="SilentHosts">All others of the selection that are not decommissioned: what goes through them is not known.</param>
/// <param name="Approximate">Some host has more streams than it can tell apart: its series are an estimate.</param>
/// <param name="Other">What no row names: with the rows it makes the total.</param>
/// <param name="Truncated">
/// Something is in <paramref name="Other"/>: a host names its 50 keys with most series, so that a row is what the hosts that name it say, and may be more.
/// </param>
public sealed record FlowView(
    string? Price, string? Currency, string? PriceProblem, FlowDimension By, DateTimeOffset? AsOf, int Hosts, int SilentHosts, bool Approximate, FlowRow Total,
    IReadOnlyList<FlowRow> Rows, FlowRow Other, bool Truncated);

/// <param name="Key">The name; <c>(none)</c> where a resource has none.</param>
/// <param name="SeriesIn">Classic Prometheus series active in the last window, as they came in.</param>
/// <param name="SeriesOut">The same of what left.</param>
/// <param name="SamplesPerMinuteIn">Classic samples a minute.</param>
/// <param name="MonthlyCostIn">The row's share of the bill if what came in were sent; null without a price.</param>
/// <param name="MonthlyCostOut">The row's share of the bill of what leaves.</param>
public sealed record FlowRow(
    string Key, double SeriesIn, double SeriesOut, double SamplesPerMinuteIn, double SamplesPerMinuteOut, decimal? MonthlyCostIn, decimal? MonthlyCostOut);

public static class FlowEndpoint
{
    public const int MaxRows = 500;

    /// <summary>
    /// What goes through the production collectors now, by metric, service or namespace, and what it costs a month. Each row gets of every line of the bill of
    /// everything that is counted here the share that it has of the line's quantity, so that rows add up to the total whatever the tiers; what else is sent to
    /// the vendor is not known, and a host's minute stands for every minute of the month.
    /// </summary>
    /// <param name="by">What a row is of; metrics where left out.</param>
    /// <param name="price">Id of a price entry, by its price of today; no money where left out.</param>
    /// <param name="selector">Hosts by their labels, as <c>role=web,env!=test</c>; all where left out.</param>
    [WolverineGet("/api/v2/flow"), Tags("Flow"), ProducesResponseType<FlowView>(200), ProducesResponseType(404), ProducesResponseType(422)]
    public static async Task<IResult> Get(
        IQuerySession session, FlowStore flows, TimeProvider clock, FlowDimension? by, string? price, string? selector, CancellationToken cancellation)
    {
        var (labels, invalid) = LabelSelector.Parse(selector);
        if (invalid is not null) return invalid.ToProblem();
        var dimension = by ?? FlowDimension.Metric;
        Price? priced = null;
        if (price is not null)
        {
            var (found, unknown) = (await session.PriceBook(cancellation)).PriceOf(price, clock.Today());
            if (unknown is not null) return unknown.ToProblem();
            priced = found;
        }
        var totals = await flows.Totals(labels!, FlowSettings.Fresh, cancellation);
        var rows = (await flows.Rows(dimension, labels!, FlowSettings.Fresh, MaxRows, cancellation)).Take(MaxRows)
            .Select(r => r.Key.Length == 0 ? r with { Key = "(none)" } : r).ToList();
        var other = totals.Total.Beyond(rows, "other");
        var (into, outOf, problem) = Costs(priced, [.. rows, other], totals.Hosts);
        return TypedResults.Ok(new FlowView(
            price, priced?.Currency, problem?.Detail, dimension, totals.OldestAt, totals.Hosts, totals.SilentHosts, totals.Approximate,
            Row(totals.Total, into?.Sum(), outOf?.Sum()), [.. rows.Select((r, i) => Row(r, into?[i], outOf?[i]))], Row(other, into?[^1], outOf?[^1]),
            other is not { SeriesIn: 0, SeriesOut: 0, SamplesPerMinuteIn: < Negligible, SamplesPerMinuteOut: < Negligible }));
    }

    /// <summary>Rates are quotients: their sums differ in the last digits.</summary>
    const double Negligible = 1e-6;

    static (IReadOnlyList<decimal>? In, IReadOnlyList<decimal>? Out, Rejection? Problem) Costs(Price? price, IReadOnlyList<FlowSum> parts, int hosts)
    {
        if (price is null) return (null, null, null);
        var (into, problem) = BillShares.Of(price, [.. parts.Select(p => p.In)], hosts);
        if (problem is not null) return (null, null, problem);
        var (outOf, other) = BillShares.Of(price, [.. parts.Select(p => p.Out)], hosts);
        return other is null ? (into, outOf, null) : (null, null, other);
    }

    static FlowRow Row(FlowSum sum, decimal? into, decimal? outOf) => new(
        sum.Key, sum.SeriesIn, sum.SeriesOut, sum.SamplesPerMinuteIn, sum.SamplesPerMinuteOut, Rounded(into), Rounded(outOf));

    static decimal? Rounded(decimal? cost) => cost is { } known ? decimal.Round(known, 4) : null;
}
