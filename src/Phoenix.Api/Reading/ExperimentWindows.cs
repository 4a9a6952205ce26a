using System.Globalization;
using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pricing;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Pricing;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <param name="Next">As <c>after</c> of the next page; null on the last, and where <c>points</c> were asked for.</param>
/// <param name="Windows">Windows recorded so far, whether they are in this answer or not.</param>
/// <param name="Thinned">Some windows are left out, because fewer points were asked for than there are windows.</param>
/// <param name="PriceEntry">What values the difference.</param>
/// <param name="PricedOn">Day of the price.</param>
/// <param name="NoSaving">Why no window has a saving, or why savings have no bounds; null where they have both.</param>
public sealed record ExperimentWindowsView(
    IReadOnlyList<ExperimentWindowView> Items, string? Next, int Windows, bool Thinned, string PriceEntry, DateOnly PricedOn, string? NoSaving);

/// <summary>A window, and what all windows up to it come to.</summary>
/// <param name="At">When it was recorded.</param>
/// <param name="Hosts">Hosts whose window is in the sums; 0 where none counts.</param>
/// <param name="Void">No host's window counts: there are no sums.</param>
/// <param name="VoidHosts">Windows of single hosts that said nothing.</param>
/// <param name="Counts">It is evidence: measured after the warm-up.</param>
/// <param name="ReductionPct">Of live series in this window alone; null where the baseline sent nothing.</param>
/// <param name="Evidence">Of the windows that count, up to this one; null before the first.</param>
/// <param name="Claims">As they stood after this window; none before the first one that counts.</param>
/// <param name="Saving">In money a month, as it stood after this window; null where nothing can be priced.</param>
public sealed record ExperimentWindowView(
    int Number, DateTimeOffset At, int Hosts, double Seconds, bool Void, int VoidHosts, bool Counts, ArmTotals? Baseline, ArmTotals? Candidate, double? ReductionPct,
    ReductionsView? Evidence, IReadOnlyList<ClaimJudged> Claims, SavingInterval? Saving);

public sealed record ReductionsView(double SeriesReductionPct, double LiveSeriesReductionPct, double PointsReductionPct);

/// <param name="Low">By the interval of the hosts' claim, through the same bills as the estimate; null while there is none, or where the price counts no series.</param>
/// <param name="Estimate">By what was observed.</param>
public sealed record SavingInterval(decimal? Low, decimal? High, decimal Estimate, string Currency);

public static class ExperimentWindowsEndpoint
{
    public const int MaxPoints = 2_000;

    /// <summary>
    /// The experiment window by window, with what could be claimed after each, from its own events. Either pages (<c>after</c>, <c>limit</c>), or at most <c>points</c> windows of
    /// all, evenly chosen (of more than 4,000 as evenly as every second, fourth, … window allows), the last always among them: enough for a chart.
    /// </summary>
    /// <param name="on">Day of the price; today where left out.</param>
    [WolverineGet("/api/v2/experiments/{id}/windows"), Tags("Experiments"), ProducesResponseType<ExperimentWindowsView>(200), ProducesResponseType(404), ProducesResponseType(422)]
    public static async Task<IResult> Get(
        Guid id, IQuerySession session, ExperimentHistories histories, TimeProvider clock, string? after, int? limit, int? points, DateOnly? on, CancellationToken cancellation)
    {
        if (points is < 2 or > MaxPoints) return Problems.Of(422, "points-invalid", $"A chart has 2 to {MaxPoints} points.", "points");
        var since = 0L;
        if (!string.IsNullOrEmpty(after) && !long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out since))
            return Problems.Of(422, "cursor-invalid", "'after' is what 'next' of an earlier page said.", "after");
        if (await histories.Read(id, h => new Found(h.Count, h.Version, points is { } most ? h.Spread(most) : [], points is null ? h.Before(since)?.Window : null), cancellation) is not { } found)
            return Problems.NotFound("experiment", id);
        var day = on ?? clock.Today();
        var priced = await SavingsOf(session, id, day, cancellation);
        var (shown, next) = points is null ? await Page(histories, id, found, since, Paging.Limit(limit), cancellation) : (found.Spread, null);
        List<ExperimentWindowView> items = [.. shown.Select(w => View(w, priced))];
        return TypedResults.Ok(new ExperimentWindowsView(
            items, next, found.Windows, points is not null && shown.Count < found.Windows, priced.Entry, day, priced.Problem ?? WhyNoBounds(shown, priced)));
    }

    /// <summary>How windows of an experiment are priced.</summary>
    /// <param name="Problem">Why they are not; null where there is a price.</param>
    internal sealed record WindowPrice(string Entry, Price? Price, string? Problem);

    internal static async Task<WindowPrice> SavingsOf(IQuerySession session, Guid id, DateOnly day, CancellationToken cancellation)
    {
        var entry = (await session.LoadAsync<Experiment>(id, cancellation))!.PriceEntry;
        var (price, unknown) = (await session.PriceBook(cancellation)).PriceOf(entry, day);
        return new(entry, price, unknown?.Detail ?? price!.Problem()?.Detail);
    }

    internal static ExperimentWindowView View(ReplayedWindow w, WindowPrice priced)
    {
        var (m, x) = (w.Measured, w.After);
        var counted = x.Evidence.Windows > 0;
        var evidence = counted ? x.Evidence.Summary() : null;
        var claims = counted ? Verdicts.Claims(x) : [];
        return new(
            w.Number, w.At, m?.Hosts ?? 0, m?.Seconds ?? 0, m is null, w.VoidHosts, w.Counts, m?.Baseline, m?.Candidate,
            m is { Baseline.SeriesActive: > 0 } ? Evidence.ReductionPct(m.Baseline.SeriesActive, m.Candidate.SeriesActive) : null,
            evidence is null ? null : new(evidence.SeriesReductionPct, evidence.LiveSeriesReductionPct, evidence.PointsReductionPct), claims,
            Saving(x, claims, priced) is { } s ? new(s.Lower, s.Upper, s.PerMonth, s.Currency) : null);
    }

    static MarginalSaving? Saving(Experiment x, IReadOnlyList<ClaimJudged> claims, WindowPrice priced) =>
        priced is { Price: { } price, Problem: null } && x.Evidence.Windows > 0
            ? MeasuredCost.Saving(price, x.Evidence, x.Hosts.Count, claims.FirstOrDefault(c => c.Claim == VerdictClaim.Hosts)).Saving
            : null;

    static string? WhyNoBounds(IReadOnlyList<ReplayedWindow> shown, WindowPrice priced)
    {
        if (shown is not [.., var last] || priced.Price is not { } price || last.After.Evidence.Windows == 0) return "no window counts as evidence yet";
        var claim = Verdicts.Claims(last.After).FirstOrDefault(c => c.Claim == VerdictClaim.Hosts);
        var (saving, rejection) = MeasuredCost.Saving(price, last.After.Evidence, last.After.Hosts.Count, claim);
        return rejection?.Detail ?? (saving!.Lower is not null ? null
            : claim?.LowerPct is null ? $"the reduction has no interval yet: {string.Join("; ", claim?.Missing ?? [])}"
            : saving.Gaps[^1]);
    }

    /// <param name="Version">Number of the last event that it rests on.</param>
    /// <param name="Start">The window from which those of the page are reached; null from the beginning.</param>
    sealed record Found(int Windows, long Version, IReadOnlyList<ReplayedWindow> Spread, ReplayedWindow? Start);

    /// <summary>The windows after an event, by the events from the kept window before it on.</summary>
    static async Task<(IReadOnlyList<ReplayedWindow> Shown, string? Next)> Page(
        ExperimentHistories histories, Guid id, Found found, long after, int limit, CancellationToken cancellation)
    {
        var replay = WindowReplay.After(found.Start);
        List<ReplayedWindow> shown = [];
        await foreach (var e in histories.Events(id, replay.Version + 1, found.Version, cancellation))
            // One more than asked: it says that there is a next page.
            if (replay.Add(e) is { } window && window.LastVersion > after)
            {
                shown.Add(window);
                if (shown.Count > limit) break;
            }
        if (shown.Count <= limit && replay.Open is { } open && open.LastVersion > after) shown.Add(open);
        var page = Paging.Of(shown, limit, w => w.LastVersion.ToString(CultureInfo.InvariantCulture));
        return (page.Items, page.Next);
    }
}
