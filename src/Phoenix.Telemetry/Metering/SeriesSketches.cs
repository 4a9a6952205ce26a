namespace Phoenix.Telemetry;

/// <summary>Distinct streams and series of one span of time, one sketch per way of counting.</summary>
internal sealed class SeriesSketches
{
    public const int Precision = 12;

    // Odd, so that the series of a histogram get identities of their own.
    private const ulong PerSeries = 0x9E3779B97F4A7C15;

    private readonly UltraLogLog streams = new(Precision);
    private readonly UltraLogLog native = new(Precision);
    private readonly UltraLogLog datadog = new(Precision);

    /// <summary>The one that is sent with a window, to be merged over time and hosts.</summary>
    public UltraLogLog Classic { get; } = new(Precision);

    public void Add(UInt128 identity, SeriesShape shape, int classic)
    {
        Add(Classic, identity, classic);
        if (shape != SeriesShape.TargetInfo)
            streams.Add(identity);
        Add(native, identity, shape == SeriesShape.Summary ? classic : 1);
        if (shape != SeriesShape.TargetInfo)
            Add(datadog, identity, shape == SeriesShape.Summary ? classic : 1);
    }

    public void Merge(SeriesSketches other)
    {
        Classic.Merge(other.Classic);
        streams.Merge(other.streams);
        native.Merge(other.native);
        datadog.Merge(other.datadog);
    }

    public void Clear()
    {
        Classic.Clear();
        streams.Clear();
        native.Clear();
        datadog.Clear();
    }

    public SeriesCount Estimate() => new(Rounded(streams), Rounded(Classic), Rounded(native), Rounded(datadog));

    private static long Rounded(UltraLogLog sketch) => (long)Math.Round(sketch.Estimate());

    private static void Add(UltraLogLog sketch, UInt128 identity, int series)
    {
        for (var i = 0; i < series; i++)
            sketch.Add(identity + ((UInt128)(uint)i * PerSeries));
    }
}
