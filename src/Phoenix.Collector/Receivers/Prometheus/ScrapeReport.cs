using System.Globalization;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers.Prometheus;

/// <summary>What Prometheus says about every scrape, beside what the target exposes.</summary>
/// <param name="SeriesAdded">Series that the scrape before did not have.</param>
internal sealed record ScrapeReport(bool Up, TimeSpan Duration, long Scraped, long AfterRelabelling, long SeriesAdded)
{
    /// <summary>The target as a resource, by the semantic conventions. On this machine it also gets the host, or two hosts that scrape their own localhost would write the same streams.</summary>
    public static void BeginResource(OtlpWriter writer, ScrapeTarget target, string job, string instance, HostIdentity host)
    {
        writer.BeginResource();
        writer.ResourceAttribute("service.name", job);
        writer.ResourceAttribute("service.instance.id", instance);
        writer.ResourceAttribute("server.address", target.Url.Host);
        writer.ResourceAttribute("server.port", target.Url.Port.ToString(CultureInfo.InvariantCulture));
        writer.ResourceAttribute("url.scheme", target.Url.Scheme);
        if (target.OnThisHost)
        {
            host.Write(writer);
        }
    }

    public void Write(OtlpWriter writer, ScrapeTarget target, HostIdentity host, ulong time)
    {
        BeginResource(writer, target, target.Job, target.Instance, host);
        writer.BeginScope("phoenix/prometheus", "");
        Gauge("up", "", "1 where the scrape succeeded, 0 where it failed.", Up ? 1 : 0);
        Gauge("scrape_duration_seconds", "s", "How long the scrape took.", Duration.TotalSeconds);
        Gauge("scrape_samples_scraped", "", "Samples that the target exposed.", Scraped);
        Gauge("scrape_samples_post_metric_relabeling", "", "Samples left after metric relabelling.", AfterRelabelling);
        Gauge("scrape_series_added", "", "Series that the scrape before did not have.", SeriesAdded);
        writer.EndScope();
        writer.EndResource();

        void Gauge(string name, string unit, string description, double value)
        {
            writer.BeginGauge(name, unit, description);
            writer.BeginPoint(0, time);
            foreach (var (label, text) in target.Labels)
            {
                writer.Attribute(label, text);
            }

            writer.EndPoint(value);
            writer.EndMetric();
        }
    }
}
