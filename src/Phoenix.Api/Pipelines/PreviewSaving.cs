using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pricing;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Tasks;
using Wolverine.Http;

namespace Phoenix.Api.Pipelines;

/// <param name="Hosts">Hosts that are counted.</param>
/// <param name="LeftOut">Hosts that are not, since their sample is shorter than a window or their collector does not tell what passes in a time.</param>
/// <param name="Saving">
/// <c>before</c> is the month's bill if all that came in were sent, <c>after</c> that of what the pipeline would send, both as if every minute were like those
/// of the samples.
/// </param>
public sealed record PreviewSavingView(int Hosts, IReadOnlyList<string> LeftOut, MarginalSaving Saving);

public static class PreviewSavingEndpoint
{
    /// <summary>
    /// What previews on hosts say in money, for these hosts together and by the price of today. 409 <c>preview-unanswered</c> where one has no report,
    /// 409 <c>preview-too-short</c> where no sample holds a whole window.
    /// </summary>
    /// <param name="id">Previews, each on another host.</param>
    /// <param name="price">Id of a price entry.</param>
    [WolverineGet("/api/v2/previews/saving"), Tags("Pipelines"), ProducesResponseType<PreviewSavingView>(200), ProducesResponseType(404), ProducesResponseType(409), ProducesResponseType(422)]
    public static async Task<IResult> Get(Guid[] id, string? price, IQuerySession session, TimeProvider clock, CancellationToken cancellation)
    {
        if (id.Length is 0 or > HostWorkDecisions.MaxPreviewHosts)
            return Problems.Of(422, "previews-invalid", $"Name 1 to {HostWorkDecisions.MaxPreviewHosts} previews as 'id'.", "id");
        if (string.IsNullOrWhiteSpace(price)) return Problems.Of(422, "price-missing", "Name a price entry as 'price'.", "price");
        var (found, unknown) = (await session.PriceBook(cancellation)).PriceOf(price, clock.Today());
        if (unknown is not null) return unknown.ToProblem();

        List<PreviewView> previews = [];
        foreach (var one in id)
        {
            if (await PreviewPipelineEndpoints.Find(one, session, cancellation) is not { } preview) return Problems.NotFound("preview", one);
            if (preview.Report is null) return Problems.Of(409, "preview-unanswered", $"Preview {one} on '{preview.HostId}' has no report.", "id");
            previews.Add(preview);
        }
        if (previews.GroupBy(p => p.HostId).FirstOrDefault(g => g.Count() > 1) is { } twice)
            return Problems.Of(422, "previews-invalid", $"Two previews are of '{twice.Key}': what it sends would count twice.", "id");

        var hosts = previews.Where(p => p.Report!.Flow is { Seconds: > 0 }).Select(Previewed).ToList();
        if (hosts.Count == 0)
            return Problems.Of(409, "preview-too-short", "No sample holds a whole window, so that it is not known what passes in a time. Wait until the collector has kept more of its input, and preview again.", "id");
        var (before, after) = PreviewedUsage.Of(hosts);
        var (saving, unpriced) = MarginalSaving.Of(found!, null, before, after);
        return unpriced is not null ? unpriced.ToProblem()
            : TypedResults.Ok(new PreviewSavingView(hosts.Count, [.. previews.Where(p => p.Report!.Flow is not { Seconds: > 0 }).Select(p => p.HostId)], saving!));
    }

    static PreviewedHost Previewed(PreviewView preview)
    {
        var (report, flow) = (preview.Report!, preview.Report!.Flow!);
        return new(TimeSpan.FromSeconds(flow.Seconds), new(report.Input.SeriesActive, flow.SamplesIn, flow.WireBytesIn), new(report.Output.SeriesActive, flow.SamplesOut, flow.WireBytesOut));
    }
}
