using System.Threading.Channels;

namespace Phoenix.Api.Infrastructure;

/// <summary>
/// Turns many small writes into few: what is asked for while one batch is under way goes into the next, and with nothing under way
/// a single item goes at once, so that nobody waits for company. Each caller awaits the answer to its own item.
/// </summary>
/// <param name="write">
/// Answers every item of a batch, in order. Where it throws, each item is tried once alone: one that cannot be written must
/// not take the others with it. While the database is away they all fail at once instead.
/// </param>
/// <param name="most">Items of a batch at most.</param>
/// <param name="writers">Batches under way at the same time at most: with two, one is made up while the other's commit reaches the disk.</param>
public sealed class Batcher<TItem, TAnswer>(Func<IReadOnlyList<TItem>, CancellationToken, Task<IReadOnlyList<TAnswer>>> write, int most, int writers = 1) : IAsyncDisposable
{
    sealed record Entry(TItem Item, TaskCompletionSource<TAnswer> Answer);

    readonly Channel<Entry> _waiting = Channel.CreateUnbounded<Entry>(new() { SingleReader = writers == 1 });
    readonly CancellationTokenSource _ended = new();
    readonly Lock _starting = new();
    Task? _loops;

    /// <summary>Completes when the item is written. Cancelling gives up waiting, not the write.</summary>
    /// <exception cref="ObjectDisposedException">The node is stopping.</exception>
    public Task<TAnswer> Add(TItem item, CancellationToken cancellation)
    {
        lock (_starting) _loops ??= Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(Loop, CancellationToken.None)));
        var entry = new Entry(item, new(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!_waiting.Writer.TryWrite(entry)) throw new ObjectDisposedException(nameof(Batcher<,>), "The node is stopping.");
        return entry.Answer.Task.WaitAsync(cancellation);
    }

    async Task Loop()
    {
        while (await _waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            List<Entry> batch = [];
            while (batch.Count < most && _waiting.Reader.TryRead(out var entry)) batch.Add(entry);
            // Another writer was faster.
            if (batch.Count == 0) continue;
            try
            {
                await Write(batch);
            }
            catch (Exception e) when (batch.Count > 1 && !Problems.DatabaseAway(e))
            {
                foreach (var entry in batch) await Alone(entry);
            }
            catch (Exception e)
            {
                foreach (var entry in batch) entry.Answer.TrySetException(e);
            }
        }
    }

    async Task Write(List<Entry> batch)
    {
        var answers = await write([.. batch.Select(e => e.Item)], _ended.Token);
        for (var i = 0; i < batch.Count; i++) batch[i].Answer.TrySetResult(answers[i]);
    }

    async Task Alone(Entry entry)
    {
        try
        {
            await Write([entry]);
        }
        catch (Exception e)
        {
            // Its caller is told, and answers or logs it.
            entry.Answer.TrySetException(e);
        }
    }

    /// <summary>Takes no more items, and writes those that wait, but for no longer than ten seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        _ended.CancelAfter(TimeSpan.FromSeconds(10));
        if (_loops is not null) await _loops;
        _ended.Dispose();
    }
}
