using Marten;
using Phoenix.Domain.Pricing;
using Wolverine.Http;

namespace Phoenix.Api.Pricing;

/// <summary>What the contract says about one line of the bill; what is left out stays as the price entry says.</summary>
public sealed record TermsRequest(PriceMeter? Meter, TierRequest[]? Tiers, double? Included, double? IncludedPerHost, double? Scale);

/// <summary>What the operator's contract says instead of a list price, for some days.</summary>
/// <param name="Entry">Id of the price entry.</param>
/// <param name="ValidUntil">Last day; left out while it is in force.</param>
/// <param name="Currency">ISO 4217; the entry's, where that has one.</param>
/// <param name="Source">Such as the contract's number.</param>
/// <param name="DiscountPct">Off every line of usage, after tiers and allowances.</param>
/// <param name="MinimumPerMonth">Committed for usage: less is not billed, whatever is used.</param>
/// <param name="SelfHosted">Own figures of a self-hosted database.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record ContractRequest(
    string? Entry, DateOnly? ValidFrom, DateOnly? ValidUntil, string? Currency, string? Source, TermsRequest[]? Charges, decimal? DiscountPct,
    decimal? PlatformFee, decimal? MinimumPerMonth, SelfHostedFigures? SelfHosted, string? Reason)
{
    public ContractOverride ToOverride(string id, DateOnly today) => new(
        id, Entry ?? "", ValidFrom ?? today, ValidUntil, Currency ?? "", Source ?? "",
        [.. (Charges ?? []).Where(c => c is not null).Select(c => new ChargeTerms(
            c.Meter ?? (PriceMeter)(-1), c.Tiers is null ? null : [.. c.Tiers.Select(t => new PriceTier(t.From, t.PerUnit))], c.Included, c.IncludedPerHost, c.Scale))],
        DiscountPct, PlatformFee, MinimumPerMonth, SelfHosted);
}

public static class ContractEndpoints
{
    /// <summary>Contracts by id.</summary>
    [WolverineGet("/api/v2/contracts"), Tags("Prices")]
    public static async Task<IReadOnlyList<ContractOverride>> List(IQuerySession session, CancellationToken cancellation) =>
        [.. (await session.PriceBook(cancellation)).Overrides.OrderBy(o => o.Id, StringComparer.Ordinal)];

    /// <summary>Writes down what a contract says, or corrects it. Of one day no two contracts may say the same thing.</summary>
    [WolverinePut("/api/v2/contracts/{id}"), Tags("Prices"), ProducesResponseType<ContractOverride>(200)]
    public static Task<IResult> Put(
        string id, ContractRequest command, IDocumentSession session, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        var contract = command.ToOverride(id, clock.Today());
        return PriceBooks.Change(session, http, command.Reason,
            book => book.Overrides.Any(o => o.Id == id) ? PriceBookDecisions.CorrectOverride(book, contract) : PriceBookDecisions.SetOverride(book, contract),
            () => TypedResults.Ok(contract), cancellation);
    }

    /// <summary>The list price holds again.</summary>
    [WolverineDelete("/api/v2/contracts/{id}"), Tags("Prices"), ProducesResponseType(204)]
    public static Task<IResult> Remove(string id, [FromQuery] string? reason, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        PriceBooks.Change(session, http, reason, book => PriceBookDecisions.RemoveOverride(book, id), () => TypedResults.NoContent(), cancellation);
}
