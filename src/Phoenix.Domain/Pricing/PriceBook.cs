namespace Phoenix.Domain.Pricing;

/// <summary>What a vendor counts.</summary>
public enum PriceMeter
{
    /// <summary>Samples a month (classic Prometheus).</summary>
    Samples,

    /// <summary>Active series, mean over the month (classic Prometheus).</summary>
    ActiveSeries,

    /// <summary>Bytes a month as sent.</summary>
    Bytes,
}

public enum Confidence
{
    Low,
    Medium,
    High,
}

/// <summary>From <paramref name="From"/> units a month on, a unit costs <paramref name="PerUnit"/>.</summary>
public sealed record PriceTier(double From, decimal PerUnit);

/// <summary>One vendor's list price at a date. A free allowance is a first tier at price 0.</summary>
/// <param name="FreeSeriesPerHost">Allowance that grows with the number of hosts.</param>
/// <param name="Source">Where the figures come from.</param>
public sealed record PriceEntry(
    string Id, string Vendor, string Name, PriceMeter Meter, IReadOnlyList<PriceTier> Tiers, double FreeSeriesPerHost, string Currency,
    DateOnly AsOf, string Source, Confidence Confidence)
{
    /// <summary>The month's bill for so many units.</summary>
    public decimal Bill(double units, int hosts)
    {
        units = Math.Max(0, units - FreeSeriesPerHost * hosts);
        decimal bill = 0;
        for (var i = 0; i < Tiers.Count; i++)
        {
            var upTo = i + 1 < Tiers.Count ? Tiers[i + 1].From : double.PositiveInfinity;
            var inTier = Math.Min(units, upTo) - Tiers[i].From;
            if (inTier > 0) bill += (decimal)inTier * Tiers[i].PerUnit;
        }
        return bill;
    }
}

/// <summary>
/// List prices known to this version. Rates change and contracts differ: each entry says as of when, from where and how
/// sure it is.
/// </summary>
public static class PriceBook
{
    static readonly DateOnly May2026 = new(2026, 5, 1);

    public static readonly IReadOnlyList<PriceEntry> Entries =
    [
        new("signoz-cloud-samples", "SigNoz", "SigNoz Cloud, samples ingested", PriceMeter.Samples,
            [new(0, 0.10m / 1_000_000)], 0, "USD", May2026, "list price per million samples", Confidence.High),
        new("azure-managed-prometheus-samples", "Microsoft", "Azure Managed Prometheus, samples ingested", PriceMeter.Samples,
            [new(0, 0.16m / 10_000_000)], 0, "USD", May2026, "list price per 10 million samples, queries not included", Confidence.High),
        new("google-managed-prometheus-samples", "Google", "Google Managed Service for Prometheus, samples ingested", PriceMeter.Samples,
            [new(0, 0.06m / 1_000_000), new(50e9, 0.048m / 1_000_000), new(250e9, 0.036m / 1_000_000), new(500e9, 0.024m / 1_000_000)],
            0, "USD", May2026, "list price by tier", Confidence.Medium),
        new("aws-managed-prometheus-samples", "Amazon", "Amazon Managed Service for Prometheus, samples ingested", PriceMeter.Samples,
            [new(0, 0m), new(40e6, 0.90m / 10_000_000), new(2e9, 0.35m / 10_000_000), new(252e9, 0.16m / 10_000_000)],
            0, "USD", May2026, "list price by tier; storage and queries not included", Confidence.Medium),
        new("grafana-cloud-pro-series", "Grafana Labs", "Grafana Cloud Pro, active series", PriceMeter.ActiveSeries,
            [new(0, 0m), new(10_000, 6.50m / 1_000)], 0, "USD", May2026,
            "list price per 1,000 active series beyond 10,000; mean instead of p95, points per minute not included", Confidence.Medium),
        new("datadog-pro-custom-metrics", "Datadog", "Datadog Pro, custom metrics", PriceMeter.ActiveSeries,
            [new(0, 5m / 100)], 100, "USD", May2026, "list price per 100 beyond 100 a host; classic series stand for custom metrics", Confidence.Medium),
        new("new-relic-ingest", "New Relic", "New Relic, data ingested", PriceMeter.Bytes,
            [new(0, 0m), new(100e9, 0.40m / 1_000_000_000)], 0, "USD", May2026, "list price per GB beyond 100 GB, compressed bytes", Confidence.Low),
    ];

    public static PriceEntry? Find(string id) => Entries.FirstOrDefault(e => e.Id == id);
}
