namespace Phoenix.Pipelines.Components;

/// <summary><c>prometheusremotewrite</c>: sends batches as Prometheus remote write 1.0.</summary>
/// <param name="Headers">Sent with every request. Values may be secrets: never logged.</param>
/// <param name="Namespace">Stands before every metric name; empty for none.</param>
/// <param name="ExternalLabels">Added to every series that does not have them.</param>
/// <param name="MetricSuffixes">Whether units and <c>_total</c> are added to names.</param>
/// <param name="ResourceAttributes">Whether every resource attribute becomes a label of every series.</param>
/// <param name="ScopeLabels">Whether the scope becomes <c>otel_scope_*</c> labels.</param>
/// <param name="TargetInfo">Whether <c>target_info</c> is sent.</param>
/// <param name="Metadata">Whether type, unit and help of metrics are sent.</param>
/// <param name="MaxRequestBytes">Of one request before compression.</param>
public sealed record RemoteWriteExporterSettings(
    string Id, Uri Endpoint, IReadOnlyDictionary<string, string> Headers, TlsClientSettings Tls, string Namespace,
    IReadOnlyDictionary<string, string> ExternalLabels, bool MetricSuffixes, bool ResourceAttributes, bool ScopeLabels, bool TargetInfo, bool Metadata,
    int MaxRequestBytes, TimeSpan Timeout, RetrySettings Retry, QueueSettings Queue)
    : QueuedExporterSettings(Id, Timeout, Retry, Queue)
{
    public const string Type = "prometheusremotewrite";

    internal static RemoteWriteExporterSettings Read(string id, SectionReader section)
    {
        // The full URL of the backend's remote write receiver.
        section.RequiredText("endpoint", "write the receiver's full URL, such as http://localhost:9090/api/v1/write");
        var endpoint = new Uri("http://unresolved.invalid/api/v1/write");
        if (section.Text("endpoint") is { Length: > 0 } text)
        {
            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
            {
                endpoint = uri;
            }
            else
            {
                section.Error("endpoint", $"`{section.Written("endpoint")}` is no http or https URL", "write the receiver's full URL, such as http://localhost:9090/api/v1/write");
            }
        }

        // Header names and values sent with every request.
        var headers = RequestHeaders.Read(section, "content-type", "content-encoding", "content-length", "x-prometheus-remote-write-version");
        var tls = TlsClientSettings.Read(section.Section("tls"));
        // Stands before every metric name, with _ between. Default none.
        var ns = section.Text("namespace") ?? "";
        if (ns.Length > 0 && !PrometheusLabelNames.IsName(ns))
        {
            section.Error("namespace", $"`{section.Written("namespace")}` cannot begin a metric name", "use letters, digits and _, beginning with a letter");
        }

        var external = PrometheusLabelNames.Read(section, "external_labels");
        // Units and _total behind metric names. Default true.
        var suffixes = section.Flag("add_metric_suffixes", true);
        // Every resource attribute as a label, instead of job, instance and target_info alone. Default false.
        var resource = PrometheusLabelNames.Enabled(section, "resource_to_telemetry_conversion", false);
        // target_info for every resource that says more than job and instance. Default true.
        var targetInfo = PrometheusLabelNames.Enabled(section, "target_info", true);
        // No otel_scope_* labels. Default false: they are written.
        var scope = !section.Flag("disable_scope_info", false);
        // Type, unit and help of metrics. Default false.
        var metadata = section.Flag("send_metadata", false);
        // Bytes of one request before compression. Default 3,000,000.
        var max = (int)section.Integer("max_batch_size_bytes", 3_000_000, 10_000, 64 << 20);
        // How long one request may take. Default 5s.
        var timeout = section.Duration("timeout", TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(100), Bounds.LongestTimeout);
        var retry = RetrySettings.Read(section.Section("retry_on_failure"));
        // As sending_queue of the other exporters. One request at a time, since the samples of a series must come in order.
        var queue = QueueSettings.Read(section.Section("remote_write_queue"), QueueSettings.Default, maxConsumers: 1);
        section.RejectUnknown();
        return new(id, endpoint, headers, tls, ns, external, suffixes, resource, scope, targetInfo, metadata, max, timeout, retry, queue);
    }
}
