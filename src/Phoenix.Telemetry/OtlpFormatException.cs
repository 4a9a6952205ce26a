namespace Phoenix.Telemetry;

/// <summary>Input of some telemetry format that cannot be read; the message names the place and what is wrong there.</summary>
/// <param name="problem">What is wrong, as a clause without its place and without a full stop.</param>
public abstract class TelemetryFormatException(string message, string problem) : Exception(message)
{
    public string Problem { get; } = problem;
}

/// <summary>The bytes are not an OTLP <c>ExportMetricsServiceRequest</c>.</summary>
/// <param name="offset">Byte offset in the batch at which reading failed.</param>
public sealed class OtlpFormatException(string problem, int offset)
    : TelemetryFormatException($"Malformed OTLP metrics at byte {offset}: {problem}.", problem)
{
    /// <summary>Byte offset in the batch.</summary>
    public int Offset { get; } = offset;
}
