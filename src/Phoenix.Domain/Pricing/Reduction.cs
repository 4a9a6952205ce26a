namespace Phoenix.Domain.Pricing;

/// <summary>By how much less, in per cent of what was sent before; negative where it is more.</summary>
/// <param name="EstimatePct">The most likely one; between the bounds.</param>
public sealed record ReductionInterval(double LowerPct, double EstimatePct, double UpperPct)
{
    public static readonly ReductionInterval None = new(0, 0, 0);

    public static ReductionInterval Exactly(double pct) => new(pct, pct, pct);

    internal bool IsWrong => !(LowerPct >= -1000 && LowerPct <= EstimatePct && EstimatePct <= UpperPct && UpperPct <= 100);
}

/// <summary>An interval of each thing that vendors count. The bounds of money are those of all three together, which is the wider choice.</summary>
/// <param name="Series">Of active and of distinct series.</param>
/// <param name="Samples">Of samples, points and what is stored of them.</param>
/// <param name="Bytes">Of bytes as sent.</param>
public sealed record Reduction(ReductionInterval Series, ReductionInterval Samples, ReductionInterval Bytes)
{
    public Rejection? Problem() => Series.IsWrong || Samples.IsWrong || Bytes.IsWrong
        ? Rejection.Invalid("reduction-invalid", "reduction", "A reduction is given as lower bound, estimate and upper bound that rise, in per cent from -1000 to 100.")
        : null;

    public MeterUsage Lower(MeterUsage before) => Left(before, i => i.LowerPct);

    public MeterUsage Estimate(MeterUsage before) => Left(before, i => i.EstimatePct);

    public MeterUsage Upper(MeterUsage before) => Left(before, i => i.UpperPct);

    MeterUsage Left(MeterUsage before, Func<ReductionInterval, double> pct) =>
        before.Times(1 - pct(Series) / 100, 1 - pct(Samples) / 100, 1 - pct(Bytes) / 100);
}
