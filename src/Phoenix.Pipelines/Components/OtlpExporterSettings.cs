namespace Phoenix.Pipelines.Components;

/// <summary><c>otlp</c> (also <c>otlp_grpc</c>): sends batches as OTLP over gRPC.</summary>
/// <param name="Address">Scheme, host and port of the backend: <c>http</c> speaks HTTP/2 in plain text, <c>https</c> over TLS.</param>
/// <param name="Headers">Sent as metadata of every call. Values may be secrets: never logged.</param>
public sealed record OtlpExporterSettings(
    string Id, Uri Address, IReadOnlyDictionary<string, string> Headers, Compression Compression, TlsClientSettings Tls,
    TimeSpan Timeout, RetrySettings Retry, QueueSettings Queue)
    : QueuedExporterSettings(Id, Timeout, Retry, Queue)
{
    public const string Type = "otlp";

    /// <summary>The name that newer versions of the OpenTelemetry Collector use.</summary>
    public const string NewerType = "otlp_grpc";

    internal static OtlpExporterSettings Read(string id, SectionReader section)
    {
        var tls = TlsClientSettings.Read(section.Section("tls"));
        // host:port, or with http:// (plain text) or https:// before it. Without a scheme TLS is used unless tls.insecure is set.
        section.RequiredText("endpoint", "write the backend's host and port, such as backend.example.org:4317");
        var address = ReadAddress(section, tls.Insecure);
        // Names and values sent as metadata of every call.
        var headers = RequestHeaders.Read(section, "content-type", "te", "grpc-encoding", "grpc-timeout", "grpc-accept-encoding", "user-agent");
        // gzip, zstd or none. Default gzip.
        var compression = section.Choice("compression", Compression.Gzip, ("gzip", Compression.Gzip), ("zstd", Compression.Zstd), ("none", Compression.None));
        // How long one call may take. Default 5s.
        var timeout = section.Duration("timeout", TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(100), Bounds.LongestTimeout);
        var retry = RetrySettings.Read(section.Section("retry_on_failure"));
        var queue = QueueSettings.Read(section.Section("sending_queue"), QueueSettings.Default);
        section.RejectUnknown();
        return new(id, address, headers, compression, tls, timeout, retry, queue);
    }

    private static Uri ReadAddress(SectionReader section, bool insecure)
    {
        var unresolved = new Uri("http://unresolved.invalid:4317");
        if (section.Text("endpoint") is not { Length: > 0 } text)
        {
            return unresolved;
        }

        var withScheme = text.Contains("://", StringComparison.Ordinal) ? text : $"{(insecure ? "http" : "https")}://{text}";
        if (Uri.TryCreate(withScheme, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.AbsolutePath == "/" && uri.Query.Length == 0)
        {
            return uri;
        }

        section.Error("endpoint", $"`{section.Written("endpoint")}` is no host:port", "write host and port without a path, such as backend.example.org:4317 or http://localhost:4317");
        return unresolved;
    }
}
