using System.Net;

namespace Phoenix.Pipelines.Components;

/// <summary><c>otlp</c>: OTLP over HTTP with protobuf bodies (<c>POST /v1/metrics</c>).</summary>
/// <param name="MaxRequestBytes">Bytes of one request, after decompression.</param>
public sealed record OtlpReceiverSettings(string Id, IPEndPoint Endpoint, long MaxRequestBytes) : ReceiverSettings(Id)
{
    public const string Type = "otlp";

    public override IEnumerable<TimeSpan> Intervals => [];

    internal static OtlpReceiverSettings Read(string id, SectionReader section)
    {
        var endpoint = new IPEndPoint(IPAddress.Loopback, 4318);
        var limit = 20L << 20;
        if (section.Section("protocols") is { } protocols)
        {
            if (protocols.Has("grpc") || protocols.Keys.Any(k => k.Key == "grpc"))
            {
                protocols.Error("grpc", "OTLP over gRPC is not supported yet", "remove it and let senders use OTLP/HTTP (protocols.http, port 4318)");
            }

            if (protocols.Section("http") is { } http)
            {
                // Address and port to listen on; port 0 takes a free one. Default localhost:4318.
                if (http.Text("endpoint") is { } text)
                {
                    endpoint = ParseEndpoint(text) ?? Reject(http, endpoint);
                }

                // Bytes of one request, also after decompression. Default 20 MiB.
                limit = http.Integer("max_request_body_size", limit, 1024, 256L << 20);
                http.RejectUnknown();
            }
            else
            {
                protocols.Error("http", "is missing", "write `protocols: {http: {endpoint: localhost:4318}}`");
            }

            protocols.RejectUnknown();
        }
        else
        {
            section.Error("protocols", "is missing", "write `protocols: {http: {endpoint: localhost:4318}}`");
        }

        section.RejectUnknown();
        return new(id, endpoint, limit);
    }

    private static IPEndPoint Reject(SectionReader http, IPEndPoint byDefault)
    {
        http.Error("endpoint", $"`{http.Written("endpoint")}` is no address:port", "write an IP address or localhost and a port, such as 0.0.0.0:4318");
        return byDefault;
    }

    private static IPEndPoint? ParseEndpoint(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text.AsSpan(colon + 1), out var port))
        {
            return null;
        }

        var host = text[..colon].Trim('[', ']');
        return host == "localhost" ? new(IPAddress.Loopback, port)
            : host.Length == 0 ? new(IPAddress.Any, port)
            : IPAddress.TryParse(host, out var address) ? new(address, port)
            : null;
    }
}
