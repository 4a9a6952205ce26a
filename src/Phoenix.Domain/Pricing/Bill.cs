namespace Phoenix.Domain.Pricing;

/// <param name="Quantity">The month's, in the vendor's units.</param>
/// <param name="Billable">What is left of it after the allowance.</param>
/// <param name="Remark">What the quantity cannot tell; null where it is as the vendor's.</param>
public sealed record BillLine(PriceMeter Meter, double Quantity, double Billable, decimal Amount, string? Remark);

/// <summary>What a month costs by one price. Exact: nothing is rounded, and vendors that bill whole packs may bill the next one.</summary>
/// <param name="Discount">Taken off the lines.</param>
/// <param name="TopUp">Added, because the contract's minimum is more than what was used.</param>
/// <param name="NotMeasured">Meters that the vendor bills and nothing was known of: their lines are missing, and the bill is too low.</param>
public sealed record Bill(
    string PriceEntry, string Currency, IReadOnlyList<BillLine> Lines, decimal Discount, decimal TopUp, decimal PlatformFee, Extrapolation From,
    IReadOnlyList<PriceMeter> NotMeasured)
{
    public decimal Total => Lines.Sum(l => l.Amount) - Discount + TopUp + PlatformFee;
}
