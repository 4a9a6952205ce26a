using Phoenix.Contracts;

namespace Phoenix.Api.Tests;

/// <summary>Windows as an agent would report them.</summary>
public static class Windows
{
    static readonly DateTimeOffset Begin = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="candidateSeries">Live series of the candidate; the baseline has 1,000.</param>
    public static WindowReport Good(int number, long candidateSeries = 300, double conservationErrorPct = 0, long protectedRetained = 5) => new(
        number, Begin.AddSeconds(5 * number), Begin.AddSeconds(5 * number + 5), null,
        Arm(number, 1000, 0, 5), Arm(number, candidateSeries, conservationErrorPct, protectedRetained));

    public static WindowReport Void(int number, string reason) =>
        new(number, Begin.AddSeconds(5 * number), Begin.AddSeconds(5 * number + 5), reason, null, null);

    static ArmWindow Arm(int number, long series, double errorPct, long retained) => new(
        "epoch", "epoch", number, Begin, Begin.AddSeconds(5), number * 10, number * 10 + 9, 10, 0, true,
        new(new(1000, 1000, 1000, 1000, 1000, 1000, 50_000), "00ff", 0),
        new(new(series, series, series, series + number, series, series, series * 50), series * 10, 0, 0),
        new(40, 30 << 20),
        new(12, 1000 * number, 5000, 5000 * (1 - errorPct / 100), errorPct, errorPct > 0 ? "shop.requests{route=\"/cart\"}" : null,
            errorPct > 0 ? "shop.requests" : null, errorPct, []),
        new(5, retained, retained < 5 ? ["up"] : []), [new MetricShare("shop.requests", 900, 200)]);
}
