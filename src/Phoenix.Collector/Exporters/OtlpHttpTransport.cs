using System.Net;
using System.Net.Http.Headers;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Exporters;

/// <summary>
/// OTLP over HTTP (OTLP specification, §OTLP/HTTP Response): 429, 502, 503, 504 and lost connections may be tried again,
/// <c>Retry-After</c> is honoured, every other refusal is final.
/// </summary>
internal sealed class OtlpHttpTransport(OtlpHttpExporterSettings settings) : ITransport
{
    private const string Protobuf = "application/x-protobuf";

    private readonly HttpClient _client = BackendClient.Create(settings.Tls, settings.Timeout);

    public async Task<SendOutcome> SendAsync(Payload payload, CancellationToken stop)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, settings.MetricsUrl)
            {
                Content = new ReadOnlyMemoryContent(payload.Bytes.Memory),
            };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(Protobuf);
            if (payload.Compression != Compression.None)
            {
                request.Content.Headers.ContentEncoding.Add(payload.Compression == Compression.Gzip ? "gzip" : "zstd");
            }

            foreach (var (name, value) in settings.Headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
            return response.IsSuccessStatusCode ? await AcceptedAsync(response, stop) : await RefusedAsync(response, stop);
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

    /// <summary>A 200 may still say that some points were not taken; they are not to be sent again.</summary>
    private async Task<SendOutcome> AcceptedAsync(HttpResponseMessage response, CancellationToken stop)
    {
        if (response.Content.Headers.ContentType?.MediaType != Protobuf)
        {
            return new SendOutcome(SendResult.Delivered);
        }

        var answer = await HttpAnswers.BodyAsync(response, settings.Timeout, stop);
        if (answer is null)
        {
            // The status said that the batch was taken: sending it again would count it twice.
            Log.Warn("the backend's answer broke off", ("exporter", settings.Id));
        }

        return PartialSuccess.Outcome(answer);
    }

    private async Task<SendOutcome> RefusedAsync(HttpResponseMessage response, CancellationToken stop)
    {
        var reason = await HttpAnswers.ReasonAsync(response, settings.Timeout, stop);
        return response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
            ? SendOutcome.TryAgain(reason, HttpAnswers.RetryAfter(response))
            : SendOutcome.Refused(reason);
    }
}
