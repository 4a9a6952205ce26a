using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.AspNetCore.Http;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Receivers.Otlp;

/// <summary>
/// OTLP over gRPC: the unary <c>MetricsService/Export</c> (gRPC over HTTP/2 protocol), one message behind a prefix of five
/// bytes. Other services get UNIMPLEMENTED. A refusal for now is UNAVAILABLE with <c>google.rpc.RetryInfo</c>.
/// </summary>
internal sealed class OtlpGrpcEndpoint(OtlpIntake intake, OtlpListener settings, ByteBudget bodies)
{
    private const string Export = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    private const string ContentType = "application/grpc";
    private const int PrefixBytes = 5;

    // Flag "not compressed" and length 0: an ExportMetricsServiceResponse without partial success is the empty message.
    private static readonly byte[] EmptyMessage = new byte[PrefixBytes];

    public async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        if (!HttpMethods.IsPost(request.Method) || request.ContentType?.StartsWith(ContentType, StringComparison.Ordinal) != true)
        {
            // Not a gRPC call: only HTTP can answer it (gRPC over HTTP/2, §Requests).
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        context.Response.ContentType = ContentType;
        context.Response.Headers["grpc-accept-encoding"] = ContentCodings.Names;
        var answer = request.Path != Export
            ? new Answer(RpcCode.Unimplemented, $"{request.Path} does not exist here: Phoenix handles metrics and passes nothing else through")
            : ContentCodings.Parse(request.Headers["grpc-encoding"]) is not { } coding
            ? new Answer(RpcCode.Unimplemented, $"grpc-encoding {request.Headers["grpc-encoding"]} is not supported; send one of {ContentCodings.Names}")
            : await ReceiveAsync(request.Body, coding, context.RequestAborted);
        await AnswerAsync(context.Response, answer);
    }

    private async Task<Answer> ReceiveAsync(Stream request, ContentCoding coding, CancellationToken aborted)
    {
        var prefix = new byte[PrefixBytes];
        if (await request.ReadAtLeastAsync(prefix, PrefixBytes, throwOnEndOfStream: false, aborted) < PrefixBytes)
        {
            return intake.Malformed("the request ends before its message");
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1));
        if (prefix[0] > 1 || (prefix[0] == 1 && coding == ContentCoding.Identity))
        {
            return intake.Malformed($"the message has the compression flag {prefix[0]} without a grpc-encoding");
        }

        if (length > settings.MaxRequestBytes)
        {
            return TooLarge;
        }

        using var sent = new BoundedBody(settings.MaxRequestBytes, bodies);
        if (await sent.ReadAsync(request, length, ContentCoding.Identity, aborted) is var outcome and not BodyOutcome.Whole)
        {
            return outcome == BodyOutcome.TooLarge ? TooLarge : OtlpIntake.NoRoom;
        }

        return sent.Content.Length != length
            ? intake.Malformed($"the message has {sent.Content.Length} bytes where its prefix says {length}; Export takes exactly one")
            : prefix[0] == 0 ? await intake.TakeAsync(sent) : await InflateAsync(sent.Content, coding, aborted);
    }

    private async Task<Answer> InflateAsync(ReadOnlyMemory<byte> message, ContentCoding coding, CancellationToken aborted)
    {
        using var inflated = new BoundedBody(settings.MaxRequestBytes, bodies);
        try
        {
            return await inflated.ReadAsync(AsStream(message), null, coding, aborted) switch
            {
                BodyOutcome.Whole => await intake.TakeAsync(inflated),
                BodyOutcome.TooLarge => TooLarge,
                _ => OtlpIntake.NoRoom,
            };
        }
        catch (InvalidDataException e)
        {
            return intake.Malformed(e.Message);
        }
    }

    private static MemoryStream AsStream(ReadOnlyMemory<byte> bytes)
    {
        MemoryMarshal.TryGetArray(bytes, out var array);
        return new MemoryStream(array.Array!, array.Offset, array.Count, writable: false);
    }

    private Answer TooLarge => OtlpIntake.TooLarge(settings.MaxRequestBytes, "max_recv_msg_size_mib");

    private static async Task AnswerAsync(HttpResponse response, Answer answer)
    {
        if (answer.Code == RpcCode.Ok)
        {
            await response.Body.WriteAsync(EmptyMessage);
            response.AppendTrailer("grpc-status", "0");
            return;
        }

        // Trailers alone: the headers are the only frame, and end the stream.
        response.Headers["grpc-status"] = ((int)answer.Code).ToString(CultureInfo.InvariantCulture);
        response.Headers["grpc-message"] = PercentEncode(answer.Message);
        response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(RpcStatus.Encode(answer.Code, answer.Message, answer.RetryAfter)).TrimEnd('=');
    }

    /// <summary>Printable ASCII but % stays (gRPC over HTTP/2, §Responses).</summary>
    private static string PercentEncode(string message)
    {
        var text = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(message))
        {
            _ = b is >= 0x20 and <= 0x7e and not (byte)'%' ? text.Append((char)b) : text.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }

        return text.ToString();
    }
}
