using Marten;
using Phoenix.Api.Reading;
using Phoenix.Domain.Pricing;
using Wolverine.Http;

namespace Phoenix.Api.Pricing;

/// <param name="From">Units a month from which the rate holds; the first tier begins at 0.</param>
public sealed record TierRequest(double From, decimal PerUnit);

/// <param name="Tiers">Rising; empty where the vendor publishes no price and a contract has to say it.</param>
/// <param name="Included">Units a month that cost nothing.</param>
/// <param name="IncludedPerHost">The same for each host.</param>
/// <param name="PointsPerSeries">Points per minute that a series includes; of <c>percentileSeriesOrPoints</c>.</param>
/// <param name="Scale">The vendor's units for one that Phoenix measured; 1 where left out.</param>
public sealed record ChargeRequest(
    PriceMeter? Meter, TierRequest[]? Tiers, double? Included, double? IncludedPerHost, SeriesMultipliers? Multipliers, double? PointsPerSeries, double? Scale)
{
    public Charge ToCharge() => new(
        // A meter that was left out is none of those that there are, and is refused as such.
        Meter ?? (PriceMeter)(-1), [.. (Tiers ?? []).Select(t => new PriceTier(t.From, t.PerUnit))], Included ?? 0, IncludedPerHost ?? 0, Multipliers,
        PointsPerSeries ?? 1, Scale ?? 1);
}

/// <summary>How a plan is priced for some days.</summary>
/// <param name="Id">The plan, kebab-case; what experiments name.</param>
/// <param name="ValidUntil">Last day; left out while it is in force.</param>
/// <param name="Currency">ISO 4217; left out where the contract says it.</param>
/// <param name="AsOf">When the source was read; today where left out.</param>
/// <param name="Source">Where the figures come from, and what of the bill is not in them.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record PriceEntryRequest(
    string? Id, string? Vendor, string? Name, DateOnly? ValidFrom, DateOnly? ValidUntil, ChargeRequest[]? Charges, string? Currency, decimal? PlatformFee,
    DateOnly? AsOf, string? Source, Confidence? FormulaConfidence, Confidence? Confidence, string? Reason)
{
    public PriceEntry ToEntry(DateOnly today) => new(
        Id ?? "", Vendor ?? "", Name ?? "", ValidFrom ?? today, ValidUntil, [.. (Charges ?? []).Where(c => c is not null).Select(c => c.ToCharge())], Currency,
        PlatformFee ?? 0, AsOf ?? today, Source ?? "", FormulaConfidence ?? Domain.Pricing.Confidence.Medium, Confidence ?? Domain.Pricing.Confidence.Medium);
}

public static class PriceEntryEndpoints
{
    /// <summary>The price book: every entry, or those of one day.</summary>
    [WolverineGet("/api/v2/prices"), Tags("Prices")]
    public static async Task<Page<PriceEntry>> List(IQuerySession session, DateOnly? on, CancellationToken cancellation) =>
        new([.. (await session.PriceBook(cancellation)).Entries.Where(e => on is not { } day || e.IsValidOn(day))
            .OrderBy(e => e.Id, StringComparer.Ordinal).ThenBy(e => e.ValidFrom)], null);

    /// <summary>Adds a price. Entries of one plan follow each other; their days never overlap.</summary>
    [WolverinePost("/api/v2/prices"), Tags("Prices"), ProducesResponseType<PriceEntry>(201)]
    public static Task<IResult> Add(
        PriceEntryRequest command, IDocumentSession session, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        var entry = command.ToEntry(clock.Today());
        return PriceBooks.Change(session, http, command.Reason, book => PriceBookDecisions.AddEntry(book, entry),
            () => TypedResults.Created($"/api/v2/prices/{entry.Id}/{entry.ValidFrom:yyyy-MM-dd}", entry), cancellation);
    }

    /// <summary>Replaces the entry that is valid from that day, such as to end it; the plan's id stays. What was priced by it keeps its figures.</summary>
    [WolverinePut("/api/v2/prices/{id}/{validFrom}"), Tags("Prices"), ProducesResponseType<PriceEntry>(200)]
    public static Task<IResult> Correct(
        string id, DateOnly validFrom, PriceEntryRequest command, IDocumentSession session, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        var entry = command.ToEntry(clock.Today()) with { Id = command.Id ?? id, ValidFrom = command.ValidFrom ?? validFrom };
        return PriceBooks.Change(session, http, command.Reason, book => PriceBookDecisions.CorrectEntry(book, id, validFrom, entry),
            () => TypedResults.Ok(entry), cancellation);
    }

    /// <summary>Takes an entry out. What was priced by it keeps its figures.</summary>
    [WolverineDelete("/api/v2/prices/{id}/{validFrom}"), Tags("Prices"), ProducesResponseType(204)]
    public static Task<IResult> Remove(
        string id, DateOnly validFrom, [FromQuery] string? reason, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        PriceBooks.Change(session, http, reason, book => PriceBookDecisions.RemoveEntry(book, id, validFrom), () => TypedResults.NoContent(), cancellation);
}
