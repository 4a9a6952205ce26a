namespace Phoenix.Domain.Pricing;

/// <summary>A plan's price is known for these days.</summary>
public sealed record PriceEntryAdded(PriceEntry Entry);

/// <summary>The entry of this plan that is valid from that day was wrong, or ends; this one takes its place.</summary>
/// <param name="ValidFrom">Of the entry that is replaced.</param>
public sealed record PriceEntryCorrected(string Id, DateOnly ValidFrom, PriceEntry Entry);

/// <summary>The entry of this plan that is valid from that day is gone. What was priced by it keeps its figures.</summary>
public sealed record PriceEntryRemoved(string Id, DateOnly ValidFrom);

/// <summary>A contract says otherwise than a list price.</summary>
public sealed record ContractOverrideSet(ContractOverride Override);

/// <summary>What the contract was said to say was wrong, or ends; this takes its place under the same id.</summary>
public sealed record ContractOverrideCorrected(ContractOverride Override);

/// <summary>The contract says nothing more of this; the list price holds again.</summary>
public sealed record ContractOverrideRemoved(string Id);

/// <summary>The operator reckons by this rate from its day on. Of the same pair and day it replaces the one before.</summary>
public sealed record ExchangeRateSet(ExchangeRate Rate);

/// <summary>The rate of this pair and day is gone.</summary>
public sealed record ExchangeRateRemoved(string From, string To, DateOnly On);
