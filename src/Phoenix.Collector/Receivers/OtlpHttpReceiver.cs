using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Phoenix.Collector.Http;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers;

/// <summary>
/// <c>otlp</c> over HTTP. Answers as the OTLP specification asks (§OTLP/HTTP): an empty <c>ExportMetricsServiceResponse</c>
/// once the batch is queued, a <c>google.rpc.Status</c> for every error, 503 with <c>Retry-After</c> where the pipeline is full.
/// </summary>
internal sealed class OtlpHttpReceiver(OtlpReceiverSettings settings, Intake intake)
{
    // Bodies are read and inflated beside each other; together they may hold this much, and never less than a few whole ones.
    private const long BodyBytes = 64L << 20;
    private const int LargestBodies = 4;
    private const string Protobuf = "application/x-protobuf";

    // google.rpc.Code
    private const int InvalidArgument = 3;
    private const int NotFound = 5;
    private const int ResourceExhausted = 8;
    private const int Unimplemented = 12;
    private const int Unavailable = 14;

    private readonly ByteBudget _bodies = new(Math.Max(BodyBytes, LargestBodies * settings.MaxRequestBytes));

    public async Task<BareServer> StartAsync()
    {
        var server = await BareServer.StartAsync(
            options =>
            {
                options.Limits.MaxRequestBodySize = settings.MaxRequestBytes;
                options.Listen(settings.Endpoint, listen => listen.Protocols = HttpProtocols.Http1);
            },
            HandleAsync);
        Log.Info("listening", ("receiver", settings.Id), ("endpoint", server.Addresses.First()));
        return server;
    }

    private async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Path != "/v1/metrics")
        {
            await AnswerAsync(context, StatusCodes.Status404NotFound, NotFound, "only /v1/metrics exists here: Phoenix handles metrics and passes nothing else through");
        }
        else if (!HttpMethods.IsPost(request.Method))
        {
            context.Response.Headers.Allow = "POST";
            await AnswerAsync(context, StatusCodes.Status405MethodNotAllowed, Unimplemented, "use POST");
        }
        else if (MediaType(request.ContentType) != Protobuf)
        {
            await AnswerAsync(context, StatusCodes.Status415UnsupportedMediaType, Unimplemented,
                $"Content-Type {request.ContentType} is not supported yet; send {Protobuf} (OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf)");
        }
        else if (request.Headers.ContentEncoding.ToString() is not ("" or "identity" or "gzip"))
        {
            context.Response.Headers.AcceptEncoding = "gzip, identity";
            await AnswerAsync(context, StatusCodes.Status415UnsupportedMediaType, Unimplemented, $"Content-Encoding {request.Headers.ContentEncoding} is not supported; send gzip or none");
        }
        else
        {
            await ReceiveAsync(context);
        }
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new BoundedBody(settings.MaxRequestBytes, _bodies);
        try
        {
            switch (await body.ReadAsync(context.Request, context.RequestAborted))
            {
                case BodyOutcome.Whole:
                    await TakeAsync(context, body.Content);
                    break;
                case BodyOutcome.TooLarge:
                    await AnswerAsync(context, StatusCodes.Status413PayloadTooLarge, ResourceExhausted,
                        $"the request has more than {settings.MaxRequestBytes} bytes after decompression; send smaller batches or raise max_request_body_size");
                    break;
                default:
                    context.Response.Headers.RetryAfter = "1";
                    await AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, Unavailable, "too many requests are being received at once; try again");
                    break;
            }
        }
        catch (InvalidDataException)
        {
            await AnswerAsync(context, StatusCodes.Status400BadRequest, InvalidArgument, "the body is no valid gzip");
        }
    }

    private async Task TakeAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        int points;
        try
        {
            points = OtlpReader.Validate(body.Span);
        }
        catch (OtlpFormatException e)
        {
            Log.Warn("malformed OTLP refused", ("receiver", settings.Id), ("reason", e.Message));
            await AnswerAsync(context, StatusCodes.Status400BadRequest, InvalidArgument, e.Message);
            return;
        }

        if (points > 0 && !intake.Accept(body.Span, points))
        {
            context.Response.Headers.RetryAfter = "1";
            await AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, Unavailable, "the pipeline is full; try again");
            return;
        }

        // An ExportMetricsServiceResponse without partial success is the empty message.
        context.Response.ContentType = Protobuf;
        context.Response.ContentLength = 0;
    }

    private static string MediaType(string? contentType) => (contentType ?? "").Split(';')[0].Trim().ToLowerInvariant();

    /// <summary>Answers with a <c>google.rpc.Status</c>: field 1 code, field 2 message. As JSON to a sender that speaks JSON.</summary>
    private static async Task AnswerAsync(HttpContext context, int status, int code, string message)
    {
        context.Response.StatusCode = status;
        byte[] body;
        if (MediaType(context.Request.ContentType) == "application/json")
        {
            context.Response.ContentType = "application/json";
            body = Encoding.UTF8.GetBytes($$"""{"code":{{code}},"message":"{{System.Text.Encodings.Web.JavaScriptEncoder.Default.Encode(message)}}"}""");
        }
        else
        {
            context.Response.ContentType = Protobuf;
            body = Status(code, Encoding.UTF8.GetBytes(message));
        }

        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body);
    }

    private static byte[] Status(int code, byte[] message)
    {
        var status = new List<byte> { 0x08, (byte)code, 0x12 };
        for (var length = (uint)message.Length; ; length >>= 7)
        {
            if (length < 0x80)
            {
                status.Add((byte)length);
                break;
            }

            status.Add((byte)(length | 0x80));
        }

        return [.. status, .. message];
    }
}
