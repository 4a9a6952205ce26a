using Marten;
using Phoenix.Projections.Savings;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

public static class SavingsReads
{
    /// <summary>The savings ledger: what each experiment measured by day and what it is worth.</summary>
    [WolverineGet("/api/v2/savings"), Tags("Savings")]
    public static async Task<Page<SavingsEntry>> List(IQuerySession session, CancellationToken cancellation) =>
        new(await session.Query<SavingsEntry>().OrderByDescending(s => s.Id).ToListAsync(cancellation), null);
}
