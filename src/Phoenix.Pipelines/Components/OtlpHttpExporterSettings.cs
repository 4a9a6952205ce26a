namespace Phoenix.Pipelines.Components;

/// <summary><c>otlphttp</c> (also <c>otlp_http</c>): sends batches as OTLP over HTTP with protobuf bodies.</summary>
/// <param name="MetricsUrl">Where batches are posted.</param>
/// <param name="Headers">Sent with every request. Values may be secrets: never logged.</param>
public sealed record OtlpHttpExporterSettings(
    string Id, Uri MetricsUrl, IReadOnlyDictionary<string, string> Headers, Compression Compression, TlsClientSettings Tls,
    TimeSpan Timeout, RetrySettings Retry, QueueSettings Queue)
    : QueuedExporterSettings(Id, Timeout, Retry, Queue)
{
    public const string Type = "otlphttp";

    /// <summary>The name that newer versions of the OpenTelemetry Collector use.</summary>
    public const string NewerType = "otlp_http";

    internal static OtlpHttpExporterSettings Read(string id, SectionReader section)
    {
        // Base URL; /v1/metrics is appended. Required unless metrics_endpoint is given.
        var endpoint = section.Text("endpoint");
        // The full URL for metrics; wins over endpoint.
        var metricsEndpoint = section.Text("metrics_endpoint");
        var url = metricsEndpoint ?? endpoint?.TrimEnd('/') + "/v1/metrics";
        if (!section.Has("endpoint") && !section.Has("metrics_endpoint"))
        {
            section.Error("endpoint", "is missing", "write the backend's base URL, such as https://otlp.example.org");
            url = "";
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            // Where a variable could not be resolved on this machine the reader gives null for the text: nothing to check.
            if ((metricsEndpoint ?? endpoint) is not null)
            {
                var key = metricsEndpoint is null ? "endpoint" : "metrics_endpoint";
                section.Error(key, $"`{section.Written(key)}` is no http or https URL", "write it with its scheme, such as http://localhost:4318");
            }

            uri = new Uri("http://unresolved.invalid/v1/metrics");
        }

        // protobuf is what is sent. Default proto.
        section.Choice("encoding", 0, ("proto", 0));
        // Header names and values sent with every request.
        var headers = RequestHeaders.Read(section, "content-type", "content-encoding", "content-length");
        // gzip, zstd or none. Default gzip.
        var compression = section.Choice("compression", Compression.Gzip, ("gzip", Compression.Gzip), ("zstd", Compression.Zstd), ("none", Compression.None));
        var tls = TlsClientSettings.Read(section.Section("tls"));
        // How long one request may take. Default 30s.
        var timeout = section.Duration("timeout", TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(100), Bounds.LongestTimeout);
        var retry = RetrySettings.Read(section.Section("retry_on_failure"));
        var queue = QueueSettings.Read(section.Section("sending_queue"), QueueSettings.Default);
        section.RejectUnknown();
        return new(id, uri, headers, compression, tls, timeout, retry, queue);
    }
}
