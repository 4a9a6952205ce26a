using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Pricing;

namespace Phoenix.Api.Pricing;

/// <summary>The price book as it is read, and what its commands have in common.</summary>
static class PriceBooks
{
    public static async Task<PriceBook> PriceBook(this IQuerySession session, CancellationToken cancellation) =>
        await session.LoadAsync<PriceBook>(StreamIds.PriceBook, cancellation) ?? Domain.Pricing.PriceBook.Empty;

    /// <summary>The day by which prices are chosen (UTC).</summary>
    public static DateOnly Today(this TimeProvider clock) => DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);

    /// <summary>Decides on the book as it is, under a lock, and writes down why. Where the decision finds nothing to change, nothing is appended.</summary>
    public static async Task<IResult> Change(
        IDocumentSession session, HttpContext http, string? reason, Func<PriceBook, Decision> decide, Func<IResult> done, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var stream = await session.Events.FetchForExclusiveWriting<PriceBook>(StreamIds.PriceBook, cancellation);
        var decision = decide(stream.Aggregate ?? Domain.Pricing.PriceBook.Empty);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        session.Stamp(http, reason);
        stream.AppendMany(decision.Events);
        return done();
    }
}
