using System.Globalization;
using System.Text;

namespace Phoenix.Demo;

/// <summary>
/// The configurations that the demo compares: one input and one backend, and what stands between. Addresses come from the
/// agent's environment, so that the text, and with it its hash, is the same in every run.
/// </summary>
/// <param name="scrapes">The caller's own endpoints.</param>
/// <param name="foldable">Their labels that the Top-K candidate folds.</param>
internal sealed class DemoPipelines(IReadOnlyList<Uri> scrapes, IReadOnlyList<FoldableLabel> foldable)
{
    public const string OtlpVariable = "PHOENIX_DEMO_OTLP";
    public const string BackendVariable = "PHOENIX_DEMO_BACKEND";

    /// <summary>Left untouched by every candidate, and a guardrail if not.</summary>
    public static readonly IReadOnlyList<string> Protected = ["shop.orders", "system.*"];

    public bool HasScrapes => scrapes.Count > 0;

    /// <summary>Everything is exported as it comes in.</summary>
    public string Baseline => Render("", []);

    /// <summary>The heaviest customers and processes by name, the rest folded into <c>__other__</c>.</summary>
    public string TopK => Render(
        """
        processors:
          phoenix_topk/customers:
            metrics: [shop.requests, shop.request.duration, shop.sessions]
            labels: [customer]
            k: 20
            window: 1m
          phoenix_topk/processes:
            metrics: ["process.*"]
            labels: [process.pid, process.parent_pid, process.executable.path, process.command, process.command_line]
            k: 15
            window: 1m

        """ + string.Concat(foldable.Select(ScrapedTopK)),
        ["phoenix_topk/customers", "phoenix_topk/processes", .. foldable.Select(f => $"phoenix_topk/scraped_{f.Label}")]);

    /// <summary>As many customers less, but by throwing their points away: totals are no longer true.</summary>
    public string Discarding => Render(
        """
        processors:
          filter/discard:
            metrics:
              datapoint:
                - 'IsMatch(metric.name, "^shop[.](requests|request[.]duration|sessions)$") and not IsMatch(attributes["customer"], "^customer-00[01][0-9]$")'

        """, ["filter/discard"]);

    private string Render(string processors, IReadOnlyList<string> chain)
    {
        var receivers = scrapes.Count == 0 ? "otlp, hostmetrics" : "otlp, hostmetrics, prometheus";
        return $$"""
            receivers:
              otlp:
                protocols:
                  http:
                    endpoint: ${env:{{OtlpVariable}}}
              hostmetrics:
                collection_interval: 5s
                scrapers:
                  cpu: {}
                  memory: {}
                  load: {}
                  network: {}
                  process: {}
            {{Scrapes()}}{{processors}}exporters:
              otlphttp:
                endpoint: ${env:{{BackendVariable}}}
                compression: gzip
            service:
              pipelines:
                metrics:
                  receivers: [{{receivers}}]
                  processors: [{{string.Join(", ", chain)}}]
                  exporters: [otlphttp]

            """;
    }

    private static string ScrapedTopK(FoldableLabel label) => $"""
          phoenix_topk/scraped_{label.Label}:
            metrics: [{string.Join(", ", label.Metrics.Select(m => $"\"{m}\""))}]
            labels: [{label.Label}]
            k: 10
            window: 1m

        """;

    private string Scrapes()
    {
        if (scrapes.Count == 0)
        {
            return "";
        }

        var yaml = new StringBuilder("  prometheus:\n    config:\n      scrape_configs:\n");
        for (var i = 0; i < scrapes.Count; i++)
        {
            yaml.Append(CultureInfo.InvariantCulture, $"""
                        - job_name: scrape-{i + 1}
                          scrape_interval: 5s
                          scrape_timeout: 4s
                          scheme: {scrapes[i].Scheme}
                          metrics_path: "{scrapes[i].AbsolutePath}"
                          static_configs:
                            - targets: ["{scrapes[i].Authority}"]

                """);
        }

        return yaml.ToString();
    }
}
