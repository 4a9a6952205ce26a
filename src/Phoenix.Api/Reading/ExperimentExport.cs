using System.Text;
using System.Text.Json;
using JasperFx.Events;
using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pricing;
using Phoenix.Domain.Experiments;
using Phoenix.Projections;
using Phoenix.Projections.Audit;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

public static class ExperimentExportEndpoint
{
    /// <summary>
    /// The experiment as a file: <c>csv</c> has a line of names and a line for each window (RFC 4180; text that a spreadsheet would take for a formula begins with an
    /// apostrophe), <c>json</c> the experiment, its windows, what its adaptive processors decided (of windows that are still kept), and its events.
    /// </summary>
    /// <param name="on">Day of the price; today where left out.</param>
    [WolverineGet("/api/v2/experiments/{id}/export"), Tags("Experiments"), ProducesResponseType(200), ProducesResponseType(404), ProducesResponseType(422)]
    public static async Task<IResult> Get(
        Guid id, string? format, DateOnly? on, IQuerySession session, ExperimentHistories histories, NpgsqlDataSource database, TimeProvider clock, CancellationToken cancellation)
    {
        if (format is not ("csv" or "json")) return Problems.Of(422, "format-invalid", "The format is 'csv' or 'json'.", "format");
        if (await session.LoadAsync<Experiment>(id, cancellation) is not { } x) return Problems.NotFound("experiment", id);
        var priced = await ExperimentWindowsEndpoint.SavingsOf(session, id, on ?? clock.Today(), cancellation);
        return new ExperimentExport(x, histories, priced, database, format == "csv");
    }
}

/// <summary>Written window by window, as fast as the client takes it. It is read a part at a time, as far as the experiment went when it was asked for.</summary>
sealed class ExperimentExport(
    Experiment experiment, ExperimentHistories histories, ExperimentWindowsEndpoint.WindowPrice priced, NpgsqlDataSource database, bool csv) : IResult
{
    const int FlushAt = 32 << 10;

    /// <summary>Of hosts, with all that their arms decided: as many as are held in memory at a time.</summary>
    const int ReportsAtOnce = 5_000;

    const int WindowsAtOnce = 100;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, cancellation) = (httpContext.Response, httpContext.RequestAborted);
        response.ContentType = csv ? Csv.ContentType : "application/json; charset=utf-8";
        response.Headers.ContentDisposition = $"attachment; filename=\"experiment-{experiment.Id:N}.{(csv ? "csv" : "json")}\"";
        response.Headers.CacheControl = "no-store";
        var windows = WindowReplay.OverAsync(Events(cancellation)).Select(w => ExperimentWindowsEndpoint.View(w, priced));
        await (csv ? WriteCsv(response, windows, cancellation) : WriteJson(response, windows, cancellation));
    }

    IAsyncEnumerable<IEvent> Events(CancellationToken cancellation) => histories.Events(experiment.Id, 1, experiment.Version, cancellation);

    static async Task WriteCsv(HttpResponse response, IAsyncEnumerable<ExperimentWindowView> windows, CancellationToken cancellation)
    {
        string[] arm = ["streamsActive", "seriesActive", "seriesDistinct", "points", "samples", "wireBytes", "cpuMs", "residentBytes", "droppedPoints", "exportErrors", "maxDelayMs"];
        Encoding.UTF8.GetBytes(Csv.Row(
            [
                "number", "at", "hosts", "seconds", "void", "voidHosts", "counts", .. arm.Select(a => "baseline." + a), .. arm.Select(a => "candidate." + a), "reductionPct",
                "evidence.seriesReductionPct", "evidence.liveSeriesReductionPct", "evidence.pointsReductionPct",
                .. Enum.GetValues<VerdictClaim>().SelectMany(c => (string[])["outcome", "reductionPct", "lowerPct", "upperPct", "missing"], (c, column) => $"{JsonNamingPolicy.CamelCase.ConvertName(c.ToString())}.{column}"),
                "saving.low", "saving.high", "saving.estimate", "saving.currency",
            ]), response.BodyWriter);
        await foreach (var w in windows)
        {
            Encoding.UTF8.GetBytes(Csv.Row(
                [
                    w.Number, w.At, w.Hosts, w.Seconds, w.Void, w.VoidHosts, w.Counts, .. Arm(w.Baseline), .. Arm(w.Candidate), w.ReductionPct,
                    w.Evidence?.SeriesReductionPct, w.Evidence?.LiveSeriesReductionPct, w.Evidence?.PointsReductionPct,
                    .. Enum.GetValues<VerdictClaim>().SelectMany(claim => Claim(w.Claims.FirstOrDefault(c => c.Claim == claim))),
                    w.Saving?.Low, w.Saving?.High, w.Saving?.Estimate, w.Saving?.Currency,
                ]), response.BodyWriter);
            if (response.BodyWriter.UnflushedBytes > FlushAt && (await response.BodyWriter.FlushAsync(cancellation)).IsCompleted) return;
        }
        await response.BodyWriter.FlushAsync(cancellation);
    }

    static object?[] Arm(ArmTotals? a) => a is null ? new object?[11]
        : [a.StreamsActive, a.SeriesActive, a.SeriesDistinct, a.Points, a.Samples, a.WireBytes, a.CpuMs, a.ResidentBytes, a.DroppedPoints, a.ExportErrors, a.MaxDelayMs];

    static object?[] Claim(ClaimJudged? c) => c is null ? new object?[5]
        : [JsonNamingPolicy.CamelCase.ConvertName(c.Outcome.ToString()), c.ReductionPct, c.LowerPct, c.UpperPct, string.Join("; ", c.Missing)];

    async Task WriteJson(HttpResponse response, IAsyncEnumerable<ExperimentWindowView> windows, CancellationToken cancellation)
    {
        await using Utf8JsonWriter json = new(response.BodyWriter);
        json.WriteStartObject();
        json.WritePropertyName("experiment");
        JsonSerializer.Serialize(json, ExperimentReads.View(experiment), EventStoreOptions.Json);
        json.WriteStartArray("windows");
        List<int> numbers = [];
        await foreach (var w in windows)
        {
            numbers.Add(w.Number);
            await Write(w);
        }
        json.WriteEndArray();
        json.WriteStartArray("decisions");
        // Some windows at a time: a client that is slow holds no connection meanwhile, and the table, which has a part for each day, is not looked through for every one.
        numbers.Sort();
        foreach (var some in numbers.Chunk(Math.Clamp(ReportsAtOnce / Math.Max(1, experiment.Hosts.Count), 1, WindowsAtOnce)))
        {
            List<DecisionView> decisions = [];
            await foreach (var decision in DecisionReads.Read(database, experiment.Id, (some[0], some[^1]), null, null, null, 0, cancellation)) decisions.Add(decision);
            foreach (var decision in decisions) await Write(decision);
        }
        json.WriteEndArray();
        json.WriteStartArray("events");
        await foreach (var e in Events(cancellation))
            await Write(new TimelineEntry(e.Version, e.Sequence, e.Timestamp, e.EventTypeName, e.UserName, e.GetHeader(AuditLog.ReasonHeader)?.ToString(), e.Data));
        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(cancellation);
        await response.BodyWriter.FlushAsync(cancellation);

        async Task Write<T>(T item)
        {
            JsonSerializer.Serialize(json, item, EventStoreOptions.Json);
            if (json.BytesPending + response.BodyWriter.UnflushedBytes <= FlushAt) return;
            await json.FlushAsync(cancellation);
            await response.BodyWriter.FlushAsync(cancellation);
        }
    }
}
