namespace Phoenix.EndToEnd;

/// <summary>Collector configurations of the tests: one input and one backend, and what stands between.</summary>
public sealed class PipelineTexts(string scrapeTarget)
{
    public const string OtlpVariable = "E2E_OTLP";
    public const string SinkVariable = "E2E_SINK";

    /// <summary>Protected in every experiment.</summary>
    public const string Protected = "shop_orders_total";

    public string Everything => Render("");

    /// <summary>The heaviest five customers by name, the rest folded.</summary>
    public string Folding => Render(
        """
        processors:
          phoenix_topk:
            metrics: [shop_requests_total, shop.sales]
            labels: [customer]
            k: 5
            window: 30s

        """, "phoenix_topk");

    /// <summary>As few customers, the others thrown away.</summary>
    public string Discarding => Render(
        """
        processors:
          filter/discard:
            metrics:
              datapoint:
                - 'metric.name == "shop_requests_total" and not IsMatch(attributes["customer"], "^customer-0[0-4]$")'

        """, "filter/discard");

    public string DroppingProtected => Render(
        $"""
        processors:
          filter/orders:
            metrics:
              metric:
                - 'name == "{Protected}"'

        """, "filter/orders");

    /// <summary>Valid for the server, which does not know the host's environment; not for the host.</summary>
    public string UnknownVariable => Render(
        """
        processors:
          phoenix_topk:
            metrics: [shop_requests_total]
            labels: [customer]
            k: ${env:E2E_NOT_SET}

        """, "phoenix_topk");

    private string Render(string processors, params string[] chain) =>
        $$"""
        receivers:
          otlp:
            protocols:
              http:
                endpoint: ${env:{{OtlpVariable}}}
          prometheus:
            config:
              scrape_configs:
                - job_name: shop
                  scrape_interval: 1s
                  scrape_timeout: 1s
                  static_configs:
                    - targets: ["{{scrapeTarget}}"]
        {{processors}}exporters:
          otlphttp:
            endpoint: ${env:{{SinkVariable}}}
            compression: gzip
        service:
          pipelines:
            metrics:
              receivers: [otlp, prometheus]
              processors: [{{string.Join(", ", chain)}}]
              exporters: [otlphttp]

        """;
}
