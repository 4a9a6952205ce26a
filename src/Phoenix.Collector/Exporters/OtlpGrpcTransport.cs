using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Exporters;

/// <summary>
/// OTLP over gRPC: unary calls of <c>MetricsService/Export</c>. A message on the wire is a flag, a length and the bytes, so
/// that a payload goes out as it was encoded once, and what is counted is what is sent.
/// </summary>
internal sealed class OtlpGrpcTransport(OtlpExporterSettings settings) : ITransport
{
    private const string Path = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    private const int PrefixLength = 5;

    private readonly Uri _method = new(settings.Address, Path);
    private readonly string _timeout = string.Create(CultureInfo.InvariantCulture, $"{(long)settings.Timeout.TotalMilliseconds}m");
    private readonly HttpClient _client = BackendClient.Create(settings.Tls, settings.Timeout);

    public async Task<SendOutcome> SendAsync(Payload payload, CancellationToken stop)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _method)
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new MessageContent(payload),
            };
            request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
            request.Headers.TryAddWithoutValidation("grpc-timeout", _timeout);
            request.Headers.TryAddWithoutValidation("grpc-accept-encoding", "identity");
            request.Headers.TryAddWithoutValidation("User-Agent", $"phoenix-collector/{Collector.Version}");
            if (payload.Compression != Compression.None)
            {
                request.Headers.TryAddWithoutValidation("grpc-encoding", payload.Compression == Compression.Gzip ? "gzip" : "zstd");
            }

            foreach (var (name, value) in settings.Headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
            // The status stands behind the body.
            var body = await HttpAnswers.BodyAsync(response, settings.Timeout, stop);
            return body is null ? SendOutcome.TryAgain("the backend's answer broke off")
                : GrpcStatus.Failure(response) ?? PartialSuccess.Outcome(Message(body));
        }
        catch (HttpRequestException e)
        {
            return SendOutcome.TryAgain(HttpAnswers.Reason(e));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return SendOutcome.TryAgain($"no answer within {settings.Timeout.TotalSeconds} s");
        }
    }

    public void Dispose() => _client.Dispose();

    private static ReadOnlySpan<byte> Message(ReadOnlySpan<byte> body) =>
        body.Length >= PrefixLength && body[0] == 0 ? body[PrefixLength..] : default;

    private sealed class MessageContent : HttpContent
    {
        private readonly Payload _payload;

        public MessageContent(Payload payload)
        {
            _payload = payload;
            Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            var prefix = new byte[PrefixLength];
            prefix[0] = _payload.Compression == Compression.None ? (byte)0 : (byte)1;
            BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(1), _payload.Bytes.Length);
            await stream.WriteAsync(prefix, cancellationToken);
            await stream.WriteAsync(_payload.Bytes.Memory, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = PrefixLength + _payload.Bytes.Length;
            return true;
        }
    }
}
