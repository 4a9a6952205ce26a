using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers.RemoteWrite;

/// <summary>
/// Remote write 1.0 (Prometheus remote write specification): 204 once the batch is queued, 400 for what can never be taken,
/// 503 with <c>Retry-After</c> where the pipeline is full, which a sender tries again.
/// </summary>
internal sealed class RemoteWriteEndpoint
{
    public const string Path = "/api/v1/write";

    private const string Protobuf = "application/x-protobuf";
    private const string SecondVersion = "io.prometheus.write.v2.Request";
    private const string RetrySeconds = "1";

    // Bodies are read beside each other; together they may hold this much, and never less than a few whole ones.
    private const long BodyBytes = 64L << 20;
    private const int LargestBodies = 4;

    // Each decoder keeps the buffers of the largest request that it met: after a burst only these stay.
    private const int DecodersKept = 2;

    private readonly ReceiverIntake _intake;
    private readonly RemoteWriteReceiverSettings _settings;
    private readonly ByteBudget _bodies;
    private readonly RemoteWriteDecoderOptions _options;
    private readonly RemoteWriteTypes _types;
    private readonly ConcurrentQueue<RemoteWriteDecoder> _decoders = new();

    public RemoteWriteEndpoint(ReceiverIntake intake, RemoteWriteReceiverSettings settings)
    {
        (_intake, _settings) = (intake, settings);
        _bodies = new ByteBudget(Math.Max(BodyBytes, LargestBodies * settings.MaxRequestBytes));
        _options = new RemoteWriteDecoderOptions
        {
            MaxRequestBytes = (int)settings.MaxRequestBytes,
            Types = [.. settings.Types.Select(t => new RemoteWriteTypeRule(new MetricSelector(t.Metrics), t.Type))],
            TypesFromNames = settings.TypesFromNames,
        };
        _types = new RemoteWriteTypes(_options);
    }

    public async Task HandleAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Path != Path)
        {
            await AnswerAsync(context, StatusCodes.Status404NotFound, $"only {Path} exists here");
        }
        else if (!HttpMethods.IsPost(request.Method))
        {
            context.Response.Headers.Allow = "POST";
            await AnswerAsync(context, StatusCodes.Status405MethodNotAllowed, "use POST");
        }
        else if (request.ContentType?.Contains(SecondVersion, StringComparison.OrdinalIgnoreCase) == true
            || request.ContentType?.StartsWith(Protobuf, StringComparison.OrdinalIgnoreCase) != true)
        {
            await AnswerAsync(context, StatusCodes.Status415UnsupportedMediaType, $"Content-Type {request.ContentType} is not supported; send remote write 1.0 ({Protobuf})");
        }
        else if (request.Headers.ContentEncoding != "snappy")
        {
            await AnswerAsync(context, StatusCodes.Status415UnsupportedMediaType, $"Content-Encoding {request.Headers.ContentEncoding} is not supported; send snappy");
        }
        else
        {
            await ReceiveAsync(context);
        }
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        var tooLarge = $"the request has more than {_settings.MaxRequestBytes} bytes; send smaller ones (max_samples_per_send) or raise max_request_body_size";
        if (context.Request.ContentLength > _settings.MaxRequestBytes)
        {
            await AnswerAsync(context, StatusCodes.Status413PayloadTooLarge, tooLarge);
            return;
        }

        using var body = new BoundedBody(_settings.MaxRequestBytes, _bodies);
        switch (await body.ReadAsync(context.Request.Body, context.Request.ContentLength, ContentCoding.Identity, context.RequestAborted))
        {
            case BodyOutcome.Whole:
                await _intake.RoomAsync(RemoteWriteDecoder.BatchLengthOf(body.Content.Span));
                var (status, reason) = Take(body);
                await AnswerAsync(context, status, reason);
                break;
            case BodyOutcome.TooLarge:
                await AnswerAsync(context, StatusCodes.Status413PayloadTooLarge, tooLarge);
                break;
            default:
                await AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "too many requests are being received at once; try again");
                break;
        }
    }

    private (int Status, string Reason) Take(BoundedBody body)
    {
        var decoder = _decoders.TryDequeue(out var idle) ? idle : new RemoteWriteDecoder(_options, _types);
        try
        {
            var taken = decoder.Decode(body.Content.Span);
            if (taken.Points > 0 && !_intake.TryAccept(SharedBytes.Copy(decoder.Batch), taken.Points))
            {
                return (StatusCodes.Status503ServiceUnavailable, "the pipeline is full; try again");
            }

            if (taken.Refused == 0)
            {
                return (StatusCodes.Status204NoContent, "");
            }

            _intake.Refuse(taken.Refused);
            Log.Warn("remote write samples refused", ("receiver", _intake.Receiver), ("samples", taken.Refused), ("first", taken.FirstProblem));
            return (StatusCodes.Status400BadRequest, $"{taken.Refused} samples were refused and {taken.Points} taken; the first: {taken.FirstProblem}");
        }
        catch (RemoteWriteFormatException e)
        {
            Log.Warn("malformed remote write refused", ("receiver", _intake.Receiver), ("reason", e.Message));
            return (StatusCodes.Status400BadRequest, e.Message);
        }
        catch (RemoteWriteSizeException e)
        {
            return (StatusCodes.Status413PayloadTooLarge, e.Message);
        }
        finally
        {
            if (_decoders.Count < DecodersKept)
            {
                _decoders.Enqueue(decoder);
            }
        }
    }

    private static async Task AnswerAsync(HttpContext context, int status, string reason)
    {
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = RetrySeconds;
        }

        if (reason.Length > 0)
        {
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync(reason);
        }
    }
}
