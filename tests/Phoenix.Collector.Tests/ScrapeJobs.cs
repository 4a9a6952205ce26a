using Phoenix.Collector.Receivers;
using Phoenix.Collector.Receivers.Prometheus;
using Phoenix.Pipelines;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

/// <summary>Scrape jobs as a configuration would give them, and scrapes of texts without a network.</summary>
internal static class ScrapeJobs
{
    public static readonly HostIdentity Host = new("host-1", "host.example");

    /// <param name="keys">Further keys of the job, as YAML lines without indentation.</param>
    public static ScrapeJob Job(string keys = "")
    {
        var indented = string.Join('\n', keys.Split('\n').Select(line => "          " + line));
        var loaded = CollectorConfiguration.Load($$"""
            receivers:
              prometheus:
                config:
                  scrape_configs:
                    - job_name: shop
                      static_configs: [{targets: ["shop:9100"]}]
            {{indented}}
            exporters:
              nop:
            service:
              pipelines:
                metrics: {receivers: [prometheus], exporters: [nop]}
            """, _ => null);
        loaded.Errors.ShouldBeEmpty();
        return loaded.Configuration!.Receivers[0].ShouldBeOfType<PrometheusReceiverSettings>().Jobs[0];
    }

    public static ScrapeTarget Target(ScrapeJob job, string address = "shop:9100", params (string Name, string Value)[] labels)
    {
        var target = ScrapeTarget.Create(job, address, labels.ToDictionary(l => l.Name, l => l.Value), null, out var problem);
        problem.ShouldBeNull();
        return target.ShouldNotBeNull();
    }

    /// <summary>Reads a text as if the target had answered it, a few bytes at a time.</summary>
    public static async Task<(List<DecodedPoint> Points, long Scraped, long AfterRelabelling)> ReadAsync(
        ScrapeJob job, ScrapeTarget target, SeriesCache cache, string exposition, long heldBytes = 1 << 30)
    {
        using var scrape = new Scrape(job, target, cache, Host, new ByteBudget(heldBytes), 1_000_000_000);
        await scrape.ReadAsync(new Trickle(exposition), ExpositionFormat.Text, TestContext.Current.CancellationToken);
        return ([.. scrape.Pieces.SelectMany(p => DecodedPoint.ReadAll(p.Batch.Span))], scrape.Scraped, scrape.AfterRelabelling);
    }

    /// <summary>The same, as OTLP/JSON, one line a piece.</summary>
    public static async Task<string> JsonAsync(ScrapeJob job, ScrapeTarget target, SeriesCache cache, string exposition, ExpositionFormat format)
    {
        using var scrape = new Scrape(job, target, cache, Host, new ByteBudget(1 << 30), 1_000_000_000);
        await scrape.ReadAsync(new Trickle(exposition), format, TestContext.Current.CancellationToken);
        using var json = new OtlpJsonWriter();
        var text = new System.Buffers.ArrayBufferWriter<byte>();
        scrape.Pieces.ForEach(p => json.Write(p.Batch.Span, text));
        return System.Text.Encoding.UTF8.GetString(text.WrittenSpan);
    }

    /// <summary>Gives at most 777 bytes at each read, so that lines are cut wherever it falls.</summary>
    private sealed class Trickle(string text) : MemoryStream(System.Text.Encoding.UTF8.GetBytes(text))
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, 777)], cancellationToken);
    }
}
