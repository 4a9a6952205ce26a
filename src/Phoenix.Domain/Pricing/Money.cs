using System.Collections.Frozen;

namespace Phoenix.Domain.Pricing;

/// <param name="Currency">ISO 4217.</param>
public sealed record Money(decimal Amount, string Currency);

/// <summary>What the operator reckons one currency to be worth in another from a day on.</summary>
/// <param name="Rate">Units of <paramref name="To"/> for one of <paramref name="From"/>.</param>
/// <param name="Source">Where the operator has it from.</param>
public sealed record ExchangeRate(string From, string To, decimal Rate, DateOnly On, string Source);

/// <summary>An amount with the rate that made it, so that nobody takes it for a price in that currency.</summary>
public sealed record Converted(Money Original, Money Amount, ExchangeRate By);

/// <summary>Currencies by ISO 4217. Nothing is converted but by a rate that an operator wrote down.</summary>
public static class Currencies
{
    static readonly FrozenSet<string> Codes = (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF " +
        "DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF " +
        "KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN " +
        "PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS " +
        "UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG").Split(' ').ToFrozenSet(StringComparer.Ordinal);

    public static bool IsKnown(string? code) => code is not null && Codes.Contains(code);

    /// <summary>
    /// By the operator's latest rate of that pair on or before the day; where only the opposite pair is written down, by its inverse.
    /// Never over a third currency.
    /// </summary>
    public static (Converted? Converted, Rejection? Rejection) Convert(Money money, string to, IReadOnlyList<ExchangeRate> rates, DateOnly on)
    {
        if (!IsKnown(to)) return (null, Unknown("currency", to));
        if (money.Currency == to) return (new(money, money, new(to, to, 1, on, "the same currency")), null);
        var rate = rates.Where(r => r.On <= on && r.From == money.Currency && r.To == to).MaxBy(r => r.On);
        var inverse = rates.Where(r => r.On <= on && r.From == to && r.To == money.Currency).MaxBy(r => r.On);
        if (rate is null && inverse is null)
            return (null, Rejection.Conflict("exchange-rate-missing",
                $"There is no rate from {money.Currency} to {to} of {on:yyyy-MM-dd} or earlier; write one down in the price book."));
        if (Math.Abs(money.Amount) > decimal.MaxValue * PriceChecks.LeastExchangeRate)
            return (null, Rejection.Invalid("amount-too-large", "amount", $"{money.Amount:0.###e+0} {money.Currency} is no amount that could be converted."));
        return rate is not null && (inverse is null || rate.On >= inverse.On)
            ? (new(money, new(money.Amount * rate.Rate, to), rate), null)
            : (new(money, new(money.Amount / inverse!.Rate, to), inverse), null);
    }

    internal static Rejection Unknown(string field, string? code) =>
        Rejection.Invalid("currency-unknown", field, $"'{(code is { Length: > 10 } ? code[..10] + "…" : code)}' is no currency of ISO 4217, such as USD or EUR.");
}
