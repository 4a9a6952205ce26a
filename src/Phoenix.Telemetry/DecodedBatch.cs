namespace Phoenix.Telemetry;

/// <summary>
/// A batch as bytes together with where its parts lie and who they are. It is a view: valid as long as the bytes are and its
/// <see cref="BatchDecoder"/> decodes no other.
/// </summary>
public readonly ref struct DecodedBatch
{
    private readonly BatchDecoder decoder;

    internal DecodedBatch(ReadOnlySpan<byte> bytes, BatchDecoder decoder)
    {
        Bytes = bytes;
        this.decoder = decoder;
    }

    /// <summary>The bytes of the OTLP <c>ExportMetricsServiceRequest</c>, as they came.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>
    /// It was emitted by a reducer earlier in the chain: its counters began at zero at their start time, so that a second
    /// reducer counts them from their first point on.
    /// </summary>
    public bool IsFolded { get; init; }

    /// <summary>Data points in it.</summary>
    public int PointCount => decoder.Points.Length;

    /// <summary>All its points, in the order in which a reader comes to them.</summary>
    internal ReadOnlySpan<DecodedPoint> Points => decoder.Points;

    internal BatchReader Read() => new(Bytes, decoder);
}
