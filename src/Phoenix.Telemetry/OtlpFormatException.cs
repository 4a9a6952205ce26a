namespace Phoenix.Telemetry;

/// <summary>The bytes are not an OTLP <c>ExportMetricsServiceRequest</c>.</summary>
/// <param name="offset">Byte offset in the batch at which reading failed.</param>
public sealed class OtlpFormatException(string problem, int offset)
    : Exception($"Malformed OTLP metrics at byte {offset}: {problem}.")
{
    /// <summary>Byte offset in the batch.</summary>
    public int Offset { get; } = offset;
}
