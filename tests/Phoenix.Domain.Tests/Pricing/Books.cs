using Phoenix.Domain.Pricing;

namespace Phoenix.Domain.Tests.Pricing;

/// <summary>Price books to price by, made of events by decisions alone.</summary>
static class Books
{
    public static readonly DateOnly Day = new(2026, 11, 1);
    public static readonly DateOnly January = new(2026, 1, 1);

    public static readonly PriceBook Seeded = PriceBook.Empty.After(PriceBookDecisions.Seed(PriceBook.Empty, ListPrices.Entries));

    /// <summary>With a contract for every vendor that publishes no price; the rates are made up.</summary>
    public static readonly PriceBook Full = Contracts.Aggregate(Seeded, (book, contract) => book.After(PriceBookDecisions.SetOverride(book, contract)));

    static IEnumerable<ContractOverride> Contracts =>
    [
        Contract("chronosphere", "chronosphere-persisted-writes", [new(PriceMeter.PersistedPointsPerSecond, [new(0, 0.02m)], Included: 200)]),
        Contract("splunk", "splunk-metric-time-series", [new(PriceMeter.MeanHourlySeries, [new(0, 0.10m)], IncludedPerHost: 100)]),
        Contract("names", "datadog-metric-names",
            [
                new(PriceMeter.MetricNames, [new(0, 2m)]), new(PriceMeter.IndexedPointsBeyond, [new(0, 0.50m / 1_000_000)]),
                new(PriceMeter.IngestedPointsBeyond, [new(0, 0.10m / 1_000_000)]),
            ]),
        Contract("own", "self-hosted",
            [
                new(PriceMeter.OwnStorageGigabytes, [new(0, 0.10m)]), new(PriceMeter.OwnMemoryGigabytes, [new(0, 3m)]),
                new(PriceMeter.OwnCores, [new(0, 20m)]),
            ]) with { SelfHosted = new(BytesPerSample: 1.5, RetentionDays: 30, MemoryBytesPerSeries: 8000, CoresPerMillionSamplesPerSecond: 2, Replicas: 2) },
    ];

    public static ContractOverride Contract(string id, string entry, params ChargeTerms[] charges) =>
        new(id, entry, January, null, "USD", "contract 1", charges);

    public static PriceEntry Entry(string id = "plan", DateOnly? from = null, DateOnly? until = null, params PriceTier[] tiers) => new(
        id, "Vendor", "A plan", from ?? January, until, [new(PriceMeter.Samples, tiers.Length == 0 ? [new(0, 1m)] : tiers)], "USD", 0, January, "price list",
        Confidence.High, Confidence.High);

    public static Price Price(this PriceBook book, string id) => book.PriceOf(id, Day).Price.ShouldNotBeNull();

    public static Bill Bill(string id, MeterUsage usage) => Full.Price(id).Bill(usage);

    public static Bill Bill(this Price price, MeterUsage usage)
    {
        var (bill, rejection) = price.BillOf(usage);
        rejection.ShouldBeNull();
        return bill.ShouldNotBeNull();
    }

    /// <summary>A whole month of 30 days, so that nothing is extrapolated.</summary>
    public static readonly MeterUsage Month = new() { Covered = TimeSpan.FromDays(30), Month = TimeSpan.FromDays(30) };

    /// <summary>The vendors' mean month of 730 hours, whole.</summary>
    public static readonly MeterUsage MeanMonth = new() { Covered = TimeSpan.FromHours(730) };

    public static PriceBook After(this PriceBook book, Decision decision)
    {
        decision.Rejection.ShouldBeNull();
        return decision.Events.Aggregate(book, Apply);
    }

    public static PriceBook Apply(PriceBook book, object happened) => happened switch
    {
        PriceEntryAdded e => book.Apply(e),
        PriceEntryCorrected e => book.Apply(e),
        PriceEntryRemoved e => book.Apply(e),
        ContractOverrideSet e => book.Apply(e),
        ContractOverrideCorrected e => book.Apply(e),
        ContractOverrideRemoved e => book.Apply(e),
        ExchangeRateSet e => book.Apply(e),
        ExchangeRateRemoved e => book.Apply(e),
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened, "no event of the price book"),
    };
}
