using System.Text;
using Microsoft.AspNetCore.Http;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Exporters;

/// <summary><c>prometheus</c>: holds the newest points until they are scraped. It has no queue and never holds the input.</summary>
internal sealed class PrometheusExporter(PrometheusExporterSettings settings) : IExporter
{
    private const string Text = "text/plain; version=0.0.4; charset=utf-8";
    private const string OpenMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private readonly PrometheusExposition _exposition = new(new PrometheusExpositionOptions
    {
        MetricSuffixes = settings.MetricSuffixes,
        Namespace = settings.Namespace,
        Labels = new PrometheusLabelOptions
        {
            External = [.. settings.ConstLabels.Select(label => (label.Key, label.Value))],
            ResourceAttributes = settings.ResourceAttributes,
            Scope = settings.ScopeLabels,
        },
        Expiration = settings.Expiration,
        Timestamps = settings.Timestamps,
        MaxStreams = settings.MaxStreams,
    });

    public string Id => settings.Id;

    public ExporterCounters Counters { get; } = new();

    public long Export(EncodedBatch batch)
    {
        Counters.Offered(batch.Points);
        var (unsupported, noRoom) = _exposition.Take(batch.Plain, Clock.UnixNanos());
        Counters.Succeeded(batch.Points - unsupported - noRoom);
        if (unsupported > 0)
        {
            Counters.Dropped(DropReason.Unsupported, unsupported, "the text formats cannot carry some points");
        }

        if (noRoom > 0)
        {
            Counters.Dropped(DropReason.TooManyStreams, noRoom, $"more than {settings.MaxStreams} streams");
            Log.Warn("points dropped: too many streams", ("exporter", Id), ("points", noRoom), ("maxStreams", settings.MaxStreams));
        }

        return 0;
    }

    /// <summary>Answers a scrape.</summary>
    public async Task ScrapeAsync(HttpContext context)
    {
        if (context.Request.Path != "/metrics")
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes("only /metrics exists here\n"));
            return;
        }

        var openMetrics = settings.OpenMetrics && context.Request.Headers.Accept.ToString().Contains("application/openmetrics-text", StringComparison.OrdinalIgnoreCase);
        context.Response.ContentType = openMetrics ? OpenMetrics : Text;
        foreach (var piece in _exposition.Write(openMetrics, Clock.UnixNanos()))
        {
            await context.Response.Body.WriteAsync(piece, context.RequestAborted);
        }
    }

    public Task DrainAsync(CancellationToken limit) => Task.CompletedTask;
}
