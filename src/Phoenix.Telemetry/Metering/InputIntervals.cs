namespace Phoenix.Telemetry;

/// <summary>
/// How often the inputs come: the interval between two points of a stream, over one window. Weighted by the interval itself,
/// since a slow stream has fewer points; the slowest hundredth is left out, where a scrape was missed.
/// </summary>
internal sealed class InputIntervals
{
    private const int Longer = 3600;
    private const double Share = 0.99;

    private readonly long[] count = new long[Longer + 1];

    /// <summary>Ninety-nine of a hundred streams come at least this often; zero where none came twice.</summary>
    public TimeSpan Longest
    {
        get
        {
            double all = 0, sum = 0;
            for (var seconds = 1; seconds <= Longer; seconds++)
                all += (double)count[seconds] * seconds;
            for (var seconds = 1; seconds <= Longer && all > 0; seconds++)
            {
                sum += (double)count[seconds] * seconds;
                if (sum >= Share * all)
                    return TimeSpan.FromSeconds(seconds);
            }

            return TimeSpan.Zero;
        }
    }

    public void Add(ulong nanos) => count[(int)Math.Clamp((nanos + 500_000_000) / 1_000_000_000, 1, Longer)]++;

    public void Clear() => count.AsSpan().Clear();
}
