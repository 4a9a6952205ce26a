namespace Phoenix.Telemetry;

/// <summary>The body is not snappy, or what it holds is not a <c>prometheus.WriteRequest</c>. Answer it with 400.</summary>
/// <param name="offset">Byte offset in the uncompressed request; -1 where the body could not be uncompressed.</param>
public sealed class RemoteWriteFormatException(string problem, int offset)
    : TelemetryFormatException(
        offset < 0 ? $"Malformed remote write body: {problem}." : $"Malformed remote write request at byte {offset} of the uncompressed body: {problem}.", problem)
{
    /// <summary>Byte offset in the uncompressed request; -1 where the body could not be uncompressed.</summary>
    public int Offset { get; } = offset;
}

/// <summary>The request is larger than allowed, uncompressed or as OTLP. Answer it with 413.</summary>
public sealed class RemoteWriteSizeException(string problem) : TelemetryFormatException($"Remote write request refused: {problem}.", problem);
