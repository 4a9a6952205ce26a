using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using JasperFx.Events;
using Marten;
using Microsoft.Extensions.Caching.Memory;
using Npgsql;
using Phoenix.Domain.Experiments;
using Phoenix.Projections;

namespace Phoenix.Api.Reading;

/// <summary>
/// What experiments were over time, from their events. An experiment of a quarter of a year has hundreds of thousands, and its page asks after every window: each node reads them
/// once, and then what has come since. Nothing is held that grows with the number of windows, and events are read a part at a time.
/// </summary>
public sealed class ExperimentHistories(IDocumentStore store, NpgsqlDataSource database) : IDisposable
{
    /// <summary>Twice what a chart asks for at most, so that it gets as many as it asks for. A window, the evidence up to it and how the guardrails stood take five kilobytes.</summary>
    const int WindowsKept = 2 * ExperimentWindowsEndpoint.MaxPoints;

    /// <summary>Experiments that somebody looks at, each in 21 MB (measured with one host and eight guardrails).</summary>
    const int Experiments = 10;

    /// <summary>Past states of experiments, which never change: those that somebody looks at, and rows of lists.</summary>
    const int PastExperiments = 30, PastRows = 5_000;

    static readonly TimeSpan Kept = TimeSpan.FromMinutes(15);

    /// <summary>Events of one read. With ten thousand hosts some are hundreds of kilobytes.</summary>
    const int EventsAtOnce = 500;

    readonly MemoryCache _histories = Bounded(Experiments);
    readonly MemoryCache _past = Bounded(PastExperiments);
    readonly MemoryCache _rows = Bounded(PastRows);

    /// <summary>Where it is full a quarter goes, what nobody asked for longest first: of so few the usual twentieth would be none.</summary>
    internal static MemoryCache Bounded(int most) => new(new MemoryCacheOptions { SizeLimit = most, CompactionPercentage = 0.25 });

    [SuppressMessage("Design", "CA1001", Justification = "A semaphore that nobody takes a wait handle of holds nothing; one that is put out of the cache may still be waited for.")]
    sealed class Held
    {
        public readonly SemaphoreSlim Turn = new(1);
        public readonly WindowHistory History = new(WindowsKept);
        public bool IsExperiment;
    }

    /// <summary>What is read of the history of an experiment up to now, while no other request changes it; null where it is none.</summary>
    public async Task<T?> Read<T>(Guid id, Func<WindowHistory, T> read, CancellationToken cancellation) where T : class
    {
        var held = HeldOf(id);
        await held.Turn.WaitAsync(cancellation);
        try
        {
            await foreach (var e in Events(id, held.History.Version + 1, long.MaxValue, cancellation))
            {
                held.IsExperiment |= e.Data is ExperimentDrafted;
                if (!held.IsExperiment) break;
                held.History.Add(e);
            }
            if (held.IsExperiment) return read(held.History);
            _histories.Remove(id);
            return null;
        }
        finally
        {
            held.Turn.Release();
        }
    }

    /// <summary>One for all who ask at the same time: the first of them reads, and the others wait for it.</summary>
    Held HeldOf(Guid id)
    {
        lock (_histories)
            return _histories.TryGetValue(id, out Held? held) ? held! : _histories.Set(id, new Held(), new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = Kept });
    }

    /// <summary>Events of a stream in their order, from one number to another. Between two parts no connection is held.</summary>
    public async IAsyncEnumerable<IEvent> Events(Guid id, long from, long upTo, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (from <= upTo)
        {
            IReadOnlyList<IEvent> events;
            await using (var session = store.QuerySession())
                events = await session.Events.FetchStreamAsync(id, version: Math.Min(from + EventsAtOnce - 1, upTo), fromVersion: from, token: cancellation);
            foreach (var e in events) yield return e;
            if (events.Count < EventsAtOnce) yield break;
            from = events[^1].Version + 1;
        }
    }

    /// <summary>An experiment as it is, or as it was at a moment; null where it is none, or was none yet.</summary>
    public Task<Experiment?> Load(IQuerySession session, Guid id, DateTimeOffset? at, CancellationToken cancellation) =>
        at is { } moment ? At(id, moment, cancellation) : session.LoadAsync<Experiment>(id, cancellation);

    /// <summary>An experiment as its events had it at a moment; null where it had not been drafted.</summary>
    public async Task<Experiment?> At(Guid id, DateTimeOffset at, CancellationToken cancellation) =>
        await VersionAt(id, at, cancellation) is { } version ? await Of(id, version, cancellation) : null;

    /// <summary>How the guardrails stood after an event of the experiment; null where it is none.</summary>
    public async Task<GuardrailStandings?> GuardrailsAt(Guid id, long version, CancellationToken cancellation)
    {
        if (await Read(id, h => new Beginning(h.Before(version)), cancellation) is not { Kept: var kept }) return null;
        var (replay, standings) = (WindowReplay.After(kept?.Window), kept?.Guardrails ?? GuardrailStandings.None);
        await foreach (var e in Events(id, replay.Version + 1, version, cancellation))
            if (replay.Add(e) is { } window) standings = standings.With(window);
        return replay.Open is { } open ? standings.With(open) : standings;
    }

    /// <param name="Kept">From where on windows are read again; null for the beginning of the stream.</param>
    sealed record Beginning(WindowStanding? Kept);

    /// <summary>The same as a row of a list.</summary>
    public async Task<ExperimentSummary?> RowAt(Guid id, DateTimeOffset at, CancellationToken cancellation)
    {
        if (await VersionAt(id, at, cancellation) is not { } version) return null;
        if (_rows.TryGetValue((id, version), out ExperimentSummary? known)) return known;
        return await Of(id, version, cancellation) is { } experiment
            ? _rows.Set((id, version), ExperimentSummary.Of(experiment), new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = Kept }) : null;
    }

    /// <summary>Number of the last event that had happened; null for none.</summary>
    async Task<long?> VersionAt(Guid id, DateTimeOffset at, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"select version from {EventStoreOptions.Schema}.mt_events where stream_id = $1 and \"timestamp\" <= $2 order by version desc limit 1");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = at.ToUniversalTime() });
        return await command.ExecuteScalarAsync(cancellation) as long?;
    }

    async Task<Experiment?> Of(Guid id, long version, CancellationToken cancellation)
    {
        if (_past.TryGetValue((id, version), out Experiment? known)) return known;
        Experiment? x;
        await using (var session = store.QuerySession())
        {
            // Most of a list have changed no more since.
            if ((x = await session.LoadAsync<Experiment>(id, cancellation))?.Version == version) return x;
            x = null;
            for (var from = 1L; from <= version; from += EventsAtOnce)
                x = await session.Events.AggregateStreamAsync(id, version: Math.Min(from + EventsAtOnce - 1, version), state: x, fromVersion: from, token: cancellation);
        }
        return x is null ? null : _past.Set((id, version), x, new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = Kept });
    }

    public void Dispose()
    {
        _histories.Dispose();
        _past.Dispose();
        _rows.Dispose();
    }
}
