namespace Phoenix.Domain.Notifications;

/// <summary>When a notification that did not arrive is sent again.</summary>
public static class DeliveryRetries
{
    /// <summary>Waits between attempts: for a moment, for a restart, for a night. About 16 hours altogether.</summary>
    static readonly TimeSpan[] Waits =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(4), TimeSpan.FromHours(8),
    ];

    /// <summary>A receiver that asks for longer is asked again after this.</summary>
    static readonly TimeSpan LongestAsked = TimeSpan.FromHours(24);

    public static int MaxAttempts => Waits.Length + 1;

    /// <summary>How long to wait before the next attempt; null where there is none.</summary>
    /// <param name="attempt">The one that failed, from 1.</param>
    /// <param name="retryAfter">What the receiver asked for.</param>
    /// <param name="jitter">0 to 1, at random: what failed together is not sent again together.</param>
    public static TimeSpan? After(int attempt, TimeSpan? retryAfter, double jitter)
    {
        if (attempt > Waits.Length) return null;
        var wait = Waits[attempt - 1] * (0.8 + 0.4 * jitter);
        var asked = retryAfter is { } given && given > TimeSpan.Zero ? (given < LongestAsked ? given : LongestAsked) : TimeSpan.Zero;
        // Never sooner than asked, and not all at that moment.
        return asked > wait ? asked * (1 + 0.1 * jitter) : wait;
    }

    /// <summary>Whether the same request may be answered otherwise later. What is refused otherwise is wrong, and stays so until somebody mends it.</summary>
    public static bool Passes(int status) => status is 408 or 425 or 429 or >= 500;
}
