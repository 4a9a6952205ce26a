using JasperFx.Events.Daemon.HighWater;
using Marten;
using Marten.Services;

namespace Phoenix.Api.Live;

/// <summary>
/// Says on this node that events may have been appended: by a commit of its own, or by another node that told of one
/// (<see cref="AppendRelay"/>). Nothing rests on it: who waits for it looks into the log now and then by itself.
/// </summary>
/// <remarks>
/// Marten would notify inside the appending transaction, which takes a lock that makes all commits of the database wait for each
/// other, and it does not know of events that are appended in bulk. Here it is done after the commit, and what comes together
/// is told once.
/// </remarks>
public sealed class AppendSignal : DocumentSessionListenerBase
{
    readonly Lock _lock = new();
    TaskCompletionSource _next = New();
    long _raised, _committed;

    /// <summary>How often it was raised: where this has grown since a look into the log began, another look is due.</summary>
    public long Raised => Interlocked.Read(ref _raised);

    /// <summary>Commits of this node, of which the others are to be told.</summary>
    public long Committed => Interlocked.Read(ref _committed);

    public void Raise()
    {
        lock (_lock)
        {
            _raised++;
            _next.TrySetResult();
            _next = New();
        }
    }

    /// <summary>Returns at once where it was raised since <paramref name="seen"/>, else when it is raised or the time is over.</summary>
    public async Task<long> Next(long seen, TimeSpan timeout, CancellationToken cancellation)
    {
        Task next;
        lock (_lock)
        {
            if (_raised != seen) return _raised;
            next = _next.Task;
        }
        try
        {
            await next.WaitAsync(timeout, cancellation);
        }
        catch (TimeoutException)
        {
            // Nobody told of anything: the caller looks by itself.
            return Raised;
        }
        return Raised;
    }

    /// <summary>Any commit: bulk appends are plain SQL to the session, and a look too many is cheap.</summary>
    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        Interlocked.Increment(ref _committed);
        Raise();
        return Task.CompletedTask;
    }

    static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Lets Marten's daemon look for new events as soon as there are some.</summary>
public sealed class DaemonWakeUp(AppendSignal signal) : IDaemonWakeup
{
    /// <summary>Under load a look for the events of many commits, not one for each.</summary>
    static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(20);

    long _seen;

    public async Task WaitAsync(TimeSpan timeout, CancellationToken token)
    {
        await signal.Next(Interlocked.Read(ref _seen), timeout, token);
        await Task.Delay(Gather, token);
        Interlocked.Exchange(ref _seen, signal.Raised);
    }

    public void Dispose()
    {
    }
}
