using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Reading;
using Phoenix.Domain.Pricing;
using Wolverine.Http;

namespace Phoenix.Api.Pricing;

/// <param name="Windows">Counted windows that the figures rest on.</param>
/// <param name="MeasuredMinutes">How little of the month they speak about.</param>
/// <param name="Answers">One for each price of the day: a saving with both bills, or why there is none to tell.</param>
public sealed record WhatIfView(DateOnly On, int Windows, double MeasuredMinutes, IReadOnlyList<WhatIfAnswer> Answers);

public static class ExperimentWhatIfEndpoint
{
    /// <summary>What the experiment's reduction would be worth under every price of the book at once, as if its hosts sent all that is billed.</summary>
    /// <param name="on">Day of the prices, as they are written down now; that of the moment where left out.</param>
    /// <param name="at">A past moment: of what had been measured then. Now where left out.</param>
    /// <param name="currency">ISO 4217; converts by the operator's rates, each saving stays in its own where left out.</param>
    [WolverineGet("/api/v2/experiments/{id}/what-if"), Tags("Prices"), ProducesResponseType<WhatIfView>(200), ProducesResponseType(404), ProducesResponseType(409), ProducesResponseType(422)]
    public static async Task<IResult> Get(
        Guid id, IQuerySession session, ExperimentHistories histories, TimeProvider clock, DateOnly? on, string? currency, DateTimeOffset? at, CancellationToken cancellation)
    {
        if (AsOf.Refused(at) is { } refused) return refused;
        if (await histories.Load(session, id, at, cancellation) is not { } x) return Problems.NotFound("experiment", id);
        if (x.Evidence.Windows == 0)
            return Problems.Of(409, "nothing-measured", "No window counts as evidence yet; ask again after the warm-up.");
        if (currency is not null && !Currencies.IsKnown(currency))
            return Problems.Of(422, "currency-unknown", $"'{(currency.Length > 10 ? currency[..10] + "…" : currency)}' is no currency of ISO 4217, such as USD or EUR.", "currency");
        var day = on ?? (at is { } moment ? DateOnly.FromDateTime(moment.UtcDateTime) : clock.Today());
        var (baseline, candidate) = Saving.Usage(x.Evidence, x.Hosts.Count);
        return TypedResults.Ok(new WhatIfView(day, x.Evidence.Windows, x.Evidence.Seconds / 60,
            WhatIf.Of(await session.PriceBook(cancellation), day, null, baseline, candidate, currency)));
    }
}
