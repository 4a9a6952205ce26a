using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pricing;
using Phoenix.Domain;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Usage;
using Wolverine.Http;

namespace Phoenix.Api.Usage;

/// <param name="Price">The price entry that values every day, each by its price of that day.</param>
/// <param name="Until">The last day that was added up; null where none was. A day is added up two hours after its end (UTC).</param>
/// <param name="Overlapping">Rows of host groups overlap: their sum can be more than the total, which counts each host once.</param>
/// <param name="Total">Of the days asked for.</param>
/// <param name="ThisMonth">Since the first of the month (UTC).</param>
/// <param name="SinceBeginning">Of every day that was recorded and can be priced; <paramref name="Gaps"/> names the others.</param>
/// <param name="Gaps">What the figures do not know.</param>
public sealed record LedgerView(
    string Price, string? Currency, LedgerDimension By, DateOnly From, DateOnly To, DateOnly? Until, bool Overlapping, IReadOnlyList<LedgerRow> Rows,
    LedgerRow Total, LedgerRow ThisMonth, LedgerRow SinceBeginning, IReadOnlyList<string> Gaps);

public static class LedgerEndpoint
{
    const int UsualDays = 30;

    const int MostNamed = 10;

    /// <summary>What lies outside is a mistyped year, and near the ends of the calendar no day can be added to.</summary>
    static readonly DateOnly EarliestDay = new(2000, 1, 1), LatestDay = new(2199, 12, 31);

    /// <summary>
    /// The savings ledger: what production pipelines sent by day (UTC), what they would have sent with the pipelines before, and what both is worth at the
    /// margin. After a promotion it goes on from the collectors' own input counters. Computed from events alone.
    /// </summary>
    /// <param name="from">First day; 30 days before the last where left out.</param>
    /// <param name="to">Last day; today where left out.</param>
    /// <param name="by">What a row is of; days where left out.</param>
    /// <param name="price">Id of a price entry. May be left out where every experiment in the ledger was valued by the same one.</param>
    [WolverineGet("/api/v2/savings/ledger"), Tags("Savings"), ProducesResponseType<LedgerView>(200), ProducesResponseType(409), ProducesResponseType(422)]
    public static async Task<IResult> Get(
        IQuerySession session, TimeProvider clock, DateOnly? from, DateOnly? to, LedgerDimension? by, string? price, CancellationToken cancellation) =>
        await Of(session, clock, from, to, by, price, cancellation) is var (ledger, problem) && problem is not null ? problem : TypedResults.Ok(ledger);

    internal static async Task<(LedgerView? Ledger, IResult? Problem)> Of(
        IQuerySession session, TimeProvider clock, DateOnly? from, DateOnly? to, LedgerDimension? by, string? price, CancellationToken cancellation)
    {
        var (first, last, wrongDays) = Days(clock, from, to);
        if (wrongDays is not null) return (null, wrongDays);
        var today = clock.Today();
        var (entry, unclear) = await Entry(price, session, cancellation);
        if (unclear is not null) return (null, unclear.ToProblem());
        var book = await session.PriceBook(cancellation);
        var month = new DateOnly(today.Year, today.Month, 1);
        var recorded = await session.Query<UsageDay>().Where(d => (d.Day >= first && d.Day <= last) || d.Day >= month).ToListAsync(cancellation);
        var (cells, currency, wrong) = Priced(recorded, entry!, book);
        if (wrong is not null) return (null, wrong.ToProblem());
        var asked = cells.Where(c => c.Day >= first && c.Day <= last).ToList();
        var until = await LastDay(session, cancellation);
        var (others, unpriced) = await Before(session, recorded.Select(d => d.Day).ToHashSet(), until, entry!, book, currency, cancellation);
        var dimension = by ?? LedgerDimension.Day;
        return (new(
            entry!, currency, dimension, first, last, until, dimension == LedgerDimension.Group, LedgerTotals.By(dimension, asked), LedgerTotals.Total(asked),
            LedgerTotals.Total([.. cells.Where(c => c.Day >= month)]), others.Aggregate(LedgerTotals.Total(cells), (sum, o) => sum.And(o)), [.. Gaps(asked, unpriced)]), null);
    }

    /// <summary>The days that are asked for, the usual ones where they are left out; or 422 where they are none that can be.</summary>
    internal static (DateOnly First, DateOnly Last, IResult? Wrong) Days(TimeProvider clock, DateOnly? from, DateOnly? to)
    {
        foreach (var (field, day) in (ReadOnlySpan<(string, DateOnly?)>)[("from", from), ("to", to)])
            if (day < EarliestDay || day > LatestDay)
                return (default, default, Problems.Of(422, "days-invalid", $"Days lie between {EarliestDay:yyyy-MM-dd} and {LatestDay:yyyy-MM-dd}; '{field}' is {day:yyyy-MM-dd}.", field));
        var last = to ?? clock.Today();
        var first = from ?? last.AddDays(-UsualDays);
        return last < first
            ? (default, default, Problems.Of(422, "days-invalid", $"The last day, {last:yyyy-MM-dd}, lies before the first, {first:yyyy-MM-dd}.", "to"))
            : (first, last, null);
    }

    /// <summary>The last day that was added up; null where none was.</summary>
    internal static async Task<DateOnly?> LastDay(IQuerySession session, CancellationToken cancellation) =>
        (await session.Query<UsageDay>().OrderByDescending(d => d.Day).FirstOrDefaultAsync(cancellation))?.Day;

    /// <summary>Totals of all other days, a month at a time: of years there is more than should be held at once. Days that cannot be priced are named.</summary>
    static async Task<(IReadOnlyList<LedgerRow> Totals, IReadOnlyList<DateOnly> Unpriced)> Before(
        IQuerySession session, HashSet<DateOnly> known, DateOnly? until, string entry, PriceBook book, string? currency, CancellationToken cancellation)
    {
        List<LedgerRow> totals = [];
        List<DateOnly> unpriced = [];
        for (var end = until?.AddDays(1); end is { } next;)
        {
            // Where nothing was recorded for years nothing is asked for them.
            if (await session.Query<UsageDay>().Where(d => d.Day < next).OrderByDescending(d => d.Day).FirstOrDefaultAsync(cancellation) is not { Day: var newest }) break;
            var begin = new DateOnly(newest.Year, newest.Month, 1);
            var days = (await session.Query<UsageDay>().Where(d => d.Day >= begin && d.Day <= newest).ToListAsync(cancellation)).Where(d => !known.Contains(d.Day));
            var priced = PricedWherePossible(days, entry, book, currency);
            currency = priced.Currency;
            totals.Add(LedgerTotals.Total(priced.Cells));
            unpriced.AddRange(priced.Unpriced);
            end = begin;
        }
        return (totals, unpriced);
    }

    internal static async Task<(string? Entry, Rejection? Rejection)> Entry(string? price, IQuerySession session, CancellationToken cancellation)
    {
        if (price is not null) return (price, null);
        var table = session.DocumentStore.Options.Schema.For<UsageDay>();
        var used = (await session.AdvancedSql.QueryAsync<string>(
            $"select distinct c->'experiment'->>'priceEntry' from {table} d, jsonb_array_elements(d.data->'cells') c where c->'experiment'->>'priceEntry' is not null", cancellation))
            .Order(StringComparer.Ordinal).ToList();
        return used is [var one]
            ? (one, null)
            : (null, Rejection.Conflict("price-unclear", used.Count == 0
                ? "No day is recorded of a pipeline that an experiment made production, so that nothing says by which price to reckon: give 'price', the id of a price entry."
                : $"Experiments in the ledger are valued by {string.Join(", ", used)}: give one of them, or another, as 'price'."));
    }

    /// <summary>Days that have a price in the currency, or where it is null in that of the newest one that has a price; and those that have none.</summary>
    internal static (IReadOnlyList<LedgerCell> Cells, IReadOnlyList<DateOnly> Unpriced, string? Currency) PricedWherePossible(
        IEnumerable<UsageDay> recorded, string entry, PriceBook book, string? currency)
    {
        List<LedgerCell> cells = [];
        List<DateOnly> unpriced = [];
        foreach (var day in recorded.GroupBy(d => d.Day).OrderByDescending(d => d.Key))
        {
            var (priced, of, wrong) = Priced(day, entry, book);
            if (wrong is not null || (currency is not null && of != currency))
            {
                unpriced.Add(day.Key);
                continue;
            }
            currency = of;
            cells.AddRange(priced);
        }
        return (cells, unpriced, currency);
    }

    /// <summary>Every day by its own price.</summary>
    internal static (IReadOnlyList<LedgerCell> Cells, string? Currency, Rejection? Rejection) Priced(IEnumerable<UsageDay> recorded, string entry, PriceBook book)
    {
        List<LedgerCell> cells = [];
        string? currency = null;
        foreach (var day in recorded.GroupBy(d => d.Day).OrderBy(d => d.Key))
        {
            var (price, unknown) = book.PriceOf(entry, day.Key);
            if (unknown is not null) return ([], null, unknown);
            if (currency is not null && price!.Currency != currency)
                return ([], null, Rejection.Conflict("currency-differs", $"'{entry}' is in {currency} before {day.Key:yyyy-MM-dd} and in {price.Currency} from then on; ask for the days of one."));
            currency = price!.Currency;
            var (priced, wrong) = SavingsLedger.Price(day.Key, [.. day.OrderBy(d => d.Id).SelectMany(d => d.Cells.Select(c => (d.Pipeline, c)))], price);
            if (wrong is not null) return ([], null, wrong);
            cells.AddRange(priced!);
        }
        return (cells, currency, null);
    }

    static IEnumerable<string> Gaps(List<LedgerCell> cells, IReadOnlyList<DateOnly> unpriced)
    {
        if (unpriced.Count > 0)
            yield return $"{unpriced.Count} days have no price, or one in another currency, and are not in 'sinceBeginning': " +
                $"{string.Join(", ", unpriced.Order().Take(MostNamed).Select(d => d.ToString("yyyy-MM-dd", null)))}{(unpriced.Count > MostNamed ? " and later ones" : "")}; add prices that hold on them";
        yield return "what else is sent to the vendor is not known: tiers and allowances are counted as if this were all";
        yield return "each day is priced as if every day of its month were like it";
        if (cells.Any(c => c.Cell is { Experiment: not null, Before: null }))
            yield return "of some promoted pipelines the experiment's windows did not tell what came in, so that nothing is claimed for them";
        if (cells.Any(c => c.Cell.Experiment is null)) yield return "pipelines that no experiment made production are in the cost, and nothing is claimed for them";
        if (cells.Sum(c => c.Cell.MissedWindows) is > 0 and var missed) yield return $"{missed} windows were missed by agents; nothing stands for them";
    }
}
