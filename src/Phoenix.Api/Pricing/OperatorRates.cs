using Marten;
using Phoenix.Api.Identity;
using Phoenix.Domain;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Pricing;

/// <summary>What own resources cost, all of it. What costs nothing is said to be 0.</summary>
/// <param name="Currency">ISO 4217.</param>
/// <param name="PerCoreHour">One core for an hour.</param>
/// <param name="PerMemoryGigabyteHour">10⁹ bytes of memory for an hour.</param>
/// <param name="PerStorageGigabyteMonth">10⁹ bytes on disk for a month.</param>
/// <param name="Source">Where the operator has it from.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record OperatorRatesRequest(
    string? Currency, decimal? PerCoreHour, decimal? PerMemoryGigabyteHour, decimal? PerStorageGigabyteMonth, string? Source, string? Reason);

public static class OperatorRatesEndpoints
{
    /// <summary>What own resources cost, the newest first. Empty until an operator has said it: there is no default.</summary>
    [WolverineGet("/api/v2/operator-rates"), Tags("Prices")]
    public static async Task<IReadOnlyList<OperatorRatesSet>> List(IQuerySession session, CancellationToken cancellation) =>
        [.. (await session.PriceBook(cancellation)).OwnRates.OrderByDescending(r => r.On)];

    /// <summary>Reckon own resources by these rates from the day on. The cost of experiments and net savings rest on them.</summary>
    [WolverinePut("/api/v2/operator-rates/{on}"), RequireRole(Roles.Admin), Tags("Prices"), ProducesResponseType<OperatorRatesSet>(200)]
    public static Task<IResult> Put(
        DateOnly on, OperatorRatesRequest command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        if (command is not { PerCoreHour: { } core, PerMemoryGigabyteHour: { } memory, PerStorageGigabyteMonth: { } storage })
            return Task.FromResult(Infrastructure.Problems.ToProblem(Rejection.Invalid("operator-rates-invalid", "rates",
                "Rates are said in full: perCoreHour, perMemoryGigabyteHour and perStorageGigabyteMonth; what costs nothing is 0.")));
        var rates = new OperatorRatesSet(new(command.Currency ?? "", core, memory, storage), on, command.Source ?? "");
        return PriceBooks.Change(session, http, command.Reason, book => PriceBookDecisions.SetOwnRates(book, rates), () => TypedResults.Ok(rates), cancellation);
    }

    [WolverineDelete("/api/v2/operator-rates/{on}"), RequireRole(Roles.Admin), Tags("Prices"), ProducesResponseType(204)]
    public static Task<IResult> Remove(DateOnly on, [FromQuery] string? reason, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        PriceBooks.Change(session, http, reason, book => PriceBookDecisions.RemoveOwnRates(book, on), () => TypedResults.NoContent(), cancellation);
}
