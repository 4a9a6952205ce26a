using System.Net;
using Phoenix.Telemetry;

namespace Phoenix.Pipelines.Components;

/// <summary><c>prometheusremotewrite</c>: takes Prometheus remote write 1.0 at <c>/api/v1/write</c>.</summary>
/// <param name="MaxRequestBytes">Bytes of one request, also uncompressed.</param>
/// <param name="Tls">Null where the listener speaks plain text.</param>
/// <param name="Types">Types of metrics that come without metadata; the first that matches holds.</param>
/// <param name="TypesFromNames">Whether names say the type where nothing else does: <c>_total</c> is a counter.</param>
public sealed record RemoteWriteReceiverSettings(
    string Id, IPEndPoint Endpoint, long MaxRequestBytes, ServerTlsSettings? Tls, IReadOnlyList<MetricTypeRule> Types, bool TypesFromNames) : ReceiverSettings(Id)
{
    public const string Type = "prometheusremotewrite";

    public override IEnumerable<TimeSpan> Intervals => [];

    internal static RemoteWriteReceiverSettings Read(string id, SectionReader section)
    {
        // Address and port to listen on; port 0 takes a free one. Default localhost:9090.
        var endpoint = ListenEndpoint.Read(section, "endpoint", new IPEndPoint(IPAddress.Loopback, 9090));
        // Bytes of one request, also uncompressed. Default 32 MiB.
        var limit = section.Integer("max_request_body_size", 32L << 20, 1024, 256L << 20);
        var tls = ServerTlsSettings.Read(section.Section("tls"));
        // Types of metrics that come without metadata.
        var types = section.Sections("metric_types").Select(MetricTypeRule.Read).ToList();
        // Whether names say the type where nothing else does. Default true.
        var fromNames = section.Flag("types_from_names", true);
        section.RejectUnknown();
        return new(id, endpoint, limit, tls, types, fromNames);
    }
}

/// <param name="Metrics">Names, in which <c>*</c> stands for any run of characters.</param>
public sealed record MetricTypeRule(IReadOnlyList<string> Metrics, PrometheusType Type)
{
    internal static MetricTypeRule Read(SectionReader section)
    {
        var metrics = section.Texts("metrics");
        if (metrics.Count == 0 || metrics.Any(m => m.Length == 0))
        {
            section.Error("metrics", "names no metric", "list names; * stands for any run of characters");
        }

        if (!section.Has("type"))
        {
            section.Error("type", "is missing", "write counter or gauge");
        }

        var type = section.Choice("type", PrometheusType.Gauge, ("counter", PrometheusType.Counter), ("gauge", PrometheusType.Gauge));
        section.RejectUnknown();
        return new(metrics, type);
    }
}
