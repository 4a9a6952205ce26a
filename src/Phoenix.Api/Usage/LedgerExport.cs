using System.Text;
using System.Text.Json;
using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Usage;
using Phoenix.Projections;
using Wolverine.Http;

namespace Phoenix.Api.Usage;

public static class LedgerExportEndpoint
{
    /// <summary>
    /// The savings ledger as a file: <c>csv</c> has a line of names, a line for each row and the total of the days (RFC 4180; text that a spreadsheet would take for a
    /// formula begins with an apostrophe), <c>json</c> is the ledger itself.
    /// </summary>
    /// <param name="from">First day; 30 days before the last where left out.</param>
    /// <param name="to">Last day; today where left out.</param>
    /// <param name="by">What a row is of; days where left out.</param>
    /// <param name="price">Id of a price entry. May be left out where every experiment in the ledger was valued by the same one.</param>
    [WolverineGet("/api/v2/savings/ledger/export"), Tags("Savings"), ProducesResponseType(200), ProducesResponseType(409), ProducesResponseType(422)]
    public static async Task<IResult> Get(
        IQuerySession session, TimeProvider clock, HttpContext http, string? format, DateOnly? from, DateOnly? to, LedgerDimension? by, string? price, CancellationToken cancellation)
    {
        if (format is not ("csv" or "json")) return Problems.Of(422, "format-invalid", "The format is 'csv' or 'json'.", "format");
        var (ledger, problem) = await LedgerEndpoint.Of(session, clock, from, to, by, price, cancellation);
        if (ledger is null) return problem!;
        http.Response.Headers.CacheControl = "no-store";
        // A row is a day, a pipeline or the like: the whole is small, and is there before the first byte leaves.
        return TypedResults.File(
            format == "csv" ? Encoding.UTF8.GetBytes(string.Concat(Lines(ledger))) : JsonSerializer.SerializeToUtf8Bytes(ledger, EventStoreOptions.Json),
            format == "csv" ? Csv.ContentType : "application/json; charset=utf-8", $"savings-{ledger.From:yyyyMMdd}-{ledger.To:yyyyMMdd}.{format}");
    }

    static IEnumerable<string> Lines(LedgerView ledger)
    {
        var by = JsonNamingPolicy.CamelCase.ConvertName(ledger.By.ToString());
        yield return Csv.Row(
            [
                by, "id", "from", "to", "days", "hostDays", "before.series", "before.samples", "before.wireBytes", "after.series", "after.samples", "after.wireBytes", "cost", "saved",
                "currency", "price", "missedWindows",
            ]);
        foreach (var row in ledger.Rows.Append(ledger.Total))
            yield return Csv.Row(
                [
                    row.Key, row.Id, ledger.From, ledger.To, row.Days, row.HostDays, row.Before.Series, row.Before.Samples, row.Before.WireBytes, row.After.Series, row.After.Samples,
                    row.After.WireBytes, row.Cost, row.Saved, ledger.Currency, ledger.Price, row.MissedWindows,
                ]);
    }
}
