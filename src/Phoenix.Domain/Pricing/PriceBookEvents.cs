namespace Phoenix.Domain.Pricing;

/// <summary>A plan's price is known for these days.</summary>
/// <param name="Entry">Vendor, days, charges with tiers and allowances, currency, source and confidence.</param>
public sealed record PriceEntryAdded(PriceEntry Entry);

/// <summary>The entry of this plan that is valid from that day was wrong, or ends; this one takes its place.</summary>
/// <param name="Id">The plan.</param>
/// <param name="ValidFrom">First day of the entry that is replaced.</param>
/// <param name="Entry">What is right, in full; its days may be others.</param>
public sealed record PriceEntryCorrected(string Id, DateOnly ValidFrom, PriceEntry Entry);

/// <summary>The entry of this plan that is valid from that day is gone. What was priced by it keeps its figures.</summary>
/// <param name="Id">The plan.</param>
/// <param name="ValidFrom">First day of the entry.</param>
public sealed record PriceEntryRemoved(string Id, DateOnly ValidFrom);

/// <summary>A contract says otherwise than a list price.</summary>
/// <param name="Override">The entry that it is about, days, and what it says: rates, allowances, discount, fee, minimum, own figures.</param>
public sealed record ContractOverrideSet(ContractOverride Override);

/// <summary>What the contract was said to say was wrong, or ends; this takes its place under the same id.</summary>
/// <param name="Override">What is right, in full.</param>
public sealed record ContractOverrideCorrected(ContractOverride Override);

/// <summary>The contract says nothing more of this; the list price holds again.</summary>
/// <param name="Id">The operator's name for what the contract said.</param>
public sealed record ContractOverrideRemoved(string Id);

/// <summary>The operator reckons by this rate from its day on. Of the same pair and day it replaces the one before.</summary>
/// <param name="Rate">The pair, units of the second currency for one of the first, the day and where it is from.</param>
public sealed record ExchangeRateSet(ExchangeRate Rate);

/// <summary>The rate of this pair and day is gone.</summary>
/// <param name="From">ISO 4217.</param>
/// <param name="To">ISO 4217.</param>
/// <param name="On">The rate's day.</param>
public sealed record ExchangeRateRemoved(string From, string To, DateOnly On);

/// <summary>The operator reckons own resources by these rates from their day on. Of the same day they replace those before.</summary>
/// <param name="Rates">Currency, core-hour, GB-hour of memory and GB-month of storage.</param>
/// <param name="On">First day.</param>
/// <param name="Source">Where the operator has them from.</param>
public sealed record OperatorRatesSet(OperatorRates Rates, DateOnly On, string Source);

/// <summary>The rates of this day are gone; those before hold again.</summary>
/// <param name="On">Their first day.</param>
public sealed record OperatorRatesRemoved(DateOnly On);
