using Phoenix.Collector.Receivers.Host;
using Phoenix.Collector.Receivers.Otlp;
using Phoenix.Collector.Receivers.Prometheus;
using Phoenix.Collector.Receivers.RemoteWrite;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Receivers;

/// <summary>All receivers of the production arm. Not thread-safe: one caller applies and disposes.</summary>
internal sealed class ReceiverSet(Intake intake) : IAsyncDisposable
{
    private readonly HostIdentity _host = HostIdentity.Read();
    private readonly Dictionary<string, IReceiver> _running = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IReadOnlyList<ReceiverSettings> _applied = [];

    /// <summary>Faults as soon as one of the receivers failed for good; never completes otherwise.</summary>
    public Task Failed => _failed.Task;

    /// <summary>
    /// Makes these the receivers that run: those that stay go on without a gap, new ones begin, others end. Where one cannot
    /// take its settings over, all go back to what was before.
    /// </summary>
    /// <exception cref="IOException">See <see cref="IReceiver.ApplyAsync"/>.</exception>
    public async Task ApplyAsync(IReadOnlyList<ReceiverSettings> settings)
    {
        var before = _applied;
        try
        {
            await MakeSoAsync(settings);
        }
        catch when (before.Count > 0)
        {
            await MakeSoAsync(before);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_running.Values.Select(r => r.DisposeAsync().AsTask()));
        _running.Clear();
    }

    private async Task MakeSoAsync(IReadOnlyList<ReceiverSettings> settings)
    {
        // Those that go give their addresses up first: another one may be about to take them.
        foreach (var (id, receiver) in _running.Where(r => !settings.Any(s => s.Id == r.Key)).ToList())
        {
            _running.Remove(id);
            await receiver.DisposeAsync();
        }

        foreach (var one in settings)
        {
            if (!_running.TryGetValue(one.Id, out var receiver))
            {
                _running[one.Id] = receiver = Create(one);
                _ = ReportAsync(receiver);
            }

            await receiver.ApplyAsync(one);
        }

        _applied = settings;
    }

    private async Task ReportAsync(IReceiver receiver)
    {
        try
        {
            await receiver.Failed;
        }
        catch (Exception e)
        {
            _failed.TrySetException(e);
        }
    }

    private IReceiver Create(ReceiverSettings settings) => settings switch
    {
        OtlpReceiverSettings => new OtlpReceiver(intake),
        PrometheusReceiverSettings => new PrometheusReceiver(_host, intake),
        RemoteWriteReceiverSettings => new RemoteWriteReceiver(intake),
        HostMetricsReceiverSettings => new HostMetricsReceiver(_host, intake),
        _ => throw new NotSupportedException($"The receiver {settings.Id} can be configured, but not built."),
    };
}
