namespace Phoenix.Domain.Pricing;

/// <summary>
/// List prices known to this version, the seed of a price book. Rates change and contracts differ: each entry says as of when, from
/// where and how sure it is.
/// </summary>
public static class ListPrices
{
    static readonly DateOnly May2026 = new(2026, 5, 1);

    /// <summary>Datadog: HISTOGRAM ×5, DISTRIBUTION ×5, ×10 with percentiles.</summary>
    static readonly SeriesMultipliers Datadog = new(5, 5, 10);

    /// <summary>Splunk: a histogram is eight metric time series.</summary>
    static readonly SeriesMultipliers Splunk = new(8, 8, 8);

    public static readonly IReadOnlyList<PriceEntry> Entries =
    [
        Of("signoz-cloud-samples", "SigNoz", "SigNoz Cloud, samples ingested",
            [new(PriceMeter.Samples, [new(0, 0.10m / 1_000_000)])], Confidence.High, Confidence.High, "list price per million samples"),
        Of("azure-managed-prometheus-samples", "Microsoft", "Azure Managed Prometheus, samples ingested and queried",
            [
                new(PriceMeter.Samples, [new(0, 0.16m / 10_000_000)]),
                new(PriceMeter.QuerySamples, [new(0, 0.001m / 10_000_000)]),
            ],
            Confidence.High, Confidence.High, "list price per 10 million samples"),
        Of("google-managed-prometheus-samples", "Google", "Google Managed Service for Prometheus, samples ingested",
            [
                new(PriceMeter.Samples,
                    [new(0, 0.06m / 1_000_000), new(50e9, 0.048m / 1_000_000), new(250e9, 0.036m / 1_000_000), new(500e9, 0.024m / 1_000_000)]),
            ],
            Confidence.High, Confidence.Medium, "list price by tier; calls of the Monitoring API not included"),
        Of("aws-managed-prometheus-samples", "Amazon", "Amazon Managed Service for Prometheus, samples, storage and queries",
            [
                new(PriceMeter.Samples, [new(0, 0m), new(40e6, 0.90m / 10_000_000), new(2e9, 0.35m / 10_000_000), new(252e9, 0.16m / 10_000_000)]),
                new(PriceMeter.StoredGigabyteMonths, [new(0, 0.03m)], Included: 10),
                new(PriceMeter.QuerySamples, [new(0, 0.10m / 1_000_000_000)], Included: 200e9),
            ],
            Confidence.High, Confidence.Medium, "list price by tier, free tier of samples, storage and queries; managed collectors not included"),
        Of("grafana-cloud-pro-series", "Grafana Labs", "Grafana Cloud Pro, active series or points per minute",
            [new(PriceMeter.PercentileSeriesOrPoints, [new(0, 6.50m / 1_000)], Included: 10_000)],
            Confidence.High, Confidence.Medium, "list price per 1,000 active series; queries beyond fair use not included", platformFee: 19),
        Of("datadog-pro-custom-metrics", "Datadog", "Datadog Pro, custom metrics",
            [new(PriceMeter.MeanHourlySeries, [new(0, 5m / 100)], IncludedPerHost: 100, Multipliers: Datadog)],
            Confidence.High, Confidence.Medium, "list price per 100 custom metrics; hosts not included"),
        Of("datadog-enterprise-custom-metrics", "Datadog", "Datadog Enterprise, custom metrics",
            [new(PriceMeter.MeanHourlySeries, [new(0, 5m / 100)], IncludedPerHost: 200, Multipliers: Datadog)],
            Confidence.High, Confidence.Medium, "list price per 100 custom metrics; hosts not included"),
        Contract("datadog-metric-names", "Datadog", "Datadog Metric Name pricing",
            [new(PriceMeter.MetricNames, []), new(PriceMeter.IndexedPointsBeyond, []), new(PriceMeter.IngestedPointsBeyond, [])],
            Confidence.High, "formula published, rates by contract"),
        Of("new-relic-ingest", "New Relic", "New Relic, data ingested",
            [new(PriceMeter.Gigabytes, [new(0, 0.40m)], Included: 100)],
            Confidence.Medium, Confidence.Medium, NewRelic),
        Of("new-relic-ingest-data-plus", "New Relic", "New Relic Data Plus, data ingested",
            [new(PriceMeter.Gigabytes, [new(0, 0.60m)], Included: 100)],
            Confidence.Medium, Confidence.Medium, NewRelic),
        Of("cloudwatch-custom-metrics", "Amazon", "Amazon CloudWatch, custom metrics",
            [new(PriceMeter.MetricMonths, [new(0, 0.30m), new(10_000, 0.10m), new(250_000, 0.05m), new(1_000_000, 0.02m)])],
            Confidence.Medium, Confidence.Low, "list price by tier of us-east-1; API calls and the ten free metrics not included"),
        Contract("chronosphere-persisted-writes", "Chronosphere", "Chronosphere, persisted writes",
            [new(PriceMeter.PersistedPointsPerSecond, [])], Confidence.Medium, "no published price; matched writes not included"),
        Contract("splunk-metric-time-series", "Splunk", "Splunk Infrastructure Monitoring, metric time series",
            [new(PriceMeter.MeanHourlySeries, [], Multipliers: Splunk)], Confidence.Medium, "no published price; hosts and containers not included"),
        Contract("self-hosted", "own", "Own Prometheus-compatible database",
            [new(PriceMeter.OwnStorageGigabytes, []), new(PriceMeter.OwnMemoryGigabytes, []), new(PriceMeter.OwnCores, [])],
            Confidence.Medium, "the operator's own figures; people's time and queries not included"),
    ];

    const string NewRelic = "list price per GB beyond 100 GB; bytes as sent stand for New Relic's own count, compare an invoice and set the scale";

    /// <summary>The entry that is in force; of those that are no more, the latest.</summary>
    public static PriceEntry? Find(string id) => Entries.Where(e => e.Id == id).MaxBy(e => e.ValidFrom);

    static PriceEntry Of(
        string id, string vendor, string name, IReadOnlyList<Charge> charges, Confidence formula, Confidence price, string source,
        decimal platformFee = 0) =>
        new(id, vendor, name, May2026, null, charges, "USD", platformFee, May2026, source, formula, price, PriceOrigin.List);

    static PriceEntry Contract(string id, string vendor, string name, IReadOnlyList<Charge> charges, Confidence formula, string source) =>
        new(id, vendor, name, May2026, null, charges, null, 0, May2026, source, formula, Confidence.Low, PriceOrigin.List);
}
