namespace Phoenix.Pipelines.Components;

/// <summary><c>otlphttp</c>: sends batches as OTLP over HTTP with protobuf bodies.</summary>
/// <param name="MetricsUrl">Where batches are posted.</param>
/// <param name="Headers">Sent with every request. Values may be secrets: never logged.</param>
/// <param name="Gzip">Whether bodies are compressed.</param>
public sealed record OtlpHttpExporterSettings(
    string Id, Uri MetricsUrl, IReadOnlyDictionary<string, string> Headers, bool Gzip, TimeSpan Timeout, RetrySettings Retry, QueueSettings Queue)
    : ExporterSettings(Id)
{
    public const string Type = "otlphttp";

    internal static OtlpHttpExporterSettings Read(string id, SectionReader section)
    {
        // Base URL; /v1/metrics is appended. Required unless metrics_endpoint is given.
        var endpoint = section.Text("endpoint");
        // The full URL for metrics; wins over endpoint.
        var metricsEndpoint = section.Text("metrics_endpoint");
        var url = metricsEndpoint ?? endpoint?.TrimEnd('/') + "/v1/metrics";
        if (!section.Has("endpoint") && !section.Has("metrics_endpoint"))
        {
            section.Error("endpoint", "is missing", "write the backend's base URL, such as https://otlp.example.org");
            url = "";
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            // Where a variable could not be resolved on this machine the reader gives null for the text: nothing to check.
            if ((metricsEndpoint ?? endpoint) is not null)
            {
                var key = metricsEndpoint is null ? "endpoint" : "metrics_endpoint";
                section.Error(key, $"`{section.Written(key)}` is no http or https URL", "write it with its scheme, such as http://localhost:4318");
            }

            uri = new Uri("http://unresolved.invalid/v1/metrics");
        }

        // Header names and values sent with every request.
        var headers = section.TextMap("headers");
        foreach (var (name, value) in headers)
        {
            if (value.AsSpan().ContainsAny('\r', '\n') || name.AsSpan().ContainsAnyExcept(TokenCharacters))
            {
                section.Error("headers", $"the header {name} has a character that HTTP does not allow", "remove line breaks from its value and anything but letters, digits and - from its name");
            }
        }

        // gzip or none. Default gzip.
        var gzip = section.Choice("compression", true, ("gzip", true), ("none", false));
        // How long one request may take. Default 30s.
        var timeout = section.Duration("timeout", TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        var retry = RetrySettings.Read(section.Section("retry_on_failure"));
        var queue = QueueSettings.Read(section.Section("sending_queue"));
        section.RejectUnknown();
        return new(id, uri, headers, gzip, timeout, retry, queue);
    }

    private static readonly System.Buffers.SearchValues<char> TokenCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!#$%&'*+^`|~");
}

/// <summary>What happens to a batch that the backend refuses for now (OTLP specification, §Failures: 429, 502, 503, 504 and lost connections).</summary>
/// <param name="MaxElapsed">After that the batch is dropped and counted.</param>
public sealed record RetrySettings(bool Enabled, TimeSpan InitialInterval, TimeSpan MaxInterval, TimeSpan MaxElapsed)
{
    internal static RetrySettings Read(SectionReader? section)
    {
        var byDefault = new RetrySettings(true, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5));
        if (section is null)
        {
            return byDefault;
        }

        var settings = new RetrySettings(
            // Whether to retry at all. Default true.
            section.Flag("enabled", byDefault.Enabled),
            // Wait before the first retry; doubles, with jitter. Default 5s.
            section.Duration("initial_interval", byDefault.InitialInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10)),
            // Longest wait. Default 30s.
            section.Duration("max_interval", byDefault.MaxInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)),
            // How long one batch is tried. Default 5m.
            section.Duration("max_elapsed_time", byDefault.MaxElapsed, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)));
        section.RejectUnknown();
        return settings;
    }
}

/// <summary>Batches that wait to be sent. Beyond the bound the newest is dropped and counted; the pipeline never waits.</summary>
/// <param name="Bytes">Bytes of those batches, as they are sent.</param>
public sealed record QueueSettings(int Size, long Bytes)
{
    internal static QueueSettings Read(SectionReader? section)
    {
        var byDefault = new QueueSettings(1000, 64L << 20);
        if (section is null)
        {
            return byDefault;
        }

        // A queue always exists, since the pipeline must not wait for a backend. Only true is accepted.
        if (!section.Flag("enabled", true))
        {
            section.Error("enabled", "the queue cannot be switched off", "remove the key, or bound the queue with queue_size");
        }

        // Batches. Default 1000.
        var size = (int)section.Integer("queue_size", byDefault.Size, 1, 100_000);
        // Bytes of those batches, compressed where they are sent so. Default 64 MiB.
        var bytes = section.Integer("queue_bytes", byDefault.Bytes, 1024, 4L << 30);
        section.RejectUnknown();
        return new(size, bytes);
    }
}
