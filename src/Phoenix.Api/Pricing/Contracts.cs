using Marten;
using Phoenix.Api.Identity;
using Phoenix.Domain;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Pricing;

/// <summary>What the contract says about one line of the bill; what is left out stays as the price entry says.</summary>
public sealed record TermsRequest(PriceMeter? Meter, TierRequest?[]? Tiers, double? Included, double? IncludedPerHost, double? Scale);

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
    string? Entry, DateOnly? ValidFrom, DateOnly? ValidUntil, string? Currency, string? Source, TermsRequest?[]? Charges, decimal? DiscountPct,
    decimal? PlatformFee, decimal? MinimumPerMonth, SelfHostedRequest? SelfHosted, string? Reason)
{
    public (ContractOverride? Contract, Rejection? Rejection) ToOverride(string id, DateOnly today)
    {
        List<ChargeTerms> charges = [];
        foreach (var request in Charges ?? [])
        {
            if (request is not { Meter: { } meter }) return (null, Rejection.Invalid("price-charges-invalid", "charges.meter", "Terms say of which meter they are."));
            var (tiers, wrong) = request.Tiers is null ? (null, null) : TierRequest.All(request.Tiers);
            if (wrong is not null) return (null, wrong);
            charges.Add(new(meter, tiers, request.Included, request.IncludedPerHost, request.Scale));
        }
        if (SelfHosted is not (null or { BytesPerSample: not null, RetentionDays: not null, MemoryBytesPerSeries: not null, CoresPerMillionSamplesPerSecond: not null, Replicas: not null }))
            return (null, Rejection.Invalid("self-hosted-figures-invalid", "selfHosted", "An own database is said in full: bytesPerSample, retentionDays, memoryBytesPerSeries, coresPerMillionSamplesPerSecond and replicas."));
        return (new(id, Entry ?? "", ValidFrom ?? today, ValidUntil, Currency ?? "", Source ?? "", charges, DiscountPct, PlatformFee, MinimumPerMonth,
            SelfHosted is { } own ? new(own.BytesPerSample!.Value, own.RetentionDays!.Value, own.MemoryBytesPerSeries!.Value, own.CoresPerMillionSamplesPerSecond!.Value, own.Replicas!.Value) : null), null);
    }
}

/// <summary>Own figures of a self-hosted database, all of them.</summary>
/// <param name="BytesPerSample">On disk, index included.</param>
/// <param name="MemoryBytesPerSeries">Resident memory for each active series.</param>
/// <param name="CoresPerMillionSamplesPerSecond">For ingestion.</param>
/// <param name="Replicas">Copies that are kept.</param>
public sealed record SelfHostedRequest(
    double? BytesPerSample, double? RetentionDays, double? MemoryBytesPerSeries, double? CoresPerMillionSamplesPerSecond, int? Replicas);

public static class ContractEndpoints
{
    /// <summary>Contracts by id.</summary>
    [WolverineGet("/api/v2/contracts"), Tags("Prices")]
    public static async Task<IReadOnlyList<ContractOverride>> List(IQuerySession session, CancellationToken cancellation) =>
        [.. (await session.PriceBook(cancellation)).Overrides.OrderBy(o => o.Id, StringComparer.Ordinal)];

    /// <summary>Writes down what a contract says, or corrects it. Of one day no two contracts may say the same thing.</summary>
    [WolverinePut("/api/v2/contracts/{id}"), RequireRole(Roles.Admin), Tags("Prices"), ProducesResponseType<ContractOverride>(200)]
    public static Task<IResult> Put(
        string id, ContractRequest command, IDocumentSession session, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        var (contract, wrong) = command.ToOverride(id, clock.Today());
        return PriceBooks.Change(session, http, command.Reason,
            book => wrong is not null ? wrong
                : book.Overrides.Any(o => o.Id == id) ? PriceBookDecisions.CorrectOverride(book, contract!) : PriceBookDecisions.SetOverride(book, contract!),
            () => TypedResults.Ok(contract), cancellation);
    }

    /// <summary>The list price holds again.</summary>
    [WolverineDelete("/api/v2/contracts/{id}"), RequireRole(Roles.Admin), Tags("Prices"), ProducesResponseType(204)]
    public static Task<IResult> Remove(string id, [FromQuery] string? reason, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        PriceBooks.Change(session, http, reason, book => PriceBookDecisions.RemoveOverride(book, id), () => TypedResults.NoContent(), cancellation);
}
