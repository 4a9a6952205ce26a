using Microsoft.Extensions.Caching.Memory;
using Npgsql;
using Phoenix.Api.Reading;

namespace Phoenix.Api.Explorations;

/// <summary>
/// What explorations have found, merged. A page asks every two seconds while hosts answer, and merging is to read and take apart up to fifty reports of half a megabyte: it is
/// done anew only where another host has answered, a report has gone with its day, or the organisation protects something else.
/// </summary>
public sealed class ExplorationMerges(NpgsqlDataSource database) : IDisposable
{
    /// <summary>Explorations that somebody looks at: a merge lists 50 metrics, in the worst case in a few megabytes.</summary>
    const int Most = 20;

    static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);

    readonly MemoryCache _merges = ExperimentHistories.Bounded(Most);

    sealed record Merge(Guid[] Tasks, IReadOnlyList<string> Protected, MergedExploration Found);

    /// <param name="done">Tasks whose report is there.</param>
    /// <param name="inDepth">One metric was asked for.</param>
    /// <param name="isProtected">Patterns of metrics.</param>
    public async Task<MergedExploration> Of(Guid exploration, Guid[] done, bool inDepth, IReadOnlyList<string> isProtected, CancellationToken cancellation)
    {
        if (_merges.TryGetValue(exploration, out Merge? known) && known!.Tasks.AsSpan().SequenceEqual(done) && known.Protected.SequenceEqual(isProtected)) return known.Found;
        var reports = await ExplorationStore.Reports(database, done, cancellation);
        var found = MergedExploration.Of([.. reports.Values], inDepth, ExploredMoney.ProtectedBy(isProtected));
        // A day may just have gone: then it is merged again.
        if (reports.Count == done.Length)
            _merges.Set(exploration, new Merge(done, isProtected, found), new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = Kept });
        return found;
    }

    public void Dispose() => _merges.Dispose();
}
