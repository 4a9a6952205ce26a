using System.Runtime.CompilerServices;

namespace Phoenix.Telemetry;

/// <summary>
/// The last twelve control intervals of one series and whether the next one lies outside of their range: further from
/// their median than a multiple of their median absolute deviation (MAD). Both withstand up to half of the history being
/// outliers itself (Leys et al. 2013, "Detecting outliers: do not use standard deviation around the mean").
/// </summary>
internal struct SeriesHistory
{
    /// <summary>Intervals needed before anything is said.</summary>
    public const int Enough = 8;

    private const int Length = 12;

    // A normal distribution's standard deviation is this multiple of its MAD.
    private const double StandardDeviations = 1.4826;

    // A steady series has a MAD near zero; a quarter of its level is still no event.
    private const double LeastShare = 0.25;

    private Values values;
    private byte count;
    private byte next;

    public readonly bool IsKnown => count >= Enough;

    /// <summary>Whether a value is out of the range of the ones before it; false while there are too few.</summary>
    /// <param name="deviations">How many standard deviations are still in range.</param>
    /// <param name="isCount">A count of events, whose own chance is at least that of a Poisson process: √n.</param>
    /// <param name="leastChange">What matters at least, such as the mean of the metric's series.</param>
    public readonly bool IsOutOfRange(double value, double deviations, bool isCount, double leastChange, out double median, out double range)
    {
        (median, range) = (0, 0);
        if (!IsKnown || !double.IsFinite(value))
            return false;
        Span<float> sorted = stackalloc float[Length];
        sorted = sorted[..count];
        for (var i = 0; i < count; i++)
            sorted[i] = values[i];
        median = Median(sorted);
        for (var i = 0; i < count; i++)
            sorted[i] = (float)Math.Abs(sorted[i] - median);
        var deviation = StandardDeviations * Median(sorted);
        if (isCount)
            deviation = Math.Max(deviation, Math.Sqrt(Math.Max(1, median)));
        range = Math.Max(Math.Max(deviations * deviation, LeastShare * Math.Abs(median)), leastChange);
        return Math.Abs(value - median) > range;
    }

    public void Add(double value)
    {
        if (!double.IsFinite(value))
            return;
        values[next] = (float)value;
        next = (byte)((next + 1) % Length);
        count = (byte)Math.Min(count + 1, Length);
    }

    private static double Median(Span<float> values)
    {
        values.Sort();
        var middle = values.Length / 2;
        return values.Length % 2 == 1 ? values[middle] : (values[middle - 1] + (double)values[middle]) / 2;
    }

    [InlineArray(Length)]
    private struct Values
    {
        private float first;
    }
}
