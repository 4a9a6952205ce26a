namespace Phoenix.Telemetry;

/// <summary>What a new cumulative number point means beside the one before it.</summary>
/// <remarks>
/// A reset shows by a later known start time, else by a falling value; after one the whole value is new. A start that
/// was unknown before and is known now is no reset.
/// </remarks>
internal static class CounterStep
{
    public static bool IsReset(ulong knownStart, ulong lastStart, double value, double last) =>
        (knownStart != 0 && lastStart != 0 && knownStart > lastStart) || value < last;

    public static bool IsReset(ulong knownStart, ulong lastStart, long value, long last) =>
        (knownStart != 0 && lastStart != 0 && knownStart > lastStart) || value < last;
}

/// <summary>
/// A running total of increments: exact while they are integers, compensated (Neumaier 1974) from the first double on.
/// </summary>
internal struct RunningTotal
{
    private long whole;
    private double sum;
    private double compensation;

    // Eight bytes less than a flag: the sum of doubles is never positive zero, which is what it is before the first of them.
    public readonly bool IsDouble => BitConverter.DoubleToUInt64Bits(sum) != 0;

    public readonly long Whole => whole;

    public readonly double Value => whole + (sum + compensation);

    public void Add(long increment) => whole += increment;

    public void Add(double increment)
    {
        var next = sum + increment;
        compensation += Math.Abs(sum) >= Math.Abs(increment) ? sum - next + increment : increment - next + sum;
        sum = next == 0 ? -0.0 : next;
    }
}
