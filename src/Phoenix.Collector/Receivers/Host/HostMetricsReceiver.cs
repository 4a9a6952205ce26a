using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers.Host;

/// <summary><c>hostmetrics</c>: reads /proc at each interval.</summary>
internal sealed class HostMetricsReceiver(HostIdentity host, Intake intake) : IReceiver
{
    // Batches stay near this size, so that one of thousands of processes neither stalls the pipeline nor outgrows a backend's limit.
    private const int BatchPoints = 2000;

    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly OtlpWriter _writer = new();
    private ReceiverLoop? _loop;

    public Task Failed => _failed.Task;

    public async Task ApplyAsync(ReceiverSettings settings)
    {
        await DisposeAsync();
        var wanted = (HostMetricsReceiverSettings)settings;
        var system = new SystemScraper(wanted, host);
        var perProcess = wanted.Scrapers.Contains(HostScraper.Process);
        var processes = perProcess || wanted.Scrapers.Contains(HostScraper.Processes)
            ? new ProcessTable(perProcess ? wanted.Options.Processes : null, wanted.Options.ProcessCreationTime)
            : null;
        var to = intake.For(wanted.Id, "");
        _loop = ReceiverLoop.Start(_failed, async stop =>
        {
            while (true)
            {
                await Ticker.NextAsync(wanted.CollectionInterval, stop);
                Collect(wanted, system, processes, to);
            }
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_loop is not null)
        {
            await _loop.DisposeAsync();
        }
    }

    private void Collect(HostMetricsReceiverSettings settings, SystemScraper system, ProcessTable? processes, ReceiverIntake to)
    {
        var time = (ulong)Clock.UnixNanos();
        var selected = processes?.Read() ?? [];
        _writer.Clear();
        system.Write(_writer, time, processes);
        foreach (var process in selected)
        {
            ProcessScraper.Write(_writer, process, host, settings.Metrics, time);
            if (_writer.Points >= BatchPoints)
            {
                Send(to);
            }
        }

        Send(to);
        to.CountErrors(system.TakeErrors() + (processes?.Denied ?? 0));
    }

    private void Send(ReceiverIntake to)
    {
        if (!_writer.IsEmpty)
        {
            to.AcceptOwn(_writer.WrittenSpan, _writer.Points);
            _writer.Clear();
        }
    }
}
