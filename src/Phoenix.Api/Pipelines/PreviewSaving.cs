using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pricing;
using Phoenix.Contracts;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Tasks;
using Wolverine.Http;

namespace Phoenix.Api.Pipelines;

/// <param name="Hosts">Hosts that are counted.</param>
/// <param name="LeftOut">Hosts of which it is not known what passes in a time.</param>
/// <param name="Saving">
/// <c>before</c> is the month's bill if all that came in were sent, <c>after</c> that of what the pipeline would send, both as if every minute were like those
/// of each sample's last whole window.
/// </param>
public sealed record PreviewSavingView(int Hosts, IReadOnlyList<PreviewLeftOut> LeftOut, MarginalSaving Saving);

/// <param name="Code"><c>preview-too-short</c> or <c>collector-too-old</c>.</param>
public sealed record PreviewLeftOut(string HostId, string Code, string Detail);

public static class PreviewSavingEndpoint
{
    /// <summary>
    /// What previews on hosts say in money, for these hosts together and by the price of today. 409 <c>preview-unanswered</c> where one has no report. Where of no host it is
    /// known what passes in a time, 409 with the reason: <c>preview-too-short</c> or <c>collector-too-old</c>.
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

        List<(string HostId, PreviewReport Report)> reports = [];
        foreach (var one in id)
        {
            if (await PreviewPipelineEndpoints.Find(one, session, cancellation) is not { } preview) return Problems.NotFound("preview", one);
            if (preview.Report is null) return Problems.Of(409, "preview-unanswered", $"Preview {one} on '{preview.HostId}' has no report.", "id");
            reports.Add((preview.HostId, preview.Report));
        }
        if (reports.GroupBy(r => r.HostId).FirstOrDefault(g => g.Count() > 1) is { } twice)
            return Problems.Of(422, "previews-invalid", $"Two previews are of '{twice.Key}': what it sends would count twice.", "id");

        List<PreviewLeftOut> leftOut = [.. reports.Where(r => r.Report.Flow is null).Select(r => LeftOut(r.HostId, r.Report.Sample))];
        if (leftOut.Count == reports.Count) return Problems.Of(409, leftOut[0].Code, leftOut[0].Detail, "id");
        List<PreviewReport> told = [.. reports.Select(r => r.Report).Where(r => r.Flow is not null)];
        var (before, wrong) = MeterUsage.Together([.. told.Select(r => Steady(r.Input, r.Flow!, r.Flow!.SamplesIn, r.Flow.WireBytesIn))]);
        var (after, alsoWrong) = MeterUsage.Together([.. told.Select(r => Steady(r.Output, r.Flow!, r.Flow!.SamplesOut, r.Flow.WireBytesOut))]);
        if ((wrong ?? alsoWrong) is { } nonsense) return nonsense.ToProblem();
        var (saving, unpriced) = MarginalSaving.Of(found!, null, before!, after!);
        return unpriced is not null ? unpriced.ToProblem() : TypedResults.Ok(new PreviewSavingView(told.Count, leftOut, saving!));
    }

    static MeterUsage Steady(StreamCounts counts, PreviewFlow flow, long samples, long bytes) =>
        MeterUsage.Steady(TimeSpan.FromSeconds(flow.Seconds), hosts: 1, counts.SeriesActive, samples, bytes);

    /// <summary>A collector that tells of what passes does so for every sample with a whole window.</summary>
    static PreviewLeftOut LeftOut(string host, PreviewSample sample) => (sample.To - sample.From).TotalSeconds >= sample.WindowSeconds
        ? new(host, "collector-too-old", $"The agent or the collector of '{host}' is of a version that does not tell what passes in a time. Upgrade the host, and preview again.")
        : new(host, "preview-too-short",
            $"The sample of '{host}' is of {(sample.To - sample.From).TotalSeconds:0} s and holds no whole window of {sample.WindowSeconds:0} s. Wait until its collector has kept more of its input, and "
            + "preview again; where it keeps no more, raise 'max_bytes' or 'max_age' at service.telemetry.phoenix.sample.");
}
