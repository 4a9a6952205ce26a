namespace Phoenix.Telemetry;

/// <summary>The text is not an OTLP <c>ExportMetricsServiceRequest</c> in JSON.</summary>
/// <param name="path">Names of the fields around the fault, such as <c>resourceMetrics.scopeMetrics</c>; empty at the top.</param>
/// <param name="line">Line of the fault, from 1.</param>
/// <param name="column">Byte in that line, from 1.</param>
public sealed class OtlpJsonFormatException(string problem, string path, long line, long column)
    : TelemetryFormatException($"Malformed OTLP/JSON at line {line}, column {column}{(path.Length > 0 ? $", in {path}" : "")}: {problem}.", problem)
{
    public string Path { get; } = path;

    public long Line { get; } = line;

    public long Column { get; } = column;
}

/// <summary>The text would take more bytes as OTLP than allowed. Answer it with 413.</summary>
public sealed class OtlpJsonSizeException(int maxBytes)
    : TelemetryFormatException($"OTLP/JSON refused: it has more than {maxBytes} bytes as protobuf.", $"more than {maxBytes} bytes as protobuf");
