using System.Buffers;
using System.Text;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Phoenix.Api.Infrastructure;
using Phoenix.Projections;
using Phoenix.Projections.Audit;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

public static class AuditExportEndpoint
{
    /// <summary>
    /// Everything in the log that the filters of the list match, up to now and in order, as a file: <c>csv</c> (RFC 4180, with a line of names) or <c>ndjson</c> (an
    /// entry of the list a line). Cells that a spreadsheet would take for a formula begin with an apostrophe.
    /// </summary>
    [WolverineGet("/api/v2/audit/export"), Tags("Audit"), ProducesResponseType(200), ProducesResponseType(422)]
    public static IResult Get(
        NpgsqlDataSource database, string? format, Guid? experimentId, Guid? streamId, string[]? type, string? streamType, string? actor, string? correlationId,
        string? text, DateTimeOffset? from, DateTimeOffset? until)
    {
        if (format is not ("csv" or "ndjson")) return Problems.Of(422, "format-invalid", "The format is 'csv' or 'ndjson'.", "format");
        var (filter, refused) = AuditFilter.Of(experimentId, streamId, type, streamType, actor, correlationId, text, from, until);
        return refused ?? new AuditExport(database, filter!, format == "csv");
    }
}

/// <summary>
/// Writes the log as fast as the client takes it, a page at a time: between two pages no connection is held and no snapshot, which a slow client would keep
/// from being cleaned up behind for as long as it likes. Where the export ends is settled at its beginning.
/// </summary>
sealed class AuditExport(NpgsqlDataSource database, AuditFilter filter, bool csv) : IResult
{
    /// <summary>Events with long data, such as configurations, are held in memory so many at a time.</summary>
    const int PerPage = 200;

    const string Names = "sequence,eventId,timestamp,stream,streamType,streamId,streamVersion,experimentId,type,actor,verification,reason,correlationId,causationId,causeId,data\r\n";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var cancellation = httpContext.RequestAborted;
        // Before the first byte: what goes wrong here is still answered with a problem.
        var (first, last) = await Bounds(cancellation);
        var page = await Page(first - 1, last, cancellation);
        var response = httpContext.Response;
        response.ContentType = csv ? Csv.ContentType : "application/x-ndjson";
        response.Headers.ContentDisposition = $"attachment; filename=\"audit-{EventStoreOptions.Clock.GetUtcNow():yyyyMMdd'T'HHmmss'Z'}.{(csv ? "csv" : "ndjson")}\"";
        response.Headers.CacheControl = "no-store";
        if (csv) Encoding.UTF8.GetBytes(Names, response.BodyWriter);
        while (true)
        {
            foreach (var entry in page)
            {
                if (csv) Encoding.UTF8.GetBytes(Line(entry), response.BodyWriter);
                else
                {
                    using (Utf8JsonWriter json = new(response.BodyWriter)) JsonSerializer.Serialize(json, entry, EventStoreOptions.Json);
                    response.BodyWriter.Write("\n"u8);
                }
            }
            // Waits for a client that is slower than the database, and ends with one that has gone.
            if ((await response.BodyWriter.FlushAsync(cancellation)).IsCompleted || page.Count < PerPage) return;
            page = await Page(page[^1].Sequence, last, cancellation);
        }
    }

    async Task<List<AuditEntry>> Page(long after, long last, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var command = AuditReads.Query(connection, filter, descending: false, after, PerPage, upTo: last);
        command.CommandTimeout = 0;
        return await AuditReads.Read(command, cancellation);
    }

    /// <summary>The numbers between which everything lies; a span of time is looked up in its own index once, and not again for each page.</summary>
    async Task<(long First, long Last)> Bounds(CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var command = new NpgsqlCommand { Connection = connection, CommandTimeout = 0 };
        var times = new Filter(command.Parameters, AuditReads.Settled);
        times.And("at >=", filter.From, NpgsqlDbType.TimestampTz);
        times.And("at <", filter.Until, NpgsqlDbType.TimestampTz);
        command.CommandText = $"select coalesce(min(sequence), 1), coalesce(max(sequence), 0) from {AuditLog.View} where {times.Where}";
        await using var r = await command.ExecuteReaderAsync(cancellation);
        await r.ReadAsync(cancellation);
        return (r.GetInt64(0), r.GetInt64(1));
    }

    static string Line(AuditEntry e) => Csv.Row(
        e.Sequence, e.EventId, e.Timestamp, e.Stream, e.StreamType, e.StreamId, e.StreamVersion, e.ExperimentId, e.Type, e.Actor, e.Verification, e.Reason,
        e.CorrelationId, e.CausationId, e.CauseId, e.Data.GetRawText());
}
