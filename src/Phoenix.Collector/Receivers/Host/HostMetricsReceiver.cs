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
        var (system, processes) = (new SystemScraper(wanted.Scrapers, host), wanted.Scrapers.Contains(HostScraper.Process) ? new ProcessTable(wanted.Processes) : null);
        var to = intake.For(wanted.Id, "");
        _loop = ReceiverLoop.Start(_failed, async stop =>
        {
            while (true)
            {
                await Ticker.NextAsync(wanted.CollectionInterval, stop);
                Collect(system, processes, to);
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

    private void Collect(SystemScraper system, ProcessTable? processes, ReceiverIntake to)
    {
        var time = (ulong)Clock.UnixNanos();
        _writer.Clear();
        system.Write(_writer, time);
        foreach (var process in processes?.Read() ?? [])
        {
            ProcessScraper.Write(_writer, process, host, time);
            if (_writer.Points >= BatchPoints)
            {
                Send(to);
            }
        }

        Send(to);
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
