using System.Collections.Concurrent;
using System.Collections.Frozen;
using Marten;
using Phoenix.Domain.Experiments;

namespace Phoenix.Api.Measurements;

/// <param name="Hosts">Frozen when the experiment started, less those that were left out.</param>
/// <param name="Window">Length of a window.</param>
public sealed record MeasuredExperiment(FrozenSet<string> Hosts, TimeSpan Window);

/// <summary>
/// What every report is asked about its experiment, kept in memory: with ten thousand hosts the experiment itself is a large document, and each of
/// its hosts reports every window.
/// </summary>
public sealed class MeasuredExperiments(TimeProvider clock)
{
    /// <summary>Experiments remembered; the memory of ten thousand hosts each is bounded by it.</summary>
    const int Most = 500;

    /// <summary>Up to so many hosts a report is looked at when it comes; with more of them, all that came in a moment are looked at together.</summary>
    public const int LookedAtSingly = 50;

    public static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    /// <summary>How long an answer is believed: hosts that were silent at the start leave an experiment.</summary>
    static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    readonly ConcurrentDictionary<Guid, (MeasuredExperiment Experiment, long ReadAt)> _known = new();
    readonly ConcurrentDictionary<(Guid Experiment, int Window), long> _told = new();
    long _forgotten = clock.GetTimestamp();

    /// <summary>Windows of which it is known when they were last told of.</summary>
    public int Remembered => _told.Count;

    /// <summary>Null where there is no such experiment, or it has not started.</summary>
    public async ValueTask<MeasuredExperiment?> Find(Guid id, IQuerySession session, CancellationToken cancellation)
    {
        if (_known.TryGetValue(id, out var known) && clock.GetElapsedTime(known.ReadAt) < Fresh) return known.Experiment;
        if (await session.LoadAsync<Experiment>(id, cancellation) is not { StartedAt: not null } x) return null;
        if (_known.Count >= Most) _known.Clear();
        var experiment = new MeasuredExperiment([.. x.Hosts], x.Plan.Window);
        _known[id] = (experiment, clock.GetTimestamp());
        return experiment;
    }

    /// <summary>
    /// Whether the window should be looked at because of a report, after <see cref="Moment"/>: true once in each moment of this node. A report whose
    /// transaction took longer than that is seen when the window is closed.
    /// </summary>
    public bool IsDue(Guid experiment, int window)
    {
        var now = clock.GetTimestamp();
        Forget(now);
        while (true)
        {
            if (!_told.TryGetValue((experiment, window), out var last))
            {
                if (_told.TryAdd((experiment, window), now)) return true;
            }
            else if (clock.GetElapsedTime(last, now) < Moment) return false;
            else if (_told.TryUpdate((experiment, window), now, last)) return true;
        }
    }

    /// <summary>What is longer ago than a moment need not be known any more.</summary>
    void Forget(long now)
    {
        var last = Interlocked.Read(ref _forgotten);
        if (clock.GetElapsedTime(last, now) < Moment * 10 || Interlocked.CompareExchange(ref _forgotten, now, last) != last) return;
        foreach (var told in _told)
            if (clock.GetElapsedTime(told.Value, now) >= Moment) _told.TryRemove(told);
    }
}
