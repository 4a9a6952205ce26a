namespace Phoenix.Bench.Collecting;

/// <summary>Configurations of the measured collectors. Queues are small, so that memory is that of the series.</summary>
static class Configurations
{
    public const string FoldedLabel = "slot";

    /// <param name="dropped">The label that is folded away; null for no processor at all.</param>
    public static string RemoteWrite(Uri backend, string? dropped) => $$"""
        receivers:
          prometheusremotewrite: {endpoint: "127.0.0.1:0"}
        {{Aggregate(dropped)}}
        exporters:
          prometheusremotewrite: {endpoint: "{{new Uri(backend, "/api/v1/write")}}"}
        {{Service("prometheusremotewrite", dropped)}}
        """;

    /// <inheritdoc cref="RemoteWrite"/>
    public static string Otlp(Uri backend, string? dropped) => $$"""
        receivers:
          otlp: {protocols: {http: {endpoint: "127.0.0.1:0"} } }
        {{Aggregate(dropped)}}
        exporters:
          otlphttp: {endpoint: "{{backend}}", compression: none}
        {{Service("otlp", dropped, "otlphttp")}}
        """;

    /// <summary>A collector as it waits for its first experiment.</summary>
    public const string Idle = """
        receivers:
          otlp: {protocols: {grpc: {endpoint: "127.0.0.1:0"}, http: {endpoint: "127.0.0.1:0"} } }
        exporters:
          otlphttp: {endpoint: "http://127.0.0.1:4318"}
        service:
          pipelines:
            metrics: {receivers: [otlp], exporters: [otlphttp]}
        """;

    static string Aggregate(string? dropped) => dropped is null ? "" : $$"""
        processors:
          phoenix_aggregate:
            rules: [{metrics: ["shop*"], drop: [{{dropped}}]}]
            export_interval: 1s
            max_streams: 2000000
        """;

    static string Service(string receiver, string? dropped, string? exporter = null) => $$"""
        service:
          telemetry: {phoenix: {window: 10s, queue_bytes: 8388608, max_series: 2000000} }
          pipelines:
            metrics: {receivers: [{{receiver}}], processors: [{{(dropped is null ? "" : "phoenix_aggregate")}}], exporters: [{{exporter ?? receiver}}]}
        """;
}
