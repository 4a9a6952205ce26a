using System.Diagnostics;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Pipeline;

/// <summary>
/// Keeps what the reducers hold on disk, so that the next process goes on with their counters. It is used again only where
/// nothing left the reducers after it was written, since a counter would else fall under its start time. The
/// <see cref="FlushJournal"/> tells: it counts each flush before anything leaves.
/// </summary>
/// <remarks>
/// Written after each flush, as long as that takes at most a twentieth of the time. To the disk itself it is forced at an orderly
/// stop alone: what a process wrote outlives it, and after a crash of the machine only what an orderly stop left is used.
/// </remarks>
internal sealed class ReducerStorage : IDisposable
{
    // Changes with every change of what the reducers write.
    private const int Version = 1;
    private const int LeastPauseOverCost = 19;

    private readonly string _path;
    private readonly FlushJournal _journal;
    private readonly bool _leftInOrder;
    private long _mayWriteAt;
    private bool _failing;

    private ReducerStorage(string path, FlushJournal journal)
    {
        (_path, _journal) = (path, journal);
        _leftInOrder = journal.TakeClean();
        LastFlush = journal.LastFlush;
    }

    /// <summary>Bytes of the state written last.</summary>
    public long Bytes { get; private set; }

    /// <summary>How long writing it took.</summary>
    public TimeSpan Took { get; private set; }

    public long Written { get; private set; }

    public long Failures { get; private set; }

    /// <summary>Why the epoch of the process before could not go on; null where it does.</summary>
    public StateRefusal? Refused { get; private set; } = new("none", "nothing was kept");

    /// <summary>Time between the last export of the process before and the start of this one; null where there was none.</summary>
    public TimeSpan? Gap { get; private set; }

    private long LastFlush { get; }

    /// <summary>Takes the directory, or says why it cannot be used: the collector runs on without.</summary>
    public static ReducerStorage? Open(FileStorageExtensionSettings settings, string pipeline)
    {
        try
        {
            if (settings.CreateDirectory)
            {
                Directory.CreateDirectory(settings.Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            var path = Path.Combine(settings.Directory, "phoenix_" + pipeline.Replace('/', '_'));
            return new ReducerStorage(path + ".state", FlushJournal.Open(path + ".journal"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Warn(
                "the state of the reducers cannot be kept: a restart will begin a new epoch", ("extension", settings.Id), ("reason", e.Message),
                ("remedy", "name a directory that this user can write to and no other collector uses"));
            return null;
        }
    }

    /// <summary>Before the first batch: gives the reducers what the process before left, where that can go on.</summary>
    public Restored Restore(ProcessorChain chain, long now)
    {
        var restored = Restored.Nothing;
        var aside = _path + ".taken";
        Gap = LastFlush == 0 ? null : TimeSpan.FromTicks(Math.Max(0, now - LastFlush) / 100);
        try
        {
            using var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            var state = new StateReader(file);
            Refused = Refusal(state, chain, now);
            if (Refused is null)
            {
                // From here on some of them may hold a part of it. A process that state brings down must not meet it again.
                restored = Restored.InPart;
                File.Move(_path, aside, overwrite: true);
                foreach (var reducer in chain.Reducers)
                {
                    reducer.Restore(state);
                }

                File.Move(aside, _path);
                restored = Restored.Whole;
            }
        }
        catch (FileNotFoundException)
        {
            // None was written yet.
        }
        catch (Exception e) when (e is (IOException and not EndOfStreamException) or UnauthorizedAccessException)
        {
            Refused = new("unreadable", e.Message);
        }
        catch (Exception e)
        {
            // Whatever is wrong with it, it is no reason not to start.
            Refused = new("damaged", e.Message);
        }

        Tell(chain);
        return restored;
    }

    /// <summary>From here on the state on disk is older than what has left.</summary>
    public void BeforeFlush(long now)
    {
        if (!Try(() => _journal.Begin(now)))
        {
            // Uncounted, this flush would leave the state looking as new as what has left.
            Try(() => File.Delete(_path));
        }
    }

    public void AfterFlush(ProcessorChain chain, long now)
    {
        if (Environment.TickCount64 >= _mayWriteAt)
        {
            Keep(chain, now, last: false);
        }
    }

    /// <summary>An orderly stop, after the last flush: however long it takes, and down to the disk.</summary>
    public void KeepAtEnd(ProcessorChain chain, long now) => Keep(chain, now, last: true);

    public void Dispose() => _journal.Dispose();

    private void Keep(ProcessorChain chain, long now, bool last)
    {
        if (!chain.Reducers.Any())
        {
            return;
        }

        var watch = Stopwatch.StartNew();
        var written = Try(() =>
        {
            Write(chain, now, last);
            if (last)
            {
                _journal.SetClean();
            }
        });
        if (written && _failing)
        {
            Log.Info("the state of the reducers is kept again", ("state", _path));
            _failing = false;
        }

        Took = watch.Elapsed;
        _mayWriteAt = Environment.TickCount64 + (long)(LeastPauseOverCost * Took.TotalMilliseconds);
    }

    private void Write(ProcessorChain chain, long now, bool toDisk)
    {
        var next = _path + ".next";
        using (var file = new FileStream(next, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            var state = new StateWriter(file);
            state.Number(Version);
            state.Number(_journal.Flushes);
            state.Number(now);
            state.Text(chain.StateKey());
            foreach (var reducer in chain.Reducers)
            {
                reducer.Save(state);
            }

            state.Finish();
            file.Flush(flushToDisk: toDisk);
            Bytes = state.Length;
        }

        File.Move(next, _path, overwrite: true);
        Written++;
    }

    private StateRefusal? Refusal(StateReader state, ProcessorChain chain, long now)
    {
        if (state.Number() is var version && version != Version)
        {
            return new("version", $"it is of version {version}, and this collector writes version {Version}");
        }

        var (flushes, at, key) = (state.Number(), state.Number(), state.Text());
        if (key != chain.StateKey())
        {
            return new("configuration", "it was written by other reducers, or for another host");
        }

        if (flushes != _journal.Flushes)
        {
            return new("behind", "points left after it was written, and their counters would fall");
        }

        if (!_journal.IsOfThisBoot && !_leftInOrder)
        {
            return new("machine", "the machine ended before the collector did, and what left last is not known");
        }

        var age = TimeSpan.FromTicks((now - at) / 100);
        if (age < TimeSpan.Zero)
        {
            return new("clock", $"it was written {-age.TotalSeconds:0} s ahead of the clock, so that its age is not known");
        }

        var staleness = chain.Reducers.Select(r => r.Staleness).DefaultIfEmpty(TimeSpan.Zero).Min();
        return age <= staleness ? null : new("stale", $"it is {age.TotalSeconds:0} s old, and streams are forgotten after {staleness.TotalSeconds:0} s");
    }

    private void Tell(ProcessorChain chain)
    {
        var gap = Gap?.TotalSeconds;
        if (Refused is null)
        {
            Log.Info("the reducers go on with their counters", ("streams", chain.Resuming), ("gapSeconds", gap), ("leftInOrder", _leftInOrder));
        }
        else if (Refused.Code == "none" && gap is null)
        {
            Log.Info("the reducers begin: no state was kept yet", ("state", _path));
        }
        else
        {
            Log.Warn(
                "the reducers begin a new epoch: kept state is not used", ("state", _path), ("refused", Refused.Code), ("reason", Refused.Reason),
                ("gapSeconds", gap), ("lost", "what inputs added in the gap"));
        }
    }

    private bool Try(Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Failures++;
            if (!_failing)
            {
                Log.Warn(
                    "the state of the reducers cannot be kept: a restart now would begin a new epoch", ("state", _path), ("reason", e.Message),
                    ("remedy", "make room, or make the directory writable"));
            }

            _failing = true;
            return false;
        }
    }
}

/// <summary>How far the reducers go on from what was kept.</summary>
internal enum Restored
{
    /// <summary>They begin: nothing was kept that can be used.</summary>
    Nothing,

    /// <summary>They are of no use, since what was kept turned out to be unusable on the way.</summary>
    InPart,

    Whole,
}

/// <param name="Code">Stable.</param>
internal sealed record StateRefusal(string Code, string Reason);
