using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers;

/// <summary>
/// <c>prometheus</c>: scrapes each target at its interval. The target becomes a resource (<c>service.name</c> = job,
/// <c>service.instance.id</c> = host:port); beside what it exposes stand Prometheus' own <c>up</c>,
/// <c>scrape_duration_seconds</c> and <c>scrape_samples_scraped</c>.
/// </summary>
internal sealed class PrometheusReceiver(HostIdentity host, Intake intake) : IReceiver
{
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ReceiverLoop? _loop;
    private ReceiverIntake _to = null!;
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        AutomaticDecompression = DecompressionMethods.GZip,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        UseCookies = false,
        // Targets are near, most often on this machine: a proxy for the way out would answer in their place.
        UseProxy = false,
        AllowAutoRedirect = false,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public Task Failed => _failed.Task;

    public async Task ApplyAsync(ReceiverSettings settings)
    {
        await StopAsync();
        var jobs = ((PrometheusReceiverSettings)settings).Jobs;
        _to = intake.For(settings.Id, "http");
        _loop = ReceiverLoop.Start(_failed, stop => Task.WhenAll(jobs.SelectMany(job => job.Targets.Select(target => RunAsync(job, target, stop)))));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _client.Dispose();
    }

    private async Task StopAsync()
    {
        if (_loop is not null)
        {
            await _loop.DisposeAsync();
        }
    }

    private async Task RunAsync(ScrapeJob job, ScrapeTarget target, CancellationToken stop)
    {
        var writer = new OtlpWriter();
        var url = new UriBuilder(job.Scheme, target.Host, target.Port) { Path = job.MetricsPath.Split('?')[0], Query = job.MetricsPath.Contains('?') ? job.MetricsPath[job.MetricsPath.IndexOf('?')..] : "" }.Uri;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await Ticker.NextAsync(job.Interval, stop);
                await ScrapeAsync(job, target, url, writer, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task ScrapeAsync(ScrapeJob job, ScrapeTarget target, Uri url, OtlpWriter writer, CancellationToken stop)
    {
        var startedAt = (ulong)Clock.UnixNanos();
        var clock = Stopwatch.GetTimestamp();
        byte[]? body = null;
        try
        {
            var length = 0;
            string? failure = null;
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
                limit.CancelAfter(job.Timeout);
                (body, length) = await FetchAsync(url, job.BodySizeLimit, limit.Token);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
            {
                failure = e.Message;
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                failure = $"no complete answer within {job.Timeout.TotalSeconds} s";
            }

            writer.Clear();
            BeginResource(writer, job, target);
            var samples = 0L;
            if (failure is null)
            {
                var result = PrometheusText.Parse(body.AsSpan(0, length), startedAt, writer);
                samples = result.Samples;
                if (result.Malformed > 0)
                {
                    Log.Warn("lines of an exposition could not be read", ("receiver", _to.Receiver), ("target", url), ("lines", result.Malformed), ("first", result.FirstError));
                }
            }
            else
            {
                Log.Warn("scrape failed", ("receiver", _to.Receiver), ("target", url), ("reason", failure));
            }

            EndWithOwnMetrics(writer, startedAt, failure is null, Stopwatch.GetElapsedTime(clock), samples);
            _to.AcceptOwn(writer.WrittenSpan, writer.Points);
        }
        finally
        {
            if (body is not null)
            {
                ArrayPool<byte>.Shared.Return(body);
            }
        }
    }

    private void BeginResource(OtlpWriter writer, ScrapeJob job, ScrapeTarget target)
    {
        writer.BeginResource();
        writer.ResourceAttribute("service.name", job.Name);
        writer.ResourceAttribute("service.instance.id", target.Instance);
        writer.ResourceAttribute("server.address", target.Host);
        writer.ResourceAttribute("server.port", target.Port.ToString(CultureInfo.InvariantCulture));
        writer.ResourceAttribute("url.scheme", job.Scheme);
        // Only of a target on this machine is it known which host it runs on. Without it, two hosts that scrape their own
        // localhost would write the same streams.
        if (target.Host == "localhost" || (IPAddress.TryParse(target.Host, out var address) && IPAddress.IsLoopback(address)))
        {
            host.Write(writer);
        }

        foreach (var (name, value) in target.Labels)
        {
            writer.ResourceAttribute(name, value);
        }
    }

    private static void EndWithOwnMetrics(OtlpWriter writer, ulong time, bool up, TimeSpan duration, long samples)
    {
        writer.BeginScope("phoenix/prometheus", "");
        Gauge("up", "", "1 where the scrape succeeded, 0 where it failed.", up ? 1 : 0);
        Gauge("scrape_duration_seconds", "s", "How long the scrape took.", duration.TotalSeconds);
        Gauge("scrape_samples_scraped", "", "Samples that the target exposed.", samples);
        writer.EndScope();
        writer.EndResource();

        void Gauge(string name, string unit, string description, double value)
        {
            writer.BeginGauge(name, unit, description);
            writer.BeginPoint(0, time);
            writer.EndPoint(value);
            writer.EndMetric();
        }
    }

    /// <exception cref="InvalidDataException">The exposition is longer than the bound, or the target answered something else.</exception>
    private async Task<(byte[] Body, int Length)> FetchAsync(Uri url, long limit, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/plain") { Parameters = { new NameValueHeaderValue("version", "0.0.4") } });
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("phoenix-collector", Collector.Version));
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new InvalidDataException($"the target answered {(int)response.StatusCode}");
        }

        await using var stream = await response.Content.ReadAsStreamAsync(stop);
        var buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            var length = 0;
            while (true)
            {
                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }

                var read = await stream.ReadAsync(buffer.AsMemory(length), stop);
                if (read == 0)
                {
                    return (buffer, length);
                }

                length += read;
                if (length > limit)
                {
                    throw new InvalidDataException($"the exposition is longer than body_size_limit, {limit} bytes");
                }
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }
}
