using Phoenix.Api.Infrastructure;

namespace Phoenix.Api.Tests;

/// <summary>Many small writes become few, and each caller gets the answer to its own item.</summary>
public sealed class BatcherTests
{
    /// <summary>Batches under way, each of which ends when the test says so.</summary>
    sealed class Writes
    {
        readonly Lock _lock = new();
        readonly List<(IReadOnlyList<int> Items, TaskCompletionSource End)> _begun = [];

        public IReadOnlyList<IReadOnlyList<int>> Begun
        {
            get
            {
                lock (_lock) return [.. _begun.Select(b => b.Items)];
            }
        }

        public async Task<IReadOnlyList<int>> Write(IReadOnlyList<int> items, CancellationToken cancellation)
        {
            var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_lock) _begun.Add((items, end));
            await end.Task.WaitAsync(cancellation);
            return [.. items.Select(i => i * 10)];
        }

        public void End(int batch)
        {
            lock (_lock) _begun[batch].End.SetResult();
        }

        public Task<int> Until(int batches) => Eventually.Get(() => Task.FromResult(Begun.Count), n => n >= batches, $"{batches} batches to begin");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task as_many_batches_are_under_way_as_there_are_writers_and_the_rest_goes_together(int writers)
    {
        var writes = new Writes();
        await using var batcher = new Batcher<int, int>(writes.Write, most: 4, writers);
        List<Task<int>> answers = [];
        for (var i = 0; i < writers; i++)
        {
            // Nobody waits for company.
            answers.Add(batcher.Add(i, TestContext.Current.CancellationToken));
            await writes.Until(i + 1);
        }
        answers.AddRange(Enumerable.Range(writers, 6).Select(i => batcher.Add(i, TestContext.Current.CancellationToken)));
        writes.Begun.ShouldBe([.. Enumerable.Range(0, writers).Select(i => (IReadOnlyList<int>)[i])]);

        // The last to begin may be the first to end.
        writes.End(writers - 1);
        await writes.Until(writers + 1);
        writes.Begun[writers].ShouldBe([.. Enumerable.Range(writers, 4)]);
        (await answers[writers - 1]).ShouldBe((writers - 1) * 10);
        answers.Take(writers - 1).ShouldAllBe(a => !a.IsCompleted);
        writes.End(writers);
        await writes.Until(writers + 2);
        writes.End(writers + 1);
        for (var i = 0; i < writers - 1; i++) writes.End(i);
        (await Task.WhenAll(answers)).ShouldBe(Enumerable.Range(0, answers.Count).Select(i => i * 10));
    }

    [Fact]
    public async Task an_item_that_cannot_be_written_takes_no_other_with_it()
    {
        var first = new TaskCompletionSource();
        await using var batcher = new Batcher<int, int>(async (items, cancellation) =>
        {
            await first.Task.WaitAsync(cancellation);
            return items.Contains(13) ? throw new InvalidOperationException("unlucky") : [.. items.Select(i => i * 10)];
        }, most: 100, writers: 2);
        var answers = Enumerable.Range(0, 40).Select(i => batcher.Add(i, TestContext.Current.CancellationToken)).ToList();
        first.SetResult();
        for (var i = 0; i < answers.Count; i++)
        {
            if (i == 13) (await Should.ThrowAsync<InvalidOperationException>(answers[i])).Message.ShouldBe("unlucky");
            else (await answers[i]).ShouldBe(i * 10);
        }
    }

    [Fact]
    public async Task what_waits_is_written_before_the_end_and_nothing_is_taken_after_it()
    {
        var writes = new Writes();
        var batcher = new Batcher<int, int>(writes.Write, most: 1, writers: 2);
        var answers = Enumerable.Range(0, 3).Select(i => batcher.Add(i, TestContext.Current.CancellationToken)).ToList();
        await writes.Until(2);
        var ended = batcher.DisposeAsync().AsTask();
        await Should.ThrowAsync<ObjectDisposedException>(() => batcher.Add(3, TestContext.Current.CancellationToken));
        writes.End(0);
        writes.End(1);
        await writes.Until(3);
        ended.IsCompleted.ShouldBeFalse();
        writes.End(2);
        (await Task.WhenAll(answers)).ShouldBe([0, 10, 20]);
        await ended;
    }
}
