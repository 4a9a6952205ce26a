namespace Phoenix.Agent;

/// <summary>How long to wait before a request is repeated.</summary>
internal static class RetryDelay
{
    public static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>The server's word counts up to this long: a wrong clock on one side must not silence a host for hours.</summary>
    public static readonly TimeSpan LongestAsked = TimeSpan.FromMinutes(5);

    /// <summary>Doubles from 1 s to 30 s, minus up to half at random so that a fleet does not return as one.</summary>
    /// <param name="failures">Failures in a row, from 1.</param>
    /// <param name="random">Uniform in [0, 1).</param>
    public static TimeSpan After(int failures, double random)
    {
        var full = Math.Min(Longest.TotalSeconds, First.TotalSeconds * Math.Pow(2, Math.Clamp(failures - 1, 0, 16)));
        return TimeSpan.FromSeconds(full * (1 - random / 2));
    }

    /// <summary>The same, but never shorter than the server asked for by Retry-After.</summary>
    public static TimeSpan After(int failures, TimeSpan? retryAfter, double random)
    {
        var own = After(failures, random);
        if (retryAfter is not { } asked)
            return own;
        var bounded = asked < LongestAsked ? asked : LongestAsked;
        return bounded > own ? bounded : own;
    }
}
