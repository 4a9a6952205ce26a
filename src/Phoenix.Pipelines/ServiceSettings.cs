namespace Phoenix.Pipelines;

/// <summary>The metrics pipeline: ids of its components, processors in their order.</summary>
/// <param name="Name"><c>metrics</c> or <c>metrics/name</c>.</param>
public sealed record PipelineSettings(
    string Name, IReadOnlyList<string> Receivers, IReadOnlyList<string> Processors, IReadOnlyList<string> Exporters);

/// <summary><c>service.telemetry</c>: the collector's own logs, and what Phoenix measures.</summary>
/// <param name="JsonLogs">JSON lines, or plain text.</param>
/// <param name="Window">Length of a measurement window until the agent sets one.</param>
/// <param name="MaxSeries">Streams that the meter tracks exactly; what comes beyond is counted as untracked.</param>
/// <param name="QueueBatches">Input batches that may wait for the pipeline before senders are refused.</param>
/// <param name="QueueBytes">Bytes of those batches.</param>
public sealed record TelemetrySettings(LogLevel Level, bool JsonLogs, TimeSpan Window, int MaxSeries, int QueueBatches, long QueueBytes)
{
    internal static TelemetrySettings Read(SectionReader? section)
    {
        var (level, json) = (LogLevel.Info, true);
        var (window, maxSeries, batches, bytes) = (TimeSpan.FromMinutes(1), 1_000_000L, 256L, 64L << 20);
        if (section?.Section("logs") is { } logs)
        {
            // debug, info, warn or error. Default info.
            level = logs.Choice("level", LogLevel.Info, ("debug", LogLevel.Debug), ("info", LogLevel.Info), ("warn", LogLevel.Warn), ("error", LogLevel.Error));
            // json or console. Default json.
            json = logs.Choice("encoding", true, ("json", true), ("console", false));
            logs.RejectUnknown();
        }

        if (section?.Section("phoenix") is { } phoenix)
        {
            // Measurement window until the agent sets one. Default 1m.
            window = phoenix.Duration("window", window, TimeSpan.FromMilliseconds(200), TimeSpan.FromHours(1));
            // Streams tracked exactly by the meter. Default 1,000,000.
            maxSeries = phoenix.Integer("max_series", maxSeries, 1, 16_000_000);
            // Batches waiting for the pipeline before senders get 503. Default 256.
            batches = phoenix.Integer("queue_batches", batches, 1, 1_000_000);
            // Bytes of those batches. Default 64 MiB.
            bytes = phoenix.Integer("queue_bytes", bytes, 1024, 4L << 30);
            phoenix.RejectUnknown();
        }

        section?.RejectUnknown();
        return new(level, json, window, (int)maxSeries, (int)batches, bytes);
    }
}

/// <summary>How much the collector logs.</summary>
public enum LogLevel
{
    Debug,
    Info,
    Warn,
    Error,
}
