using System.Net;

namespace Phoenix.Pipelines.Components;

/// <summary><c>otlp</c>: OTLP over gRPC, over HTTP, or both. A protocol that is not named does not listen.</summary>
public sealed record OtlpReceiverSettings(string Id, OtlpListener? Grpc, OtlpListener? Http) : ReceiverSettings(Id)
{
    public const string Type = "otlp";

    public override IEnumerable<TimeSpan> Intervals => [];

    internal static OtlpReceiverSettings Read(string id, SectionReader section)
    {
        OtlpListener? grpc = null, http = null;
        if (section.Section("protocols") is { } protocols)
        {
            grpc = protocols.Section("grpc") is { } grpcSection ? OtlpListener.ReadGrpc(grpcSection) : null;
            http = protocols.Section("http") is { } httpSection ? OtlpListener.ReadHttp(httpSection) : null;
            protocols.RejectUnknown();
            if (grpc is null && http is null)
            {
                protocols.Error("names no protocol", "write `protocols: {grpc: {endpoint: localhost:4317}, http: {endpoint: localhost:4318}}`");
            }
            else if (grpc is not null && http is not null && grpc.Endpoint.Port != 0 && grpc.Endpoint.Equals(http.Endpoint))
            {
                protocols.Error("http", "listens on the same address as grpc", "give each protocol a port of its own, such as 4317 for grpc and 4318 for http");
            }
        }
        else
        {
            section.Error("protocols", "is missing", "write `protocols: {grpc: {endpoint: localhost:4317}, http: {endpoint: localhost:4318}}`");
        }

        section.RejectUnknown();
        return new(id, grpc, http);
    }
}

/// <param name="MaxRequestBytes">Bytes of one request, also after decompression.</param>
/// <param name="MetricsPath">The path that takes metrics; of HTTP only.</param>
/// <param name="Tls">Null where the listener speaks plain text.</param>
public sealed record OtlpListener(IPEndPoint Endpoint, long MaxRequestBytes, string MetricsPath, ServerTlsSettings? Tls)
{
    internal static OtlpListener ReadGrpc(SectionReader section)
    {
        // Address and port to listen on; port 0 takes a free one. Default localhost:4317.
        var endpoint = ListenEndpoint.Read(section, "endpoint", new IPEndPoint(IPAddress.Loopback, 4317));
        // Mebibytes of one message, also after decompression. Default 4.
        var limit = section.Integer("max_recv_msg_size_mib", 4, 1, 256) << 20;
        var tls = ServerTlsSettings.Read(section.Section("tls"));
        section.RejectUnknown();
        return new(endpoint, limit, "", tls);
    }

    internal static OtlpListener ReadHttp(SectionReader section)
    {
        // Address and port to listen on; port 0 takes a free one. Default localhost:4318.
        var endpoint = ListenEndpoint.Read(section, "endpoint", new IPEndPoint(IPAddress.Loopback, 4318));
        // Bytes of one request, also after decompression. Default 20 MiB.
        var limit = section.Integer("max_request_body_size", 20L << 20, 1024, 256L << 20);
        // The path that takes metrics. Default /v1/metrics.
        var path = section.Text("metrics_url_path") ?? "/v1/metrics";
        if (!path.StartsWith('/'))
        {
            section.Error("metrics_url_path", $"`{section.Written("metrics_url_path")}` does not begin with /", $"write /{section.Written("metrics_url_path")}");
        }

        var tls = ServerTlsSettings.Read(section.Section("tls"));
        section.RejectUnknown();
        return new(endpoint, limit, path, tls);
    }
}
