using Marten;
using Phoenix.Api.Identity;
using Phoenix.Api.Reading;
using Phoenix.Domain;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Pricing;

/// <param name="From">Units a month from which the rate holds; the first tier begins at 0.</param>
public sealed record TierRequest(double? From, decimal? PerUnit)
{
    /// <summary>A rate that was left out, or misspelt, is no price of nothing.</summary>
    public static (IReadOnlyList<PriceTier>? Tiers, Rejection? Rejection) All(TierRequest?[] tiers) =>
        tiers.Any(t => t is not { From: not null, PerUnit: not null })
            ? (null, Rejection.Invalid("price-tiers-invalid", "charges.tiers", "A tier says 'from', the units a month at which it begins, and 'perUnit', what a unit costs."))
            : ([.. tiers.Select(t => new PriceTier(t!.From!.Value, t.PerUnit!.Value))], null);
}

public sealed record MultipliersRequest(double? Histogram, double? Distribution, double? DistributionWithPercentiles);

/// <param name="Tiers">Rising; empty where the vendor publishes no price and a contract has to say it.</param>
/// <param name="Included">Units a month that cost nothing.</param>
/// <param name="IncludedPerHost">The same for each host.</param>
/// <param name="Multipliers">As how many series one of each kind counts; a kind that is left out counts as one.</param>
/// <param name="PointsPerSeries">Points per minute that a series includes; of <c>percentileSeriesOrPoints</c>.</param>
/// <param name="Scale">The vendor's units for one that Phoenix measured; 1 where left out.</param>
public sealed record ChargeRequest(
    PriceMeter? Meter, TierRequest?[]? Tiers, double? Included, double? IncludedPerHost, MultipliersRequest? Multipliers, double? PointsPerSeries, double? Scale)
{
    public (Charge? Charge, Rejection? Rejection) ToCharge()
    {
        if (Meter is not { } meter) return (null, Rejection.Invalid("price-charges-invalid", "charges.meter", "A charge says what is metered."));
        var (tiers, wrong) = TierRequest.All(Tiers ?? []);
        return wrong is not null ? (null, wrong) : (new(meter, tiers!, Included ?? 0, IncludedPerHost ?? 0,
            Multipliers is { } m ? new(m.Histogram ?? 1, m.Distribution ?? 1, m.DistributionWithPercentiles ?? 1) : null, PointsPerSeries ?? 1, Scale ?? 1), null);
    }
}

/// <summary>How a plan is priced for some days.</summary>
/// <param name="Id">The plan, kebab-case; what experiments name.</param>
/// <param name="ValidUntil">Last day; left out while it is in force.</param>
/// <param name="Currency">ISO 4217; left out where the contract says it.</param>
/// <param name="AsOf">When the source was read; today where left out.</param>
/// <param name="Source">Where the figures come from, and what of the bill is not in them.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record PriceEntryRequest(
    string? Id, string? Vendor, string? Name, DateOnly? ValidFrom, DateOnly? ValidUntil, ChargeRequest?[]? Charges, string? Currency, decimal? PlatformFee,
    DateOnly? AsOf, string? Source, Confidence? FormulaConfidence, Confidence? Confidence, string? Reason)
{
    /// <param name="id">Where the request says none.</param>
    public (PriceEntry? Entry, Rejection? Rejection) ToEntry(string? id, DateOnly validFrom, DateOnly today)
    {
        List<Charge> charges = [];
        foreach (var request in Charges ?? [])
        {
            if (request is null) return (null, Rejection.Invalid("price-charges-invalid", "charges", "A charge is missing."));
            var (charge, wrong) = request.ToCharge();
            if (wrong is not null) return (null, wrong);
            charges.Add(charge!);
        }
        return (new(Id ?? id ?? "", Vendor ?? "", Name ?? "", ValidFrom ?? validFrom, ValidUntil, charges, Currency, PlatformFee ?? 0, AsOf ?? today, Source ?? "",
            FormulaConfidence ?? Domain.Pricing.Confidence.Medium, Confidence ?? Domain.Pricing.Confidence.Medium), null);
    }
}

public static class PriceEntryEndpoints
{
    /// <summary>The price book: every entry, or those of one day.</summary>
    [WolverineGet("/api/v2/prices"), Tags("Prices")]
    public static async Task<Page<PriceEntry>> List(IQuerySession session, DateOnly? on, CancellationToken cancellation) =>
        new([.. (await session.PriceBook(cancellation)).Entries.Where(e => on is not { } day || e.IsValidOn(day))
            .OrderBy(e => e.Id, StringComparer.Ordinal).ThenBy(e => e.ValidFrom)], null);

    /// <summary>Adds a price. Entries of one plan follow each other; their days never overlap.</summary>
    [WolverinePost("/api/v2/prices"), RequireRole(Roles.Admin), Tags("Prices"), ProducesResponseType<PriceEntry>(201)]
    public static Task<IResult> Add(
        PriceEntryRequest command, IDocumentSession session, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        var (entry, wrong) = command.ToEntry(null, clock.Today(), clock.Today());
        return PriceBooks.Change(session, http, command.Reason, book => wrong is not null ? wrong : PriceBookDecisions.AddEntry(book, entry!),
            () => TypedResults.Created($"/api/v2/prices/{entry!.Id}/{entry.ValidFrom:yyyy-MM-dd}", entry), cancellation);
    }

    /// <summary>Replaces the entry that is valid from that day, such as to end it; the plan's id stays. What was priced by it keeps its figures.</summary>
    [WolverinePut("/api/v2/prices/{id}/{validFrom}"), RequireRole(Roles.Admin), Tags("Prices"), ProducesResponseType<PriceEntry>(200)]
    public static Task<IResult> Correct(
        string id, DateOnly validFrom, PriceEntryRequest command, IDocumentSession session, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        var (entry, wrong) = command.ToEntry(id, validFrom, clock.Today());
        return PriceBooks.Change(session, http, command.Reason, book => wrong is not null ? wrong : PriceBookDecisions.CorrectEntry(book, id, validFrom, entry!),
            () => TypedResults.Ok(entry), cancellation);
    }

    /// <summary>Takes an entry out. What was priced by it keeps its figures.</summary>
    [WolverineDelete("/api/v2/prices/{id}/{validFrom}"), RequireRole(Roles.Admin), Tags("Prices"), ProducesResponseType(204)]
    public static Task<IResult> Remove(
        string id, DateOnly validFrom, [FromQuery] string? reason, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        PriceBooks.Change(session, http, reason, book => PriceBookDecisions.RemoveEntry(book, id, validFrom), () => TypedResults.NoContent(), cancellation);
}
