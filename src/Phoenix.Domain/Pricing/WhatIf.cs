namespace Phoenix.Domain.Pricing;

/// <summary>One vendor's answer: a saving, or why there is none to tell.</summary>
/// <param name="InCurrency">The saving by the operator's own exchange rate; null where none was asked for or written down.</param>
/// <param name="NotConverted">Why it could not be converted.</param>
public sealed record WhatIfAnswer(
    string PriceEntry, string Vendor, MarginalSaving? Saving, Rejection? Rejection, Converted? InCurrency, Rejection? NotConverted);

/// <summary>The same change under every price of a book at once. What it would be worth there, not what moving there would cost.</summary>
public static class WhatIf
{
    /// <param name="currency">Convert savings into it; null leaves each in its own.</param>
    public static IReadOnlyList<WhatIfAnswer> Of(
        PriceBook book, DateOnly day, MeterUsage? rest, MeterUsage baseline, MeterUsage candidate, string? currency = null) =>
        [.. book.PricesOn(day).Select(price => Answer(price, MarginalSaving.Of(price, rest, baseline, candidate), book, day, currency))];

    public static IReadOnlyList<WhatIfAnswer> Estimated(
        PriceBook book, DateOnly day, MeterUsage? rest, MeterUsage baseline, Reduction reduction, string? currency = null) =>
        [.. book.PricesOn(day).Select(price => Answer(price, MarginalSaving.Estimated(price, rest, baseline, reduction), book, day, currency))];

    static WhatIfAnswer Answer(Price price, (MarginalSaving? Saving, Rejection? Rejection) priced, PriceBook book, DateOnly day, string? currency)
    {
        var (converted, unconverted) = priced.Saving is { } saving && currency is not null
            ? Currencies.Convert(new(saving.PerMonth, saving.Currency), currency, book.Rates, day)
            : (null, null);
        return new(price.Entry.Id, price.Entry.Vendor, priced.Saving, priced.Rejection, converted, unconverted);
    }
}
