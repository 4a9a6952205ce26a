using System.Text.RegularExpressions;

namespace Phoenix.Collector.Tests;

/// <summary>Configurations of the tests.</summary>
internal static partial class Yaml
{
    public const string TopK = """
        processors:
          phoenix_topk:
            metrics: ["shop.*"]
            labels: [customer]
            k: 3
            export_interval: 500ms

        """;

    public const string Adaptive = """
        processors:
          phoenix_adaptive:
            series_budget: 5
            mode: aggressive
            interval: 1s
            export_interval: 300ms

        """;

    public const string Drop = """
        processors:
          filter:
            metrics:
              datapoint: ['attributes["customer"] == "c0"']

        """;

    /// <summary>OTLP on a free port, into nothing.</summary>
    public static string Otlp(string processors = "", string extra = "") => $$"""
        receivers:
          otlp:
            protocols: {http: {endpoint: "127.0.0.1:0"} }
        {{processors}}
        exporters:
          nop:
        service:
          telemetry: {phoenix: {window: 1s{{extra}} } }
          pipelines:
            metrics: {receivers: [otlp], processors: [{{Names(processors)}}], exporters: [nop]}
        """;

    /// <summary>OTLP on a free port, to a backend.</summary>
    public static string OtlpTo(Uri backend, string processors = "") => $$"""
        receivers:
          otlp:
            protocols: {http: {endpoint: "127.0.0.1:0"} }
        {{processors}}
        exporters:
          otlphttp:
            endpoint: {{backend}}
            headers: {x-tenant: "tenant-secret"}
            retry_on_failure: {initial_interval: 50ms, max_interval: 100ms, max_elapsed_time: 20s}
        service:
          telemetry: {phoenix: {window: 1s} }
          pipelines:
            metrics: {receivers: [otlp], processors: [{{Names(processors)}}], exporters: [otlphttp]}
        """;

    /// <summary>OTLP over gRPC and HTTP on free ports, to a backend.</summary>
    /// <param name="grpc">Further keys of the gRPC listener.</param>
    /// <param name="http">Further keys of the HTTP listener.</param>
    public static string OtlpBoth(Uri backend, string grpc = "", string http = "", string telemetry = "") => $$"""
        receivers:
          otlp:
            protocols:
              grpc: {endpoint: "127.0.0.1:0"{{grpc}} }
              http: {endpoint: "127.0.0.1:0"{{http}} }
        exporters:
          otlphttp: {endpoint: "{{backend}}"}
        service:
          telemetry: {phoenix: {window: 1s{{telemetry}} } }
          pipelines:
            metrics: {receivers: [otlp], exporters: [otlphttp]}
        """;

    /// <summary>OTLP on a free port, to the exporters given as YAML lines, indented by two.</summary>
    public static string Into(string exporters, string names, string telemetry = "", string processors = "") => $$"""
        receivers:
          otlp:
            protocols: {http: {endpoint: "127.0.0.1:0"} }
        exporters:
        {{exporters}}
        service:
          telemetry: {phoenix: {window: 1s{{telemetry}} } }
          pipelines:
            metrics: {receivers: [otlp], processors: [{{Names(processors)}}], exporters: [{{names}}]}
        {{processors}}
        """;

    public static string Scrape(Uri target, Uri backend) => $$"""
        receivers:
          prometheus:
            config:
              scrape_configs:
                - job_name: shop
                  scrape_interval: 500ms
                  static_configs: [{targets: ["{{target.Authority}}"], labels: {team: checkout} }]
        exporters:
          otlphttp: {endpoint: "{{backend}}", compression: none}
        service:
          pipelines:
            metrics: {receivers: [prometheus], exporters: [otlphttp]}
        """;

    /// <summary>The keys two spaces in, in their order.</summary>
    private static string Names(string processors) => string.Join(", ", ComponentId().Matches(processors).Select(m => m.Groups[1].Value));

    [GeneratedRegex("^  ([a-z_/]+):", RegexOptions.Multiline)]
    private static partial Regex ComponentId();
}
