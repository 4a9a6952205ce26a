namespace Phoenix.Collector.Receivers;

/// <summary>Work in the background until it is disposed. What makes it end otherwise is a failure of its receiver.</summary>
internal sealed class ReceiverLoop : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _work;

    private ReceiverLoop(TaskCompletionSource failed, Func<CancellationToken, Task> work) => _work = Task.Run(() => RunAsync(failed, work));

    public static ReceiverLoop Start(TaskCompletionSource failed, Func<CancellationToken, Task> work) => new(failed, work);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        _stop.Dispose();
    }

    private async Task RunAsync(TaskCompletionSource failed, Func<CancellationToken, Task> work)
    {
        try
        {
            await work(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Asked to end.
        }
        catch (Exception e)
        {
            failed.TrySetException(e);
        }
    }
}
