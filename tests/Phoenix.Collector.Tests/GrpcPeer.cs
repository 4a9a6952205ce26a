using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Phoenix.Collector.Tests;

/// <summary>What came back from a gRPC call.</summary>
/// <param name="Details">The <c>google.rpc.Status</c> of the details as text.</param>
internal sealed record GrpcAnswer(int Status, string Message, string Details);

/// <summary>Speaks gRPC down to the bytes, so that it can also speak it badly. One connection.</summary>
internal sealed class GrpcPeer : IDisposable
{
    public const string Metrics = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

    private readonly Uri _address;
    private readonly HttpClient _client;
    private int _connections;

    public GrpcPeer(Uri address)
    {
        _address = address;
        _client = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync });
    }

    /// <summary>Connections opened so far.</summary>
    public int Connections => _connections;

    /// <summary>Calls with one message.</summary>
    public Task<GrpcAnswer> CallAsync(byte[] message, string? encoding = null, string path = Metrics) =>
        CallRawAsync([(byte)(encoding is null ? 0 : 1), .. Prefix(message.Length), .. message], encoding, path);

    /// <summary>Calls with these bytes as the body, whatever they are.</summary>
    public async Task<GrpcAnswer> CallRawAsync(byte[] body, string? encoding = null, string path = Metrics)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_address, path)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (encoding is not null)
        {
            request.Headers.Add("grpc-encoding", encoding);
        }

        using var response = await _client.SendAsync(request);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await response.Content.ReadAsByteArrayAsync()).Length.ShouldBeOneOf(0, 5);
        return new(int.Parse(Field("grpc-status"), CultureInfo.InvariantCulture), Uri.UnescapeDataString(Field("grpc-message")), Details(Field("grpc-status-details-bin")));

        string Field(string name) =>
            response.Headers.TryGetValues(name, out var header) || response.TrailingHeaders.TryGetValues(name, out header) ? header.Single() : "";
    }

    public void Dispose() => _client.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        Interlocked.Increment(ref _connections);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(context.DnsEndPoint, stop);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static byte[] Prefix(int length)
    {
        var prefix = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(prefix, length);
        return prefix;
    }

    private static string Details(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64.PadRight((base64.Length + 3) / 4 * 4, '=')));
}
