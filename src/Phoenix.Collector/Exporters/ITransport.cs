namespace Phoenix.Collector.Exporters;

/// <summary>Carries payloads to one backend. Used by several senders at a time where the exporter has several consumers.</summary>
internal interface ITransport : IDisposable
{
    /// <summary>Sends once. Never throws for what a backend or the network does: that is the outcome.</summary>
    /// <exception cref="OperationCanceledException">The token ended it: the collector stops.</exception>
    Task<SendOutcome> SendAsync(Payload payload, CancellationToken stop);
}

internal enum SendResult
{
    Delivered,

    /// <summary>The same payload may be taken later.</summary>
    TryAgain,

    /// <summary>The same payload would be refused for ever.</summary>
    Refused,
}

/// <param name="Reason">Why it was not delivered, or why points were rejected; empty where neither.</param>
/// <param name="RetryAfter">The wait that the backend asked for.</param>
/// <param name="Rejected">Points that the backend did not take out of a payload that it took.</param>
internal readonly record struct SendOutcome(SendResult Result, string Reason = "", TimeSpan? RetryAfter = null, long Rejected = 0)
{
    public static SendOutcome TryAgain(string reason, TimeSpan? after = null) => new(SendResult.TryAgain, reason, after);

    public static SendOutcome Refused(string reason) => new(SendResult.Refused, reason);
}
