using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers.Otlp;

/// <summary>What a sender is to be told about its batch.</summary>
/// <param name="RetryAfter">Seconds after which the same batch may be sent again; 0 where it never should.</param>
internal readonly record struct Answer(RpcCode Code, string Message, int RetryAfter = 0)
{
    public static readonly Answer Accepted = new(RpcCode.Ok, "");
}

/// <summary>What both protocols do with a body once they have it: the answer is the same, only its spelling differs.</summary>
internal sealed class OtlpIntake(ReceiverIntake intake)
{
    private const int RetrySeconds = 1;

    // Bodies are read and inflated beside each other; together they may hold this much, and never less than a few whole ones.
    private const long BodyBytes = 64L << 20;
    private const int LargestBodies = 4;

    /// <summary>The budget of all bodies that one listener reads at a time.</summary>
    public static ByteBudget BodyBudget(long maxRequestBytes) => new(Math.Max(BodyBytes, LargestBodies * maxRequestBytes));

    /// <summary>Takes a body that was read to its end.</summary>
    public async ValueTask<Answer> TakeAsync(BoundedBody body)
    {
        await RoomAsync(body.Content.Length);
        try
        {
            return Told(intake.TryAcceptChecked(body.Content.Span, body.HandOver));
        }
        catch (OtlpFormatException e)
        {
            return Malformed(e.Message);
        }
    }

    /// <summary>Takes a batch that was made from a body and so has no fault, and with it the caller's hold on it.</summary>
    public Answer Accept(SharedBytes batch, int points) => Told(intake.TryAccept(batch, points));

    /// <inheritdoc cref="ReceiverIntake.RoomAsync"/>
    public ValueTask RoomAsync(int bytes) => intake.RoomAsync(bytes);

    public Answer Malformed(string reason)
    {
        Log.Warn("malformed OTLP refused", ("receiver", intake.Receiver), ("transport", intake.Transport), ("reason", reason));
        return new(RpcCode.InvalidArgument, reason);
    }

    public static Answer TooLarge(long maxBytes, string key) =>
        new(RpcCode.ResourceExhausted, $"the request has more than {maxBytes} bytes after decompression; send smaller batches or raise {key}");

    public static Answer NoRoom { get; } = new(RpcCode.Unavailable, "too many requests are being received at once; try again", RetrySeconds);

    private static Answer Told(bool accepted) => accepted ? Answer.Accepted : new(RpcCode.Unavailable, "the pipeline is full; try again", RetrySeconds);
}
