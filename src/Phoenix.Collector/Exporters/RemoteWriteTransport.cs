using System.Net;
using System.Net.Http.Headers;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Exporters;

/// <summary>
/// Remote write 1.0 (Prometheus remote write specification, §Retries and Backoff): 5xx, 429 and lost connections are tried
/// again, <c>Retry-After</c> is honoured, every other refusal is final.
/// </summary>
internal sealed class RemoteWriteTransport(RemoteWriteExporterSettings settings) : ITransport
{
    private readonly HttpClient _client = BackendClient.Create(settings.Tls, settings.Timeout);

    public async Task<SendOutcome> SendAsync(Payload payload, CancellationToken stop)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, settings.Endpoint) { Content = new ReadOnlyMemoryContent(payload.Bytes.Memory) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            request.Content.Headers.ContentEncoding.Add("snappy");
            request.Headers.TryAddWithoutValidation("X-Prometheus-Remote-Write-Version", "0.1.0");
            request.Headers.TryAddWithoutValidation("User-Agent", $"phoenix-collector/{Collector.Version}");
            foreach (var (name, value) in settings.Headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
            if (response.IsSuccessStatusCode)
            {
                return new SendOutcome(SendResult.Delivered);
            }

            var reason = await HttpAnswers.ReasonAsync(response, settings.Timeout, stop);
            return (int)response.StatusCode >= 500 || response.StatusCode == HttpStatusCode.TooManyRequests
                ? SendOutcome.TryAgain(reason, HttpAnswers.RetryAfter(response))
                : SendOutcome.Refused(reason);
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
}
