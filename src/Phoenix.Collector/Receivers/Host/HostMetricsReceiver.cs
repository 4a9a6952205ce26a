using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers.Host;

/// <summary><c>hostmetrics</c>: reads /proc at each interval.</summary>
internal sealed class HostMetricsReceiver(HostMetricsReceiverSettings settings, HostIdentity host, Intake intake)
{
    // Batches stay near this size, so that one of thousands of processes neither stalls the pipeline nor outgrows a backend's limit.
    private const int BatchPoints = 2000;

    private readonly SystemScraper _system = new(settings.Scrapers, host);
    private readonly ProcessTable? _processes = settings.Scrapers.Contains(HostScraper.Process) ? new ProcessTable(settings.Processes) : null;
    private readonly OtlpWriter _writer = new();

    /// <summary>Collects until the token ends it.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Ticker.NextAsync(settings.CollectionInterval, stop);
                Collect();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The collector stops.
        }
    }

    private void Collect()
    {
        var time = (ulong)Clock.UnixNanos();
        _writer.Clear();
        _system.Write(_writer, time);
        foreach (var process in _processes?.Read() ?? [])
        {
            ProcessScraper.Write(_writer, process, host, time);
            if (_writer.Points >= BatchPoints)
            {
                Send();
            }
        }

        Send();
    }

    private void Send()
    {
        if (!_writer.IsEmpty)
        {
            intake.AcceptOwn(_writer.WrittenSpan, _writer.Points, settings.Id);
            _writer.Clear();
        }
    }
}
