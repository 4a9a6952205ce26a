using Marten;
using Npgsql;
using Phoenix.Projections.Experiments;
using Wolverine.Http;

namespace Phoenix.Api.Usage;

/// <param name="Price">Id of a price entry; null where there is neither a day in the ledger nor an experiment.</param>
public sealed record UsualPriceView(string? Price);

public static class UsualPriceEndpoint
{
    /// <summary>
    /// By which price money is told where nobody has chosen one: the one that every experiment in the ledger was valued by, else that of the newest experiment
    /// which is not archived.
    /// </summary>
    [WolverineGet("/api/v2/savings/usual-price"), Tags("Savings")]
    public static async Task<UsualPriceView> Get(IQuerySession session, NpgsqlDataSource database, CancellationToken cancellation)
    {
        if (await LedgerEndpoint.Entry(null, session, cancellation) is ({ } ofLedger, _)) return new(ofLedger);
        await using var newest = database.CreateCommand(
            $"""
            select d.data->>'priceEntry' from {ExperimentSummaries.TableName} s join phoenix.mt_doc_experiment d on d.id = s.id
            where not s.archived order by s.drafted_at desc, s.id desc limit 1
            """);
        return new(await newest.ExecuteScalarAsync(cancellation) as string);
    }
}
