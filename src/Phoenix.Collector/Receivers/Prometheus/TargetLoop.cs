using System.Diagnostics;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers.Prometheus;

/// <summary>Scrapes one target at its interval, at its own place in the interval, so that the targets of a job spread over it.</summary>
internal sealed class TargetLoop(
    ScrapeJob job, ScrapeTarget target, ScrapeClient client, StreamPresence presence, HostIdentity host, ByteBudget budget, ReceiverIntake intake)
{
    private readonly SeriesCache _cache = new(job, target);

    /// <summary>What the target showed last. A loop that takes this one's place goes on with it.</summary>
    public StreamPresence Presence => presence;

    public async Task RunAsync(CancellationToken stop)
    {
        var phase = target.Phase(job.Interval);
        while (true)
        {
            await Ticker.NextAsync(job.Interval, stop, phase);
            await ScrapeAsync(stop);
        }
    }

    /// <summary>Says that nothing of the target is there any more, once its loop has ended.</summary>
    public void EndStreams()
    {
        var stale = presence.EndRound((ulong)Clock.UnixNanos(), out var points);
        intake.AcceptOwn(stale, points);
    }

    private async Task ScrapeAsync(CancellationToken stop)
    {
        var time = (ulong)Clock.UnixNanos();
        var began = Stopwatch.GetTimestamp();
        using var scrape = new Scrape(job, target, _cache, host, budget, time);
        var failure = await TryReadAsync(scrape, stop);
        var added = 0;
        if (scrape.Repeated > 0)
        {
            Log.Warn("a target exposes series more than once; the first sample stays", ("receiver", intake.Receiver), ("target", target.Url), ("samples", scrape.Repeated));
        }

        if (failure is null)
        {
            foreach (var (batch, points) in scrape.Pieces)
            {
                added += presence.Observe(batch.Span, time);
                intake.AcceptOwn(batch.Span, points);
            }
        }
        else
        {
            _cache.Clear();
            Log.Warn("scrape failed", ("receiver", intake.Receiver), ("target", target.Url), ("reason", failure));
        }

        var writer = new OtlpWriter();
        new ScrapeReport(failure is null, Stopwatch.GetElapsedTime(began), scrape.Scraped, failure is null ? scrape.AfterRelabelling : 0, added)
            .Write(writer, target, host, time);
        presence.Observe(writer.WrittenSpan, time);
        intake.AcceptOwn(writer.WrittenSpan, writer.Points);
        var stale = presence.EndRound(time, out var ended);
        intake.AcceptOwn(stale, ended);
    }

    /// <returns>Why the scrape failed; null where it did not.</returns>
    private async Task<string?> TryReadAsync(Scrape scrape, CancellationToken stop)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(job.Timeout);
            using var response = await client.GetAsync(target.Url, limit.Token);
            await using var body = await response.Content.ReadAsStreamAsync(limit.Token);
            await scrape.ReadAsync(body, ScrapeClient.FormatOf(response), limit.Token);
            return null;
        }
        catch (Exception e) when (e is ScrapeFailedException or HttpRequestException or IOException or InvalidDataException)
        {
            return e.InnerException is { } inner ? $"{e.Message}: {inner.Message}" : e.Message;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return $"no complete answer within {job.Timeout.TotalSeconds} s";
        }
    }
}
