namespace Phoenix.Telemetry;

/// <summary>Why a processor handed a point on unchanged.</summary>
public enum PassReason
{
    NotSelected,
    Protected,

    /// <summary>The point has none of the labels to fold.</summary>
    NoLabel,

    /// <summary>The sender did not say cumulative or delta.</summary>
    UnspecifiedTemporality,

    /// <summary>No fold function is named for this gauge.</summary>
    GaugeWithoutFunction,
    Summary,

    /// <summary>An explicit histogram whose buckets are not one packed run of bounds + 1 counts, or an exponential one out of range.</summary>
    IrregularHistogram,

    /// <summary>A histogram without any label to fold, under whose name others with other bounds are folded.</summary>
    OtherBounds,

    /// <summary>The point has no time.</summary>
    NoTime,

    /// <summary>The table of tracked streams is full.</summary>
    MemoryBound,
}

/// <summary>What a processor met since its start, in points unless said otherwise.</summary>
public sealed class ProcessorCounters
{
    private readonly long[] passed = new long[Enum.GetValues<PassReason>().Length];

    public long PointsIn { get; internal set; }

    public long PointsOut { get; internal set; }

    /// <summary>Cumulative points older than the stream's newest one; ignored.</summary>
    public long Late { get; internal set; }

    /// <summary>Same stream and time again, of deltas also the same start; ignored.</summary>
    public long Duplicates { get; internal set; }

    /// <summary>Counters that began again, by start time or by a falling value.</summary>
    public long Resets { get; internal set; }

    /// <summary>Points that say "no recorded value" or carry NaN; they end a gauge and change no counter.</summary>
    public long NoRecordedValue { get; internal set; }

    /// <summary>Streams that returned after the staleness limit and set a new base.</summary>
    public long Returned { get; internal set; }

    /// <summary>Streams forgotten after the staleness limit.</summary>
    public long Evicted { get; internal set; }

    /// <summary>Label values equal to the name of the rest that were escaped, counted once a stream.</summary>
    public long Escaped { get; internal set; }

    /// <summary>Histograms whose bounds were not those of their fold, so that they stayed apart.</summary>
    public long Apart { get; internal set; }

    /// <summary>Streams tracked now.</summary>
    public long Tracked { get; internal set; }

    /// <summary>Points handed on unchanged for this reason.</summary>
    public long Passed(PassReason reason) => passed[(int)reason];

    internal void AddPassed(PassReason reason, long points)
    {
        passed[(int)reason] += points;
        PointsOut += points;
    }
}
