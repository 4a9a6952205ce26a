using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Phoenix.Collector.Exporters;
using Phoenix.Contracts;
using Phoenix.Telemetry;

namespace Phoenix.Collector.LoadSimulation;

/// <param name="Endpoint">Where OTLP is posted.</param>
/// <param name="Series">Streams alive at a time, or at the height of a spike.</param>
internal sealed record LoadOptions(Uri Endpoint, LoadKind Profile, int Series, TimeSpan Interval, TimeSpan Duration)
{
    public const int MaxSeries = 1_000_000;

    /// <summary>Points a second at most: what a collector on one core still takes beside its real senders.</summary>
    public const double MaxRate = 100_000;
}

/// <summary>
/// Sends a profile's points at each interval over OTLP/HTTP, as a good sender does: in requests of bounded size, one after the
/// other, repeating what is refused for now. An interval that comes while the one before is still being sent is left out and
/// counted, so that the load never exceeds what was asked for.
/// </summary>
internal sealed class LoadRun(LoadOptions options) : IDisposable
{
    private const int PointsPerRequest = 1000;
    private const int Attempts = 3;
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BeforeRepeating = TimeSpan.FromMilliseconds(200);

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false }) { Timeout = RequestLimit };
    private readonly OtlpWriter _writer = new();
    private readonly List<double> _latencies = [];
    private long _accepted;
    private long _refused;
    private long _failed;
    private string? _firstError;

    /// <param name="stop">Ends it before its time; what was sent until then is reported.</param>
    public async Task<LoadReport> RunAsync(CancellationToken stop)
    {
        var intervals = Math.Max(1, (long)(options.Duration / options.Interval));
        var streams = new LoadStreams(options.Profile, options.Series, intervals);
        var clock = Stopwatch.StartNew();
        var start = (ulong)Clock.UnixNanos();
        var (sent, made, previous, interval) = (0L, 0L, -1L, 0L);
        while (interval < intervals && !stop.IsCancellationRequested)
        {
            await SendAsync(streams, interval, start, stop);
            sent++;
            made = streams.Made(made, interval, previous);
            previous = interval;
            // Where sending took longer than an interval, those that have passed meanwhile are left out.
            interval = Math.Max(interval + 1, (long)(clock.Elapsed / options.Interval));
            var until = interval < intervals ? options.Interval * interval : options.Duration;
            await Task.Delay(until - clock.Elapsed is { Ticks: > 0 } wait ? wait : TimeSpan.Zero, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var whole = !stop.IsCancellationRequested;
        _latencies.Sort();
        return new(options.Profile, Math.Round(clock.Elapsed.TotalSeconds, 3), whole, _latencies.Count, _accepted, _refused, _failed, made,
            Math.Min(interval, intervals) - sent, Percentile(0.5), Percentile(0.99), _firstError);
    }

    public void Dispose() => _client.Dispose();

    private async Task SendAsync(LoadStreams streams, long interval, ulong start, CancellationToken stop)
    {
        var active = streams.Active(interval);
        for (var first = 0; first < active && !stop.IsCancellationRequested; first += PointsPerRequest)
        {
            var count = Math.Min(PointsPerRequest, active - first);
            _writer.Clear();
            streams.Write(_writer, interval, first, count, start, (ulong)Clock.UnixNanos(), (ulong)Clock.Nanos(options.Interval));
            await PostAsync(_writer.WrittenSpan.ToArray(), count, stop);
        }
    }

    private async Task PostAsync(byte[] body, int points, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                using var content = new ByteArrayContent(body);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
                using var response = await _client.PostAsync(options.Endpoint, content, stop);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    var rejected = Math.Min(points, PartialSuccess.Rejected(await response.Content.ReadAsByteArrayAsync(stop)));
                    _accepted += points - rejected;
                    _refused += rejected;
                    return;
                }

                if (response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable))
                {
                    Fail(points, $"the collector answered {(int)response.StatusCode}");
                    return;
                }

                if (attempt == Attempts)
                {
                    _refused += points;
                    _firstError ??= $"the collector answered {(int)response.StatusCode} {Attempts} times";
                    return;
                }

                await Task.Delay(BeforeRepeating * attempt, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Whether these arrived is not known; they count as neither.
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            Fail(points, e.Message);
        }
        finally
        {
            _latencies.Add(clock.Elapsed.TotalMilliseconds);
        }
    }

    private void Fail(int points, string reason)
    {
        _failed += points;
        _firstError ??= reason;
    }

    private double Percentile(double share) => _latencies.Count == 0 ? 0 : Math.Round(_latencies[(int)(share * (_latencies.Count - 1))], 3);
}
