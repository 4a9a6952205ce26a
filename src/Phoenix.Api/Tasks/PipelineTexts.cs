using System.Collections.Concurrent;
using Marten;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Pipelines;

namespace Phoenix.Api.Tasks;

/// <summary>
/// Texts of published pipeline versions, kept in memory: a version never changes, and ten thousand hosts are sent the same few.
/// </summary>
sealed class PipelineTexts(IDocumentStore store)
{
    readonly ConcurrentDictionary<Guid, PipelineText> _known = new();

    public async Task<IReadOnlyDictionary<Guid, PipelineText>> Of(IEnumerable<CollectorOfPipeline> collectors, CancellationToken cancellation)
    {
        var wanted = collectors.Select(c => (c.PipelineId, c.PipelineVersion)).ToHashSet();
        var missing = wanted.Where(w => !_known.TryGetValue(w.PipelineId, out var text) || text.Versions.Count < w.PipelineVersion).Select(w => w.PipelineId).Distinct().ToArray();
        if (missing.Length > 0)
        {
            await using var session = store.QuerySession();
            foreach (var text in await session.LoadManyAsync<PipelineText>(cancellation, missing)) _known[text.Id] = text;
        }
        return wanted.Select(w => w.PipelineId).Distinct().ToDictionary(id => id, id => _known[id]);
    }
}
