using System.Globalization;
using Microsoft.AspNetCore.Http;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Receivers.Otlp;

/// <summary>
/// OTLP over HTTP. Answers as the specification asks (§OTLP/HTTP): an empty <c>ExportMetricsServiceResponse</c> once the
/// batch is queued, a <c>google.rpc.Status</c> for every error, 503 with <c>Retry-After</c> where the pipeline is full. Both are
/// in the encoding of the request, protobuf or JSON.
/// </summary>
internal sealed class OtlpHttpEndpoint(OtlpIntake intake, OtlpListener settings, ByteBudget bodies)
{
    private const string Protobuf = "application/x-protobuf";
    private const string Json = "application/json";

    private readonly OtlpJsonBodies _json = new(intake, settings.MaxRequestBytes, bodies);

    public async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Path != settings.MetricsPath)
        {
            await AnswerAsync(context, StatusCodes.Status404NotFound, new(RpcCode.NotFound, $"only {settings.MetricsPath} exists here: Phoenix handles metrics and passes nothing else through"));
        }
        else if (!HttpMethods.IsPost(request.Method))
        {
            context.Response.Headers.Allow = "POST";
            await AnswerAsync(context, StatusCodes.Status405MethodNotAllowed, new(RpcCode.Unimplemented, "use POST"));
        }
        else if (MediaType(request.ContentType) is not (Protobuf or Json))
        {
            await AnswerAsync(context, StatusCodes.Status415UnsupportedMediaType, new(RpcCode.Unimplemented,
                $"Content-Type {request.ContentType} is not supported; send {Protobuf} or {Json}"));
        }
        else if (ContentCodings.Parse(request.Headers.ContentEncoding) is not { } coding)
        {
            context.Response.Headers.AcceptEncoding = ContentCodings.Names;
            await AnswerAsync(context, StatusCodes.Status415UnsupportedMediaType, new(RpcCode.Unimplemented,
                $"Content-Encoding {request.Headers.ContentEncoding} is not supported; send one of {ContentCodings.Names}"));
        }
        else
        {
            var answer = await ReceiveAsync(request, coding, context.RequestAborted);
            await AnswerAsync(context, Status(answer.Code), answer);
        }
    }

    private async Task<Answer> ReceiveAsync(HttpRequest request, ContentCoding coding, CancellationToken aborted)
    {
        if (request.ContentLength > settings.MaxRequestBytes)
        {
            return OtlpIntake.TooLarge(settings.MaxRequestBytes, "max_request_body_size");
        }

        using var body = new BoundedBody(settings.MaxRequestBytes, bodies);
        try
        {
            return await body.ReadAsync(request.Body, request.ContentLength, coding, aborted) switch
            {
                BodyOutcome.Whole => await (MediaType(request.ContentType) == Json ? _json.TakeAsync(body) : intake.TakeAsync(body)),
                BodyOutcome.TooLarge => OtlpIntake.TooLarge(settings.MaxRequestBytes, "max_request_body_size"),
                _ => OtlpIntake.NoRoom,
            };
        }
        catch (InvalidDataException e)
        {
            return intake.Malformed(e.Message);
        }
    }

    private static int Status(RpcCode code) => code switch
    {
        RpcCode.Ok => StatusCodes.Status200OK,
        RpcCode.InvalidArgument => StatusCodes.Status400BadRequest,
        RpcCode.ResourceExhausted => StatusCodes.Status413PayloadTooLarge,
        _ => StatusCodes.Status503ServiceUnavailable,
    };

    private static string MediaType(string? contentType) => (contentType ?? "").Split(';')[0].Trim().ToLowerInvariant();

    /// <summary>An error is a <c>google.rpc.Status</c>; as JSON to a sender that speaks JSON.</summary>
    private static async Task AnswerAsync(HttpContext context, int status, Answer answer)
    {
        var json = MediaType(context.Request.ContentType) == Json;
        byte[] body = (answer.Code, json) switch
        {
            // An ExportMetricsServiceResponse without partial success is the empty message.
            (RpcCode.Ok, false) => [],
            (RpcCode.Ok, true) => "{}"u8.ToArray(),
            (_, false) => RpcStatus.Encode(answer.Code, answer.Message, answer.RetryAfter),
            (_, true) => RpcStatus.EncodeJson(answer.Code, answer.Message, answer.RetryAfter),
        };
        if (answer.RetryAfter > 0)
        {
            context.Response.Headers.RetryAfter = answer.RetryAfter.ToString(CultureInfo.InvariantCulture);
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = json ? Json : Protobuf;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body);
    }
}
