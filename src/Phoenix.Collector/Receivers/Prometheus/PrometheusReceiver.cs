using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers.Prometheus;

/// <summary>
/// <c>prometheus</c>: scrapes each target at its interval, as Prometheus does. The target becomes a resource
/// (<c>service.name</c> = job, <c>service.instance.id</c> = instance), its other labels stand on every series.
/// </summary>
internal sealed class PrometheusReceiver(HostIdentity host, Intake intake) : IReceiver
{
    // What all scrapes under way may hold until they ended well.
    private const long HeldBytes = 128L << 20;

    private readonly ByteBudget _budget = new(HeldBytes);
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<JobRunner> _jobs = [];

    public Task Failed => _failed.Task;

    public async Task ApplyAsync(ReceiverSettings settings)
    {
        var to = intake.For(settings.Id, "http");
        var jobs = new List<JobRunner>();
        try
        {
            foreach (var job in ((PrometheusReceiverSettings)settings).Jobs)
            {
                jobs.Add(new JobRunner(job, host, _budget, to, _failed));
            }
        }
        catch
        {
            await DisposeAsync(jobs);
            throw;
        }

        // A target that stays goes on where it was: what it no longer shows is marked, what it still shows is not.
        var shown = new Dictionary<string, StreamPresence>(StringComparer.Ordinal);
        foreach (var job in _jobs)
        {
            await job.StopAsync(shown);
        }

        await DisposeAsync(_jobs);
        _jobs = jobs;
        foreach (var job in jobs)
        {
            await job.StartAsync(shown);
        }

        foreach (var presence in shown.Values)
        {
            to.AcceptOwn(presence.EndRound((ulong)Clock.UnixNanos(), out var points), points);
        }
    }

    public async ValueTask DisposeAsync() => await DisposeAsync(_jobs);

    private static async Task DisposeAsync(List<JobRunner> jobs)
    {
        foreach (var job in jobs)
        {
            await job.DisposeAsync();
        }
    }
}
