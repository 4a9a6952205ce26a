using System.Runtime;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Pipeline;

/// <summary>
/// <c>memory_limiter</c>: looks at the process's resident memory at intervals. From the lower mark on it has the queue
/// refuse batches and gives back what is not in use; what is queued is still worked off, which is what frees memory.
/// </summary>
internal sealed class MemoryLimiter : IAsyncDisposable
{
    // Collecting gives memory back and stops every thread: rarely while there is still room, more often where there is none.
    private static readonly TimeSpan BetweenCollections = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BetweenUrgentCollections = TimeSpan.FromSeconds(1);

    private readonly InputQueue _queue;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;
    private readonly long _hard;
    private readonly long _soft;
    private readonly string _id;
    private long _collectedAt = long.MinValue / 2;

    public MemoryLimiter(MemoryLimiterProcessorSettings settings, InputQueue queue)
    {
        (_id, _queue) = (settings.Id, queue);
        (_hard, _soft) = settings.Marks(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        Log.Info("memory is limited", ("processor", _id), ("limitBytes", _hard), ("refusedFromBytes", _soft));
        _watching = Task.Run(() => WatchAsync(settings.CheckInterval));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _queue.Refuse(false);
        _stop.Dispose();
    }

    private async Task WatchAsync(TimeSpan interval)
    {
        using var timer = new PeriodicTimer(interval);
        Check();
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                Check();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private void Check()
    {
        var resident = Environment.WorkingSet;
        if (resident >= _soft && TimeToCollect(resident))
        {
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            resident = Environment.WorkingSet;
        }

        var refuse = resident >= _soft;
        if (refuse != _queue.IsRefusing)
        {
            if (refuse)
            {
                Log.Warn("input is refused: memory is short", ("processor", _id), ("residentBytes", resident), ("refusedFromBytes", _soft), ("limitBytes", _hard));
            }
            else
            {
                Log.Info("input is taken again", ("processor", _id), ("residentBytes", resident));
            }

            _queue.Refuse(refuse);
        }
    }

    private bool TimeToCollect(long resident)
    {
        var now = Environment.TickCount64;
        var pause = resident >= _hard ? BetweenUrgentCollections : BetweenCollections;
        if (now - _collectedAt < pause.TotalMilliseconds)
        {
            return false;
        }

        _collectedAt = now;
        return true;
    }
}
