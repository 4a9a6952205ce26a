using System.Net;
using System.Net.Http.Headers;
using System.Threading.Channels;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Exporters;

/// <summary>
/// <c>otlphttp</c>: posts batches in order, one at a time. What the backend refuses for now is retried with back-off and
/// jitter (OTLP specification, §OTLP/HTTP Response: 429, 502, 503, 504, lost connections; <c>Retry-After</c> is honoured);
/// what it refuses for good, or for longer than configured, is dropped and counted.
/// </summary>
internal sealed class OtlpHttpExporter : IExporter, IDisposable
{
    private const int LongestAnswer = 64 << 10;
    private static readonly TimeSpan LongestDrainPause = TimeSpan.FromMilliseconds(200);

    private readonly OtlpHttpExporterSettings _settings;
    private readonly HttpClient _client;
    private readonly Channel<Payload> _queue;
    private readonly ByteBudget _queued;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sending;
    private readonly CancellationTokenSource _drain = new();

    public OtlpHttpExporter(OtlpHttpExporterSettings settings)
    {
        _settings = settings;
        _client = new HttpClient(new SocketsHttpHandler
        {
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AllowAutoRedirect = false,
            UseCookies = false,
        })
        {
            Timeout = settings.Timeout,
        };
        _queued = new ByteBudget(settings.Queue.Bytes);
        _queue = Channel.CreateBounded<Payload>(new BoundedChannelOptions(settings.Queue.Size) { SingleReader = true, SingleWriter = true });
        _sending = Task.Run(SendAllAsync);
    }

    public ExporterCounters Counters { get; } = new();

    public long Export(EncodedBatch batch)
    {
        var bytes = SharedBytes.Copy(_settings.Gzip ? batch.Gzip : batch.Plain);
        if (_queued.TryTake(bytes.Length))
        {
            if (_queue.Writer.TryWrite(new Payload(bytes, batch.Points)))
            {
                return bytes.Length;
            }

            _queued.Return(bytes.Length);
        }

        bytes.Release();
        Counters.Dropped(batch.Points, "the sending queue is full");
        Log.Warn("batch dropped: the sending queue is full", ("exporter", _settings.Id), ("points", batch.Points), ("queueSize", _settings.Queue.Size));
        return 0;
    }

    public async Task DrainAsync(CancellationToken limit)
    {
        // Also ends the pause that may be under way: the backend may be back, and there is little time.
        await _drain.CancelAsync();
        _queue.Writer.TryComplete();
        await using var registration = limit.Register(_stop.Cancel);
        await _sending;
        Dispose();
    }

    public void Dispose()
    {
        _client.Dispose();
        _stop.Dispose();
        _drain.Dispose();
    }

    private async Task SendAllAsync()
    {
        await foreach (var payload in _queue.Reader.ReadAllAsync())
        {
            await SendAsync(payload);
            _queued.Return(payload.Bytes.Length);
            payload.Bytes.Release();
        }
    }

    private async Task SendAsync(Payload payload)
    {
        var giveUpAt = Environment.TickCount64 + (long)_settings.Retry.MaxElapsed.TotalMilliseconds;
        var wait = _settings.Retry.InitialInterval;
        while (true)
        {
            if (_stop.IsCancellationRequested)
            {
                Drop(payload.Points, "the collector stopped before it could be sent");
                return;
            }

            var (delivered, retryable, reason, retryAfter) = await AttemptAsync(payload);
            if (delivered)
            {
                return;
            }

            Counters.Failed(reason);
            // Full jitter around the interval: collectors that lost the same backend must not return in step.
            var pause = retryAfter ?? wait * (0.5 + Random.Shared.NextDouble());
            if (!retryable || !_settings.Retry.Enabled || Environment.TickCount64 + pause.TotalMilliseconds > giveUpAt)
            {
                Drop(payload.Points, reason);
                return;
            }

            Log.Warn("export failed; it will be tried again", ("exporter", _settings.Id), ("reason", reason), ("inSeconds", Math.Round(pause.TotalSeconds, 2)));
            wait = wait * 2 < _settings.Retry.MaxInterval ? wait * 2 : _settings.Retry.MaxInterval;
            await PauseAsync(pause);
        }
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        if (!_drain.IsCancellationRequested)
        {
            await Task.Delay(pause, _drain.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        await Task.Delay(pause < LongestDrainPause ? pause : LongestDrainPause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<(bool Delivered, bool Retryable, string Reason, TimeSpan? RetryAfter)> AttemptAsync(Payload payload)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _settings.MetricsUrl)
            {
                Content = new ReadOnlyMemoryContent(payload.Bytes.Memory),
            };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            if (_settings.Gzip)
            {
                request.Content.Headers.ContentEncoding.Add("gzip");
            }

            foreach (var (name, value) in _settings.Headers)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _stop.Token);
            if (response.IsSuccessStatusCode)
            {
                Counters.Succeeded();
                await CountRejectedAsync(response, payload.Points);
                return (true, false, "", null);
            }

            var retryable = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway
                or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
            return (false, retryable, $"the backend answered {(int)response.StatusCode}", RetryAfter(response.Headers.RetryAfter));
        }
        catch (HttpRequestException e)
        {
            return (false, true, e.Message, null);
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            return (false, true, $"no answer within {_settings.Timeout.TotalSeconds} s", null);
        }
        catch (OperationCanceledException)
        {
            return (false, false, "the collector stopped", null);
        }
    }

    /// <summary>A 200 may still say that some points were not taken; they are not to be sent again.</summary>
    private async Task CountRejectedAsync(HttpResponseMessage response, int points)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/x-protobuf")
        {
            return;
        }

        var answer = new byte[LongestAnswer];
        var length = 0;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(_settings.Timeout);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(limit.Token);
            length = await body.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, limit.Token);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            // The status said that the batch was taken: sending it again would count it twice.
            Log.Warn("the backend's answer broke off", ("exporter", _settings.Id), ("reason", e.Message));
        }

        if (PartialSuccess.Rejected(answer.AsSpan(0, length)) is > 0 and var rejected)
        {
            Drop((int)Math.Min(rejected, points), "the backend rejected points of a batch that it accepted");
        }
    }

    private static TimeSpan? RetryAfter(RetryConditionHeaderValue? header) =>
        header?.Delta ?? (header?.Date is { } date && date > DateTimeOffset.UtcNow ? date - DateTimeOffset.UtcNow : null);

    private void Drop(int points, string reason)
    {
        Counters.Dropped(points, reason);
        Log.Error("points dropped", ("exporter", _settings.Id), ("points", points), ("reason", reason));
    }

    private readonly record struct Payload(SharedBytes Bytes, int Points);
}
