using JasperFx.Events;

namespace Phoenix.Domain.Pricing;

/// <summary>First day of an entry of a plan: what names an entry.</summary>
public sealed record PriceKey(string Id, DateOnly ValidFrom);

/// <summary>Every price that is known, by day: list prices, contracts and the operator's exchange rates. There is one.</summary>
public sealed record PriceBook
{
    public static readonly PriceBook Empty = new() { Id = StreamIds.PriceBook };

    public Guid Id { get; init; }

    /// <summary>Of one plan their days never overlap.</summary>
    public IReadOnlyList<PriceEntry> Entries { get; init; } = [];

    public IReadOnlyList<ContractOverride> Overrides { get; init; } = [];

    public IReadOnlyList<ExchangeRate> Rates { get; init; } = [];

    /// <summary>What own resources cost, by the day from which it holds; each day once.</summary>
    public IReadOnlyList<OperatorRatesSet> OwnRates { get; init; } = [];

    /// <summary>Entries that are gone, so that a list price that was removed does not come back by itself.</summary>
    public IReadOnlyList<PriceKey> Removed { get; init; } = [];

    /// <summary>The price of a plan on a day. Refused where there is no entry for it; whether it can price is <see cref="Price.Problem"/>.</summary>
    public (Price? Price, Rejection? Rejection) PriceOf(string id, DateOnly day)
    {
        if (Entries.FirstOrDefault(e => e.Id == id && e.IsValidOn(day)) is { } entry)
            return (new(entry, [.. Overrides.Where(o => o.Entry == id && o.IsValidOn(day))]), null);
        var dates = Entries.Where(e => e.Id == id).OrderBy(e => e.ValidFrom).Select(e => $"{e.ValidFrom:yyyy-MM-dd} to {e.ValidUntil?.ToString("yyyy-MM-dd", null) ?? "now"}");
        return (null, Entries.Any(e => e.Id == id)
            ? Rejection.NotFound("price-entry-unknown", $"'{id}' has no price of {day:yyyy-MM-dd}; it has one for {string.Join(", ", dates)}.")
            : Rejection.NotFound("price-entry-unknown", $"There is no price entry '{id}'. Known: {string.Join(", ", Entries.Select(e => e.Id).Distinct())}."));
    }

    /// <summary>Every plan's price on a day, by id.</summary>
    public IReadOnlyList<Price> PricesOn(DateOnly day) =>
        [.. Entries.Where(e => e.IsValidOn(day)).OrderBy(e => e.Id, StringComparer.Ordinal).Select(e => PriceOf(e.Id, day).Price!)];

    /// <summary>What own resources cost on a day. Refused where nobody has said it: there is no price that would do for everybody.</summary>
    public (OperatorRates? Rates, Rejection? Rejection) OwnRatesOn(DateOnly day) =>
        OwnRates.Where(r => r.On <= day).MaxBy(r => r.On) is { } set
            ? (set.Rates, null)
            : (null, Rejection.Conflict("operator-rates-missing",
                $"What a core-hour, a GB-hour of memory and a GB-month of storage cost here is not written down for {day:yyyy-MM-dd}. Say it with PUT /api/v2/operator-rates/{{from}}."));

    public static PriceBook Create(IEvent<PriceEntryAdded> e) => Empty with { Id = e.StreamId, Entries = [e.Data.Entry] };

    public PriceBook Apply(PriceEntryAdded e) => this with
    {
        Entries = [.. Entries, e.Entry], Removed = [.. Removed.Where(k => k != new PriceKey(e.Entry.Id, e.Entry.ValidFrom))],
    };

    public PriceBook Apply(PriceEntryCorrected e) => this with
    {
        Entries = [.. Entries.Select(x => x.Id == e.Id && x.ValidFrom == e.ValidFrom ? e.Entry : x)],
        Removed = e.ValidFrom == e.Entry.ValidFrom ? Removed : [.. Removed, new PriceKey(e.Id, e.ValidFrom)],
    };

    public PriceBook Apply(PriceEntryRemoved e) => this with
    {
        Entries = [.. Entries.Where(x => x.Id != e.Id || x.ValidFrom != e.ValidFrom)], Removed = [.. Removed, new PriceKey(e.Id, e.ValidFrom)],
    };

    public PriceBook Apply(ContractOverrideSet e) => this with { Overrides = [.. Overrides, e.Override] };

    public PriceBook Apply(ContractOverrideCorrected e) => this with { Overrides = [.. Overrides.Select(o => o.Id == e.Override.Id ? e.Override : o)] };

    public PriceBook Apply(ContractOverrideRemoved e) => this with { Overrides = [.. Overrides.Where(o => o.Id != e.Id)] };

    public PriceBook Apply(ExchangeRateSet e) => this with { Rates = [.. Without(e.Rate.From, e.Rate.To, e.Rate.On), e.Rate] };

    public PriceBook Apply(ExchangeRateRemoved e) => this with { Rates = [.. Without(e.From, e.To, e.On)] };

    public PriceBook Apply(OperatorRatesSet e) => this with { OwnRates = [.. OwnRates.Where(r => r.On != e.On), e] };

    public PriceBook Apply(OperatorRatesRemoved e) => this with { OwnRates = [.. OwnRates.Where(r => r.On != e.On)] };

    IEnumerable<ExchangeRate> Without(string from, string to, DateOnly on) => Rates.Where(r => r.From != from || r.To != to || r.On != on);
}
