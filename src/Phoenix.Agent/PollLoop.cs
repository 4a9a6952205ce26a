using System.Globalization;
using System.Net;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>Fetches tasks by long poll, runs them one at a time in order, and delivers every result until it is taken or refused.</summary>
/// <param name="redaction">What this host knows of secrets at the moment, those of the task's configurations among them.</param>
internal sealed class PollLoop(
    AgentSettings settings, ApiClient api, Enrolment enrolment, TaskApplier applier, HostJobs jobs, UpgradeJob upgrade, TaskJournal journal, Panic panic, HostAllowList allowed,
    Func<AssignedTask?, LogRedaction> redaction) : IDisposable
{
    private readonly SemaphoreSlim _delivering = new(1);

    /// <summary>An answer without work that comes this fast was not parked, and is not repeated at once.</summary>
    private static readonly TimeSpan NotParked = TimeSpan.FromMilliseconds(100);

    private volatile CancellationTokenSource? _current;

    public void Dispose() => _delivering.Dispose();

    /// <summary>Ends the task under way, because of a panic.</summary>
    public void GiveBack()
    {
        try
        {
            _current?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended in this very moment.
        }
        jobs.GiveBack();
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            await PollAsync(cancellation);
        }
        finally
        {
            await Task.WhenAll(jobs.EndedAsync(), upgrade.EndedAsync());
        }
    }

    private async Task PollAsync(CancellationToken cancellation)
    {
        var path = "api/v2/tasks/poll?waitSeconds=" + settings.PollWait.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        var failures = 0;
        while (true)
        {
            var began = Environment.TickCount64;
            var (answer, ran) = await TurnAsync(path, cancellation);
            if (answer.IsSuccess)
            {
                failures = 0;
                if (!ran && Environment.TickCount64 - began < NotParked.TotalMilliseconds)
                    await Task.Delay(RetryDelay.After(1, Random.Shared.NextDouble()), cancellation);
            }
            else if (answer.Status is HttpStatusCode.Unauthorized)
            {
                await enrolment.RecoverAsync(cancellation);
            }
            else
            {
                failures++;
                var delay = RetryDelay.After(failures, answer.RetryAfter, Random.Shared.NextDouble());
                Log.Warn("Work could not be fetched.",
                    ("status", (int?)answer.Status), ("code", answer.Code), ("detail", answer.Detail), ("nextAttemptSeconds", delay));
                await Task.Delay(delay, cancellation);
            }
        }
    }

    /// <summary>One delivery of results and one poll with its tasks.</summary>
    private async Task<(ApiAnswer Answer, bool Ran)> TurnAsync(string path, CancellationToken cancellation)
    {
        try
        {
            await DeliverAsync(cancellation);
            var (answer, content) = await api.GetAsync(path, WireJson.Default.PollResponse, settings.PollWait, cancellation);
            var ran = false;
            foreach (var task in content?.Tasks ?? [])
                ran |= await TakeAsync(task, cancellation);
            return (answer, ran);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk: what cannot be written down is not done, and the control plane delivers it again.
            return (new ApiAnswer(null, "state-not-written", e.Message, null), false);
        }
        catch (Exception e) when (IsFault(e, cancellation))
        {
            // Ending would only fetch the same answer again: the host stays under supervision, and the poll backs off.
            Log.Error("An answer of the control plane could not be worked on.", ("error", e));
            return (new ApiAnswer(null, "internal", e.Message, null), false);
        }
    }

    /// <summary>True where the task was run now.</summary>
    private async Task<bool> TakeAsync(AssignedTask task, CancellationToken cancellation)
    {
        if (jobs.Runs(task.Id) || upgrade.Runs(task.Id))
        {
            // The acknowledgement was lost; the work goes on.
            await ProgressAsync(task, "accepted", null, cancellation);
            return false;
        }

        var known = journal.Find(task.Id);
        switch (TaskJournal.Judge(known, task.Lease))
        {
            case TaskVerdict.Refuse:
                Log.Warn("A task under a lower lease than was seen is refused.", ("task", task.Id), ("lease", task.Lease), ("seen", known!.Lease));
                return false;

            case TaskVerdict.Answer:
                Log.Info("A task that has ended is answered again.", ("task", task.Id), ("lease", task.Lease));
                journal.SendAgain(known!);
                await DeliverAsync(cancellation);
                return false;

            default:
                // An upgrade must find the collectors as they were: none is changed while one is being tried.
                using (task.Kind is TaskKind.Apply ? await upgrade.EnterAsync(cancellation) : default)
                    await RunAsync(task, cancellation);
                await DeliverAsync(cancellation);
                return true;
        }
    }

    private async Task RunAsync(AssignedTask task, CancellationToken cancellation)
    {
        Log.Info("A task begins.", ("task", task.Id), ("lease", task.Lease), ("attempt", task.Attempt), ("experiment", task.Desired?.ExperimentId));
        journal.Begin(task.Id, task.Lease);
        var accepted = await ProgressAsync(task, "accepted", null, cancellation);
        if (accepted.Code is "lease-superseded")
        {
            // Nothing has been touched, and whoever holds the lease now will say what to do.
            Log.Warn("A task is left to the holder of its newer lease.", ("task", task.Id), ("lease", task.Lease));
            return;
        }

        if (task.Kind is TaskKind.Upgrade)
        {
            if ((panic.Refusal(task) ?? await allowed.CheckAsync(task.Kind, cancellation)) is { } refused)
            {
                Record(task, HostJobs.Failed(task, refused));
                return;
            }
            upgrade.Begin(task, async (phase, detail) => (await ProgressAsync(task, phase, detail, cancellation)).Code is not "lease-superseded",
                async result =>
                {
                    Record(task, result);
                    await DeliverAsync(cancellation);
                }, cancellation);
            return;
        }

        if (task.Kind is not TaskKind.Apply)
        {
            jobs.Begin(task, async (phase, detail) => (await ProgressAsync(task, phase, detail, cancellation)).Code is not "lease-superseded",
                async result =>
                {
                    Record(task, result);
                    await DeliverAsync(cancellation);
                }, cancellation);
            return;
        }

        TaskResult result;
        using var current = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _current = current;
        try
        {
            result = await applier.ApplyAsync(task, (phase, detail) => ProgressAsync(task, phase, detail, current.Token), current.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested && panic.Interruption is not null)
        {
            result = HostJobs.Failed(task, panic.Interruption!);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // What is on trial is finished by the next agent; the control plane need not wait for the lease to run out.
            Record(task, HostJobs.Failed(task, HostJobs.Interrupted(retryable: true)));
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            result = Failed(task, e, retryable: true);
        }
        catch (Exception e) when (IsFault(e, cancellation))
        {
            // A task that the agent cannot work on fails alone; delivered again it would fail in the same way.
            Log.Error("A task failed in a way that was not foreseen.", ("task", task.Id), ("lease", task.Lease), ("error", e));
            result = Failed(task, e, retryable: false);
        }
        Record(task, result);
    }

    private void Record(AssignedTask task, TaskResult result)
    {
        // Before it is written down: what the control plane takes of it becomes an event, which stays.
        journal.End(task.Id, result.Error is { LogTail.Count: > 0 } ? redaction(task).Apply(result) : result);
        Log.Info("A task has ended.", ("task", task.Id), ("lease", task.Lease), ("outcome", result.Outcome), ("code", result.Error?.Code));
    }

    /// <summary>The end of work beside the loop, which may be parked in a poll.</summary>
    private static TaskResult Failed(AssignedTask task, Exception e, bool retryable) =>
        new(task.Lease, TaskOutcome.Failed, [], new TaskError("internal", e.Message, retryable, []));

    private static bool IsFault(Exception e, CancellationToken cancellation) =>
        e is not FencedException && !(e is OperationCanceledException && cancellation.IsCancellationRequested);

    private async Task<ApiAnswer> ProgressAsync(AssignedTask task, string phase, string? detail, CancellationToken cancellation)
    {
        var answer = await api.PostAsync($"api/v2/tasks/{task.Id:D}/progress", new TaskProgress(task.Lease, phase, detail), WireJson.Default.TaskProgress, cancellation);
        if (!answer.IsSuccess)
            Log.Warn("Progress of a task was not taken.", ("task", task.Id), ("phase", phase), ("status", (int?)answer.Status), ("code", answer.Code));
        return answer;
    }

    /// <summary>Sends the results that the control plane has not taken yet.</summary>
    public async Task DeliverAsync(CancellationToken cancellation)
    {
        await _delivering.WaitAsync(cancellation);
        try
        {
            await DeliverAllAsync(cancellation);
        }
        finally
        {
            _delivering.Release();
        }
    }

    private async Task DeliverAllAsync(CancellationToken cancellation)
    {
        foreach (var record in journal.Undelivered)
        {
            var answer = await api.PostAsync($"api/v2/tasks/{record.Id:D}/result", record.Result!, WireJson.Default.TaskResult, cancellation);
            if (answer.IsTransient)
            {
                // Sent again before the next poll, which waits where the control plane is away.
                Log.Warn("A task's result was not taken and is kept.", ("task", record.Id), ("status", (int?)answer.Status), ("code", answer.Code));
                return;
            }
            if (!answer.IsSuccess)
                Log.Warn("A task's result was refused.", ("task", record.Id), ("lease", record.Lease), ("status", (int?)answer.Status), ("code", answer.Code));
            journal.Delivered(record);
        }
    }
}
