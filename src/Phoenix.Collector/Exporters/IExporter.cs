namespace Phoenix.Collector.Exporters;

/// <summary>Where finished batches go. Called by the pipeline thread, which must never wait for a backend.</summary>
internal interface IExporter
{
    ExporterCounters Counters { get; }

    /// <returns>Bytes on the wire that this batch costs; 0 where nothing leaves the machine, even in earnest.</returns>
    long Export(EncodedBatch batch);

    /// <summary>Sends what is queued, until the token ends it. Nothing is accepted after.</summary>
    Task DrainAsync(CancellationToken limit);
}

/// <summary>What one exporter did since its start. Written by its own threads, read by the pipeline and the control server.</summary>
internal sealed class ExporterCounters
{
    private long _attemptsFailed;
    private long _droppedPoints;
    private long _sentBatches;
    private long _lastSuccess;
    private volatile string? _failure;

    public long AttemptsFailed => Interlocked.Read(ref _attemptsFailed);

    public long DroppedPoints => Interlocked.Read(ref _droppedPoints);

    public long SentBatches => Interlocked.Read(ref _sentBatches);

    /// <summary>Unix nanoseconds; 0 where nothing was exported yet.</summary>
    public long LastSuccess => Interlocked.Read(ref _lastSuccess);

    /// <summary>Why the newest attempt failed; null where it succeeded.</summary>
    public string? Failure => _failure;

    public void Succeeded()
    {
        Interlocked.Increment(ref _sentBatches);
        Interlocked.Exchange(ref _lastSuccess, Clock.UnixNanos());
        _failure = null;
    }

    public void Failed(string reason)
    {
        Interlocked.Increment(ref _attemptsFailed);
        _failure = reason;
    }

    public void Dropped(long points, string reason)
    {
        Interlocked.Add(ref _droppedPoints, points);
        _failure = reason;
    }
}
