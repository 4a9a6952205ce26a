using System.Net;
using Phoenix.Pipelines.Components;

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
/// <param name="Sample">What is kept of recent input for previews; null where nothing is.</param>
public sealed record TelemetrySettings(
    LogLevel Level, bool JsonLogs, TimeSpan Window, int MaxSeries, int QueueBatches, long QueueBytes, SampleSettings? Sample = null)
{
    /// <summary>Where the production arm serves its own metrics over TCP; null where on the control socket alone.</summary>
    public IPEndPoint? MetricsEndpoint { get; init; }

    /// <summary>Id of the <c>file_storage</c> in which the reducers' state outlives the process; null where it ends with it.</summary>
    public string? Storage { get; init; }

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

        SampleSettings? sample = null;
        string? storage = null;
        var metrics = section?.Section("metrics") is { } own ? ReadMetrics(own) : null;
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
            // Keeps recent input in memory, so that another pipeline can be previewed on it. Absent: nothing is kept.
            sample = SampleSettings.Read(phoenix.Section("sample"));
            // The file_storage extension in which the state of the reducers is kept. Absent: a restart begins a new epoch.
            storage = phoenix.Text("storage");
            phoenix.RejectUnknown();
        }

        section?.RejectUnknown();
        return new(level, json, window, (int)maxSeries, (int)batches, bytes, sample) { MetricsEndpoint = metrics, Storage = storage };
    }

    private static IPEndPoint? ReadMetrics(SectionReader section)
    {
        var byDefault = new IPEndPoint(IPAddress.Loopback, 8888);
        // none serves nothing over TCP; the other levels are the same here.
        var off = section.Choice("level", false, ("none", true), ("basic", false), ("normal", false), ("detailed", false));
        // Address and port of GET /metrics. Without it, and without readers, nothing listens.
        var endpoint = section.Has("address") ? ListenEndpoint.Read(section, "address", byDefault) : null;
        foreach (var reader in section.Sections("readers"))
        {
            // The newer way to write the same: pull.exporter.prometheus.{host, port}.
            if (reader.Section("pull")?.Section("exporter")?.Section("prometheus") is not { } prometheus)
            {
                reader.Error("only `pull: {exporter: {prometheus: {host, port}}}` is supported", "scrape the collector's own metrics, or use the control socket");
                continue;
            }

            var host = prometheus.Text("host") ?? "localhost";
            var port = prometheus.Integer("port", byDefault.Port, 0, 65535);
            endpoint = host == "localhost" ? new IPEndPoint(IPAddress.Loopback, (int)port)
                : IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, (int)port)
                : endpoint;
            if (endpoint is null)
            {
                prometheus.Error("host", $"`{prometheus.Written("host")}` is no IP address", "write localhost or an IP address of this host");
            }

            prometheus.RejectUnknown();
        }

        section.RejectUnknown();
        return off ? null : endpoint;
    }
}

/// <summary><c>service.telemetry.phoenix.sample</c>: recent input kept for previews, compressed, in the production arm.</summary>
/// <param name="MaxBytes">Compressed bytes held; the oldest batches go first.</param>
/// <param name="MaxAge">Batches older than this are dropped.</param>
public sealed record SampleSettings(long MaxBytes, TimeSpan MaxAge)
{
    internal static SampleSettings? Read(SectionReader? section)
    {
        if (section is null)
        {
            return null;
        }

        var settings = new SampleSettings(
            // Compressed bytes held. Default 16 MiB.
            section.Integer("max_bytes", 16L << 20, 64 << 10, 1L << 30),
            // How far back it reaches. Default 10m.
            section.Duration("max_age", TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(1), TimeSpan.FromHours(24)));
        section.RejectUnknown();
        return settings;
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
