namespace Phoenix.Domain.Pricing;

/// <summary>
/// Divides a bill among those who make it. Each part gets of every line of the bill the share that it has of the line's quantity, which for a bill along the
/// straight way from nothing to the whole is the cost sharing of Aumann and Shapley (R. J. Aumann, L. S. Shapley, <i>Values of Non-Atomic Games</i>, 1974):
/// the shares add up to the whole, whatever the tiers and allowances.
/// </summary>
public static class BillShares
{
    const double Negligible = 1e-9;

    /// <summary>What each part of what is sent now comes to in a month.</summary>
    /// <param name="parts">Everything that is known to be sent, in parts that do not overlap: tiers and allowances are counted as if this were all.</param>
    /// <param name="hosts">For which an allowance is granted.</param>
    /// <returns>In the price's currency, in the order of the parts; refused as <see cref="Price.BillOf"/> refuses.</returns>
    public static (IReadOnlyList<decimal>? Costs, Rejection? Rejection) Of(Price price, IReadOnlyList<Rate> parts, int hosts)
    {
        if (parts.Count == 0) return ([], null);
        var (bill, rejection) = price.BillOf(parts.Aggregate((sum, part) => sum + part).AsUsage(hosts));
        if (rejection is not null) return (null, rejection);
        return (Divide(bill!.Total, [.. bill.Lines.Select(l => l.Amount)], [.. parts.Select(p => Quantities(price, p.AsUsage(0)))]), null);
    }

    /// <summary>A usage in the units of each line that the price bills of it.</summary>
    public static IReadOnlyList<double> Quantities(Price price, MeterUsage usage) =>
        [.. price.Charges.Select(c => Meters.Of(c, usage, price.SelfHosted)).Where(q => q is not null).Select(q => q!.Units)];

    /// <summary>Divides the whole by lines, and each line by quantities; what is left of rounding is the last one's, so that the parts add up.</summary>
    public static decimal[] Divide(decimal whole, IReadOnlyList<decimal> lines, IReadOnlyList<IReadOnlyList<double>> quantities) =>
        ByLines(whole, lines, quantities)
        // A fee or a committed minimum, which no quantity makes, or lines that make up for each other: by quantities alone.
        ?? ByLines(whole, [.. lines.Select(_ => 1m)], quantities)
        ?? Rounded(whole, [.. quantities.Select(_ => whole / quantities.Count)]);

    /// <summary>Null where the lines add up to nothing that could be divided.</summary>
    static decimal[]? ByLines(decimal whole, IReadOnlyList<decimal> lines, IReadOnlyList<IReadOnlyList<double>> quantities)
    {
        var parts = new decimal[quantities.Count];
        for (var line = 0; line < lines.Count; line++)
        {
            var sum = quantities.Sum(q => q[line]);
            // What some send more others send less: no quantity is left that the line could be divided by.
            if (Math.Abs(sum) <= Negligible * quantities.Sum(q => Math.Abs(q[line]))) continue;
            for (var i = 0; i < parts.Length; i++) parts[i] += lines[line] * (decimal)(quantities[i][line] / sum);
        }
        var divided = parts.Sum();
        return Math.Abs(divided) <= (decimal)Negligible * lines.Sum(Math.Abs) ? null : Rounded(whole, [.. parts.Select(p => whole / divided * p)]);
    }

    static decimal[] Rounded(decimal whole, decimal[] parts)
    {
        for (var i = 0; i < parts.Length; i++) parts[i] = decimal.Round(parts[i], 12);
        parts[^1] += whole - parts.Sum();
        return parts;
    }
}

/// <summary>What is sent at a moment, as far as it is told apart: bytes are not, so that a price of bytes alone has nothing to bill.</summary>
/// <param name="Series">Active classic Prometheus series, which stand for every hour and step of the month.</param>
/// <param name="SamplesPerMinute">Classic samples, for every minute of the month.</param>
public sealed record Rate(double Series, double SamplesPerMinute)
{
    public static readonly Rate None = new(0, 0);

    public static Rate operator +(Rate a, Rate b) => new(a.Series + b.Series, a.SamplesPerMinute + b.SamplesPerMinute);

    /// <summary>What the other leaves of it; never less than nothing.</summary>
    public Rate Beyond(Rate other) => new(Math.Max(0, Series - other.Series), Math.Max(0, SamplesPerMinute - other.SamplesPerMinute));

    public MeterUsage AsUsage(int hosts) => MeterUsage.Steady(TimeSpan.FromMinutes(1), hosts, Series, SamplesPerMinute, wireBytes: null);
}
