namespace Phoenix.Domain.Statistics;

/// <summary>A closed range of reductions as shares: 0.3 is 30 per cent, negative where the candidate sends more than the baseline.</summary>
public readonly record struct Interval(double Lower, double Upper)
{
    public double Width => Upper - Lower;

    public bool Contains(double value) => Lower <= value && value <= Upper;
}
