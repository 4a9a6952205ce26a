using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Measurements;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Backends;
using Phoenix.Domain.Experiments;
using Phoenix.Projections.Fleet;
using Wolverine.Http;

namespace Phoenix.Api.Backends;

/// <param name="AskedAt">When the backend was asked. Of which time each figure is stands beside it.</param>
/// <param name="HostLabel">By which the backend's series are counted.</param>
/// <param name="Total">Over the hosts for which there are both figures.</param>
/// <param name="Hosts">Every host that was asked for, those that the backend does not know too.</param>
/// <param name="Warnings">What the backend said beside its answers, and where figures differ.</param>
public sealed record BackendCheckView(
    string Backend, DateTimeOffset AskedAt, string HostLabel, double TolerancePct, ComparisonTotal Total, IReadOnlyList<HostComparison> Hosts, IReadOnlyList<string> Warnings);

public static class BackendCheckEndpoints
{
    /// <summary>Hosts that differ for whom it is asked, beyond their count, what series there are.</summary>
    const int LooksCloserAt = 50;

    static readonly TimeSpan Lookback = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Asks a backend how many live series it has of each host of the experiment, in the host's latest window, and holds that against what Phoenix counted of its production arm
    /// in the same window.
    /// </summary>
    /// <param name="backend">Name of the backend.</param>
    /// <param name="tolerancePct">Differences up to this count as agreement; 5 where left out.</param>
    [WolverineGet("/api/v2/experiments/{id}/backend-check"), Tags("Backends"), ProducesResponseType<BackendCheckView>(200), ProducesResponseType(404), ProducesResponseType(502), ProducesResponseType(504)]
    public static async Task<IResult> OfExperiment(
        Guid id, string? backend, double? tolerancePct, IQuerySession session, NpgsqlDataSource database, BackendClients clients, TimeProvider clock, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Experiment>(id, cancellation) is not { } experiment) return Problems.NotFound("experiment", id);
        return string.IsNullOrEmpty(backend)
            ? Problems.Of(422, "backend-missing", "Say which backend to ask: ?backend=NAME. GET /api/v2/backends lists them.", "backend")
            : await Check(backend, experiment.Hosts, await LatestWindows.Of(database, id, cancellation), tolerancePct, session, clients, clock, cancellation);
    }

    /// <summary>
    /// The same for hosts with these labels, drained and decommissioned ones left out. Phoenix counts where an experiment measures: of the others the backend's figure of the last
    /// five minutes is shown, with nothing to compare.
    /// </summary>
    /// <param name="selector">As <c>role=web,env in (staging,test)</c>.</param>
    /// <param name="tolerancePct">Differences up to this count as agreement; 5 where left out.</param>
    [WolverineGet("/api/v2/backends/{name}/check"), Tags("Backends"), ProducesResponseType<BackendCheckView>(200), ProducesResponseType(404), ProducesResponseType(502), ProducesResponseType(504)]
    public static async Task<IResult> OfSelector(
        string name, string? selector, double? tolerancePct, IQuerySession session, NpgsqlDataSource database, BackendClients clients, TimeProvider clock, CancellationToken cancellation)
    {
        var (labels, invalid) = LabelSelector.Parse(selector);
        if (invalid is not null) return invalid.ToProblem();
        if (labels!.Requirements.Count == 0) return Problems.Of(422, "selector-missing", "Say which hosts: ?selector=role=web.", "selector");
        var hosts = await database.Matching(labels, heard: false, cancellation);
        return await Check(name, hosts, await LatestWindows.Of(database, hosts, cancellation), tolerancePct, session, clients, clock, cancellation);
    }

    static async Task<IResult> Check(
        string name, IReadOnlyList<string> asked, IReadOnlyDictionary<string, LatestWindow> windows, double? tolerancePct, IQuerySession session, BackendClients clients, TimeProvider clock,
        CancellationToken cancellation)
    {
        if (await session.LoadAsync<Backend>(StreamIds.Backend(name), cancellation) is not { } backend) return Problems.NotFound("backend", name);
        var tolerance = tolerancePct ?? BackendComparison.DefaultTolerancePct;
        if (tolerance is not (>= 0 and <= 100)) return Problems.Of(422, "tolerance-invalid", "A tolerance is 0 to 100 per cent.", "tolerancePct");

        var now = clock.GetUtcNow();
        var label = backend.Settings.HostLabel;
        var counted = asked.Select(h => windows.TryGetValue(h, out var w) ? new CountedHost(h, w.StartedAt, w.EndedAt) : new(h, now - Lookback, now)).ToList();
        using var client = clients.Open(backend, await session.LoadAsync<BackendCredential>(backend.Id, cancellation));
        try
        {
            var counts = await HostCounts.Ask(client, label, counted, cancellation);
            var hosts = Compare(new Dictionary<string, AddedSeries>());
            var differing = hosts.Where(h => h.Outcome == ComparisonOutcome.Differs && h.Backend!.Series > 0).Select(h => h.HostId).Take(LooksCloserAt).ToHashSet();
            if (differing.Count > 0) hosts = Compare(await HostCounts.AskAdded(client, label, [.. counted.Where(h => differing.Contains(h.HostId))], cancellation));
            var total = BackendComparison.Total(hosts, tolerance);
            return TypedResults.Ok(new BackendCheckView(backend.Name, now, label, tolerance, total, hosts, [.. counts.Warnings, .. Warnings(total)]));

            List<HostComparison> Compare(IReadOnlyDictionary<string, AddedSeries> added) =>
                [.. asked.Select(h => BackendComparison.Of(h, Own(windows.GetValueOrDefault(h)), counts.Counts.GetValueOrDefault(h), added.GetValueOrDefault(h), label, tolerance, now))];
        }
        catch (BackendException fault)
        {
            return fault.ToProblem();
        }
    }

    static IEnumerable<string> Warnings(ComparisonTotal total)
    {
        if (total.HostsDiffering > 0)
            yield return $"{total.HostsDiffering} of {total.Hosts} hosts differ by more than the tolerance; each says what may be the reason.";
        if (total.Outcome == ComparisonOutcome.Differs)
            yield return $"In total Phoenix counted {total.Phoenix} live series and the backend {total.Backend}.";
        if (total.HostsNotComparable > 0)
            yield return $"{total.HostsNotComparable} of {total.Hosts} hosts cannot be compared and are not in the total; each says why.";
    }

    static OwnCount? Own(LatestWindow? window)
    {
        if (window is null) return null;
        var counts = window.Output.Counts;
        return new(window.Number, window.StartedAt, window.EndedAt, counts.SeriesActive, counts.Meters?.Window.Native, counts.Meters?.Active20Minutes.Classic,
            counts.StandardErrorPct, window.Output.DroppedPoints, window.Output.ExportErrors);
    }
}
