using System.Collections.Concurrent;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// Work that takes minutes and changes nothing that runs: previews, explorations, simulated loads and log lines. It goes on beside the poll loop, so
/// that a rollback never waits for it. One of each kind at a time.
/// </summary>
internal sealed class HostJobs(PreviewJob preview, LoadJob load, LogsJob logs, ExploreJob explore, Panic panic, HostAllowList allowed) : IDisposable
{
    private readonly ConcurrentDictionary<Guid, Task> _running = new();

    /// <summary>The kinds that are being worked on, each with its task.</summary>
    private readonly ConcurrentDictionary<TaskKind, Guid> _kinds = new();
    private CancellationTokenSource _giveBack = new();

    public void Dispose() => _giveBack.Dispose();

    /// <summary>True where the task is being worked on: a copy of its assignment changes nothing.</summary>
    public bool Runs(Guid task) => _running.ContainsKey(task);

    /// <summary>When all that runs has ended.</summary>
    public Task EndedAsync() => Task.WhenAll(_running.Values);

    /// <summary>Ends all that runs, because of a panic.</summary>
    public void GiveBack() => Interlocked.Exchange(ref _giveBack, new CancellationTokenSource()).Cancel();

    /// <param name="progress">Tells the control plane how far it is; false where it wants the work no more.</param>
    /// <param name="end">Takes the result, also of work that the agent's own end interrupts.</param>
    public void Begin(AssignedTask task, Func<string, string?, Task<bool>> progress, Func<TaskResult, Task> end, CancellationToken stop) =>
        _running[task.Id] = Task.Run(
            async () =>
            {
                try
                {
                    using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop, _giveBack.Token);
                    await end(await RunAsync(task, progress, stop, ending.Token));
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    // Its result was written down; the next agent delivers it where this one cannot any more.
                    Log.Info("Work beside the poll loop ends with the agent.", ("task", task.Id));
                }
                catch (Exception e)
                {
                    // The lease runs out and the control plane decides anew; the agent and all else go on.
                    Log.Error("The end of a task could not be kept.", ("task", task.Id), ("error", e));
                }
                finally
                {
                    _running.TryRemove(task.Id, out _);
                }
            },
            CancellationToken.None);

    private async Task<TaskResult> RunAsync(AssignedTask task, Func<string, string?, Task<bool>> progress, CancellationToken stop, CancellationToken ending)
    {
        if (panic.Refusal(task) is { } inPanic)
            return Failed(task, inPanic);
        if (!_kinds.TryAdd(task.Kind, task.Id))
            return Failed(task, new TaskError("busy", $"Another task of kind {task.Kind} runs on this host; one runs at a time.", true, []));
        try
        {
            if (await allowed.CheckAsync(task.Kind, ending) is { } forbidden)
                return Failed(task, forbidden);
            return task switch
            {
                { Preview: { } order } => await preview.RunAsync(task, order, progress, ending),
                { Load: { } order } => await load.RunAsync(task, order, progress, ending),
                { Logs: { } order } => await logs.RunAsync(task, order, progress, ending),
                { Explore: { } order } => await explore.RunAsync(task, order, progress, ending),
                _ => Failed(task, new TaskError("internal", $"The task of kind {task.Kind} says not what to do.", false, [])),
            };
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested && panic.Interruption is not null)
        {
            return Failed(task, panic.Interruption!);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // A load is not made a second time; what changes nothing is.
            return Failed(task, Interrupted(retryable: task.Kind is not TaskKind.Load));
        }
        catch (Exception e)
        {
            Log.Error("A task failed in a way that was not foreseen.", ("task", task.Id), ("error", e));
            return Failed(task, new TaskError("internal", e.Message, false, []));
        }
        finally
        {
            _kinds.TryRemove(task.Kind, out _);
        }
    }

    internal static TaskError Interrupted(bool retryable) => new("interrupted", "The agent was stopped while it worked on the task.", retryable, []);

    internal static TaskResult Failed(AssignedTask task, TaskError error) => new(task.Lease, TaskOutcome.Failed, [], error);
}
