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
    [WolverineGet("/api/v2/audit/export"), Tags("Audit"), ProducesResponseType(200), ProducesResponseType(422), ProducesResponseType(429)]
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
/// from being cleaned up behind for as long as it likes. Where the export ends is settled at its beginning. A statement looks at a limited part of the log, however
/// little of it matches, and a node writes few exports at a time, so that none of them takes the database from the fleet.
/// </summary>
public sealed class AuditExport(NpgsqlDataSource database, AuditFilter filter, bool csv) : IResult
{
    /// <summary>Events with long data, such as configurations, are held in memory so many at a time.</summary>
    const int PerPage = 200;

    /// <summary>
    /// Numbers that one statement looks at. A rare text is looked for in the data of each: tens of thousands take a second or two, far from <see cref="Patience.Limit"/>.
    /// Fifty million events that an index leads through are a thousand statements of a millisecond.
    /// </summary>
    const int NumbersPerStatement = 50_000;

    /// <summary>Of one node. Whoever takes nothing of theirs for a while is disconnected by the server, so that no place is held for nothing.</summary>
    public const int MostAtOnce = 4;

    static readonly SemaphoreSlim Places = new(MostAtOnce);

    const string Names = "sequence,eventId,timestamp,stream,streamType,streamId,streamVersion,experimentId,type,actor,verification,reason,correlationId,causationId,causeId,data\r\n";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        if (!Places.Wait(0))
        {
            httpContext.Response.Headers.RetryAfter = "30";
            await Problems.Of(StatusCodes.Status429TooManyRequests, "exports-busy",
                $"{MostAtOnce} exports of the log are being written already. Repeat the request when one of them has ended, or narrow this one down to what the list can show.").ExecuteAsync(httpContext);
            return;
        }
        try
        {
            await Write(httpContext);
        }
        finally
        {
            Places.Release();
        }
    }

    async Task Write(HttpContext httpContext)
    {
        var cancellation = httpContext.RequestAborted;
        // Before the first byte: what goes wrong here is still answered with a problem.
        var (first, last) = await Bounds(cancellation);
        var (page, looked) = await Page(first - 1, last, cancellation);
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
            if ((await response.BodyWriter.FlushAsync(cancellation)).IsCompleted || looked >= last) return;
            (page, looked) = await Page(looked, last, cancellation);
        }
    }

    /// <summary>The next matching events, none where this part of the log has none, and the number up to which it has been looked at.</summary>
    async Task<(List<AuditEntry> Page, long Looked)> Page(long after, long last, CancellationToken cancellation)
    {
        var upTo = Math.Min(after + NumbersPerStatement, last);
        var page = await Patience.Within(database, async connection =>
        {
            await using var command = AuditReads.Query(connection, filter, descending: false, after, PerPage, upTo);
            return await AuditReads.Read(command, cancellation);
        }, cancellation);
        return (page, page.Count < PerPage ? upTo : page[^1].Sequence);
    }

    Task<(long First, long Last)> Bounds(CancellationToken cancellation) => Patience.Within(database, async connection =>
    {
        await using var command = BoundsOf(connection, filter);
        await using var r = await command.ExecuteReaderAsync(cancellation);
        await r.ReadAsync(cancellation);
        return r.IsDBNull(0) || r.IsDBNull(1) ? (1L, 0L) : (r.GetInt64(0), Math.Min(r.GetInt64(1), r.GetInt64(2)));
    }, cancellation);

    /// <summary>
    /// The numbers between which everything lies, the first or the last of them null where nothing is of that time, and the last that is settled. A span of time is looked up
    /// in its own index once, and not again for each page.
    /// </summary>
    public static NpgsqlCommand BoundsOf(NpgsqlConnection connection, AuditFilter filter)
    {
        var command = new NpgsqlCommand { Connection = connection };
        var first = filter.From is { } from ? SequenceOfTime.First(Add(from)) : $"(select min(sequence) from {AuditLog.View})";
        var last = filter.Until is { } until ? SequenceOfTime.Last(Add(until)) : AuditReads.LastSettled;
        command.CommandText = $"select {first}, {last}, {AuditReads.LastSettled}";
        return command;

        string Add(DateTimeOffset at)
        {
            command.Parameters.Add(new() { Value = at, NpgsqlDbType = NpgsqlDbType.TimestampTz });
            return "$" + command.Parameters.Count;
        }
    }

    static string Line(AuditEntry e) => Csv.Row(
        e.Sequence, e.EventId, e.Timestamp, e.Stream, e.StreamType, e.StreamId, e.StreamVersion, e.ExperimentId, e.Type, e.Actor, e.Verification, e.Reason,
        e.CorrelationId, e.CausationId, e.CauseId, e.Data.GetRawText());
}
