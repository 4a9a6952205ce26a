using Marten;
using Phoenix.Api.Identity;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Pricing;

/// <param name="Rate">Units of the second currency for one of the first.</param>
/// <param name="Source">Where the operator has it from.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record ExchangeRateRequest(decimal? Rate, string? Source, string? Reason);

public static class ExchangeRateEndpoints
{
    /// <summary>The operator's rates, the newest first.</summary>
    [WolverineGet("/api/v2/exchange-rates"), Tags("Prices")]
    public static async Task<IReadOnlyList<ExchangeRate>> List(IQuerySession session, CancellationToken cancellation) =>
        [.. (await session.PriceBook(cancellation)).Rates.OrderByDescending(r => r.On).ThenBy(r => r.From, StringComparer.Ordinal).ThenBy(r => r.To, StringComparer.Ordinal)];

    /// <summary>Reckon by this rate from the day on. Currencies are ISO 4217; nothing is converted but by a rate that was written down.</summary>
    [WolverinePut("/api/v2/exchange-rates/{from}/{to}/{on}"), RequireRole(Roles.Admin), Tags("Prices"), ProducesResponseType<ExchangeRate>(200)]
    public static Task<IResult> Put(
        string from, string to, DateOnly on, ExchangeRateRequest command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        var rate = new ExchangeRate(from, to, command.Rate ?? 0, on, command.Source ?? "");
        return PriceBooks.Change(session, http, command.Reason, book => PriceBookDecisions.SetRate(book, rate), () => TypedResults.Ok(rate), cancellation);
    }

    [WolverineDelete("/api/v2/exchange-rates/{from}/{to}/{on}"), RequireRole(Roles.Admin), Tags("Prices"), ProducesResponseType(204)]
    public static Task<IResult> Remove(
        string from, string to, DateOnly on, [FromQuery] string? reason, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        PriceBooks.Change(session, http, reason, book => PriceBookDecisions.RemoveRate(book, from, to, on), () => TypedResults.NoContent(), cancellation);
}
