namespace Phoenix.Collector.Exporters;

/// <summary>Why points were lost at an exporter.</summary>
internal enum DropReason
{
    /// <summary>The queue was full and this exporter may not hold the input.</summary>
    QueueFull,

    /// <summary>The backend refused the batch for good.</summary>
    Refused,

    /// <summary>The backend took the batch and rejected some of its points (OTLP partial success).</summary>
    Rejected,

    /// <summary>The backend refused for longer than <c>max_elapsed_time</c>, or once where retries are off.</summary>
    RetriesExhausted,

    /// <summary>The collector stopped before they could be sent.</summary>
    Stopped,

    /// <summary>The exporter's format cannot say what they are.</summary>
    Unsupported,

    /// <summary>The exporter holds streams, and has no room for more.</summary>
    TooManyStreams,
}

/// <summary>
/// What one exporter did since its start. Written by its own threads, read by the pipeline and the control server.
/// Offered = sent + dropped + queued, once nothing is being written.
/// </summary>
internal sealed class ExporterCounters
{
    private readonly long[] _dropped = new long[Enum.GetValues<DropReason>().Length];
    private long _offered;
    private long _attemptsFailed;
    private long _sentPoints;
    private long _sentBatches;
    private long _lastSuccess;
    private volatile string? _failure;

    /// <summary>Points that the pipeline handed over.</summary>
    public long OfferedPoints => Interlocked.Read(ref _offered);

    public long AttemptsFailed => Interlocked.Read(ref _attemptsFailed);

    /// <summary>Points that a backend took.</summary>
    public long SentPoints => Interlocked.Read(ref _sentPoints);

    public long SentBatches => Interlocked.Read(ref _sentBatches);

    public long DroppedPoints
    {
        get
        {
            var sum = 0L;
            for (var i = 0; i < _dropped.Length; i++)
            {
                sum += Interlocked.Read(ref _dropped[i]);
            }

            return sum;
        }
    }

    /// <summary>Unix nanoseconds; 0 where nothing was exported yet.</summary>
    public long LastSuccess => Interlocked.Read(ref _lastSuccess);

    /// <summary>Why the newest attempt failed; null where it succeeded.</summary>
    public string? Failure => _failure;

    public long DroppedFor(DropReason reason) => Interlocked.Read(ref _dropped[(int)reason]);

    public void Offered(long points) => Interlocked.Add(ref _offered, points);

    public void Succeeded(long points)
    {
        Interlocked.Add(ref _sentPoints, points);
        Interlocked.Increment(ref _sentBatches);
        Interlocked.Exchange(ref _lastSuccess, Clock.UnixNanos());
        _failure = null;
    }

    public void Failed(string reason)
    {
        Interlocked.Increment(ref _attemptsFailed);
        _failure = reason;
    }

    public void Dropped(DropReason reason, long points, string why)
    {
        Interlocked.Add(ref _dropped[(int)reason], points);
        // What a format cannot carry is no failure of the backend, and would not end with its next answer.
        _failure = reason == DropReason.Unsupported ? _failure : why;
    }
}
