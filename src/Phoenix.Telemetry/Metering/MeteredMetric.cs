namespace Phoenix.Telemetry;

/// <summary>What a meter knows of one metric: a name with unit, type, temporality and monotonicity.</summary>
internal sealed class MeteredMetric(string name, byte[] nameBytes, LedgerKind kind)
{
    public string Name { get; } = name;

    public byte[] NameBytes { get; } = nameBytes;

    public LedgerKind Kind { get; } = kind;

    /// <summary>Its place in <see cref="MeteredMetrics"/>; -1 where there was none for it.</summary>
    public int Number { get; init; } = -1;

    /// <summary>Labels that some processor of the pipeline may fold.</summary>
    public byte[][] FoldedLabels { get; init; } = [];

    /// <summary>The only point attributes that are sure to stay; null where any stays that is not folded.</summary>
    public byte[][]? KeptLabels { get; init; }

    /// <summary>The first value of a stream counts where its start lies inside the watch.</summary>
    public bool CountsFirst { get; init; }

    /// <summary>How levels become one.</summary>
    public GaugeFold Fold { get; init; }

    /// <summary>False for gauges that several processors fold by different functions: no function of the inputs is the output then.</summary>
    public bool IsCompared { get; init; } = true;

    /// <summary>What a processor that may fold the metric adds to the identity of a stream without <c>host.id</c>; 0 where nothing.</summary>
    public UInt128 AddedHostId { get; init; }

    public bool Protected { get; set; }

    public long SeriesIn { get; set; }

    public long SeriesOut { get; set; }

    /// <summary>Classic samples of the window.</summary>
    public long SamplesIn { get; set; }

    public long SamplesOut { get; set; }

    /// <summary>Unix nanoseconds of the last point.</summary>
    public long SeenIn { get; set; }

    public long SeenOut { get; set; }

    public bool MayFold => FoldedLabels.Length > 0 || KeptLabels is not null;

    public bool Folds(ReadOnlySpan<byte> label, bool ofResource) =>
        Holds(FoldedLabels, label) || (!ofResource && KeptLabels is { } kept && !Holds(kept, label));

    private static bool Holds(byte[][] labels, ReadOnlySpan<byte> label)
    {
        foreach (var one in labels)
        {
            if (label.SequenceEqual(one))
                return true;
        }

        return false;
    }
}
