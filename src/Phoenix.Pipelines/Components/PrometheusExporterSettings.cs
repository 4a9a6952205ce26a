using System.Net;

namespace Phoenix.Pipelines.Components;

/// <summary><c>prometheus</c>: serves the newest point of every stream at <c>/metrics</c>, to be scraped.</summary>
/// <param name="Tls">Null where the listener speaks plain text.</param>
/// <param name="Namespace">Stands before every metric name; empty for none.</param>
/// <param name="ConstLabels">Added to every series that does not have them.</param>
/// <param name="Timestamps">Whether samples carry the time of their points.</param>
/// <param name="Expiration">How long a stream is shown after its last point.</param>
/// <param name="OpenMetrics">Whether a scraper that asks for OpenMetrics gets it.</param>
/// <param name="MaxStreams">Streams held at most; points of further ones are dropped and counted.</param>
public sealed record PrometheusExporterSettings(
    string Id, IPEndPoint Endpoint, ServerTlsSettings? Tls, string Namespace, IReadOnlyDictionary<string, string> ConstLabels, bool Timestamps, TimeSpan Expiration,
    bool OpenMetrics, bool MetricSuffixes, bool ResourceAttributes, bool ScopeLabels, int MaxStreams) : ExporterSettings(Id)
{
    public const string Type = "prometheus";

    internal static PrometheusExporterSettings Read(string id, SectionReader section)
    {
        // Address and port to listen on; port 0 takes a free one. Required.
        section.RequiredText("endpoint", "write the address and port to be scraped at, such as localhost:8889");
        var endpoint = ListenEndpoint.Read(section, "endpoint", new IPEndPoint(IPAddress.Loopback, 8889));
        var tls = ServerTlsSettings.Read(section.Section("tls"));
        // Stands before every metric name, with _ between. Default none.
        var ns = section.Text("namespace") ?? "";
        if (ns.Length > 0 && !PrometheusLabelNames.IsName(ns))
        {
            section.Error("namespace", $"`{section.Written("namespace")}` cannot begin a metric name", "use letters, digits and _, beginning with a letter");
        }

        var labels = PrometheusLabelNames.Read(section, "const_labels");
        // The time of each point behind its sample. Default false.
        var timestamps = section.Flag("send_timestamps", false);
        // How long a stream is shown after its last point. Default 5m.
        var expiration = section.Duration("metric_expiration", TimeSpan.FromMinutes(5), TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1));
        // OpenMetrics for scrapers that ask for it. Default false.
        var openMetrics = section.Flag("enable_open_metrics", false);
        // Units and _total behind metric names. Default true.
        var suffixes = section.Flag("add_metric_suffixes", true);
        // Every resource attribute as a label, instead of job, instance and target_info. Default false.
        var resource = PrometheusLabelNames.Enabled(section, "resource_to_telemetry_conversion", false);
        // No otel_scope_* labels. Default false: they are written.
        var scope = !section.Flag("without_scope_info", false);
        // Streams held at most. Default 1,000,000.
        var max = (int)section.Integer("max_streams", 1_000_000, 1, 16_000_000);
        section.RejectUnknown();
        return new(id, endpoint, tls, ns, labels, timestamps, expiration, openMetrics, suffixes, resource, scope, max);
    }
}

/// <summary>Keys that the Prometheus exporters share.</summary>
internal static class PrometheusLabelNames
{
    /// <summary>A mapping of label names and values.</summary>
    public static IReadOnlyDictionary<string, string> Read(SectionReader section, string key)
    {
        var labels = section.TextMap(key);
        foreach (var name in labels.Keys.Where(name => !IsName(name) || name.StartsWith("__", StringComparison.Ordinal)))
        {
            section.Error(key, $"`{name}` is no label name", "use letters, digits and _, beginning with a letter");
        }

        return labels;
    }

    public static bool Enabled(SectionReader section, string key, bool byDefault)
    {
        if (section.Section(key) is not { } inner)
        {
            return byDefault;
        }

        var enabled = inner.Flag("enabled", byDefault);
        inner.RejectUnknown();
        return enabled;
    }

    public static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
