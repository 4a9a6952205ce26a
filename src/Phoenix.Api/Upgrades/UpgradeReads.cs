using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Reading;
using Phoenix.Domain.Upgrades;
using Wolverine.Http;

namespace Phoenix.Api.Upgrades;

/// <summary>An upgrade as people and programs read it.</summary>
/// <param name="Stage">The stage that was begun last, from 1.</param>
/// <param name="Stages">With how many hosts each stage ends.</param>
/// <param name="Counts">Hosts by state.</param>
/// <param name="Detail">Why it is held or was rolled back.</param>
public sealed record UpgradeView(
    Guid Id, int Version, string Release, UpgradeState State, int Stage, IReadOnlyList<int> Stages, UpgradeCounts Counts, UpgradePlanView Plan,
    string? Detail, DateTimeOffset RequestedAt);

/// <param name="Pending">In a stage that has not begun.</param>
/// <param name="Waiting">Asked, and not ended.</param>
/// <param name="Failed">Failed, or not well after it; the latter are in <paramref name="Upgraded"/> too.</param>
/// <param name="Unreached">Did not call in while their stage was waited for.</param>
/// <param name="Returned">Back on the version before.</param>
public sealed record UpgradeCounts(int Hosts, int Pending, int Waiting, int Upgraded, int Failed, int Unreached, int Returned);

public sealed record UpgradePlanView(double SoakSeconds, double ConfirmSeconds, double PatienceSeconds, int MaxFailures, double MaxFailuresPct, OnFailure OnFailure);

/// <param name="AgentVersion">By its last heartbeat; null before the first.</param>
public sealed record UpgradeHostView(string HostId, int Stage, UpgradeHostState State, string? AgentVersion, string? FromVersion, string? Error);

public enum UpgradeHostState
{
    Pending,
    Waiting,
    Upgraded,
    Failed,
    Unreached,
    Returned,
}

/// <param name="Versions">How many of its hosts say in their heartbeats that they run which version.</param>
/// <param name="Hosts">In the order of the stages; <c>next</c> of it continues as <c>after</c>.</param>
public sealed record UpgradeDetailView(UpgradeView Upgrade, IReadOnlyDictionary<string, int> Versions, Page<UpgradeHostView> Hosts);

public static class UpgradeReads
{
    /// <summary>Upgrades, newest first.</summary>
    [WolverineGet("/api/v2/upgrades"), Tags("Upgrades")]
    public static async Task<Page<UpgradeView>> List(IQuerySession session, int? limit, int? after, CancellationToken cancellation)
    {
        var (take, skip) = (Paging.Limit(limit), Math.Max(0, after ?? 0));
        var found = await session.Query<Upgrade>().OrderByDescending(u => u.RequestedAt).Skip(skip).Take(take + 1).ToListAsync(cancellation);
        return new([.. found.Take(take).Select(View)], found.Count > take ? (skip + take).ToString() : null);
    }

    /// <summary>An upgrade with its hosts, perhaps only those in one state.</summary>
    [WolverineGet("/api/v2/upgrades/{id}"), Tags("Upgrades"), ProducesResponseType<UpgradeDetailView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(
        Guid id, IQuerySession session, HostCondition condition, HttpContext http, UpgradeHostState? state, int? limit, int? after, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Upgrade>(id, cancellation) is not { } x) return Problems.NotFound("upgrade", id);
        http.Response.Headers.ETag = $"\"{x.Version}\"";
        var running = (await condition.Read([.. x.Hosts], cancellation)).ToDictionary(h => h.HostId, h => h.Version);
        var (take, skip) = (Paging.Limit(limit), Math.Max(0, after ?? 0));
        var hosts = x.Hosts.Select((h, i) => Host(x, h, i, running.GetValueOrDefault(h))).Where(h => state is null || h.State == state).Skip(skip).Take(take + 1).ToList();
        return TypedResults.Ok(new UpgradeDetailView(View(x),
            running.Values.OfType<string>().GroupBy(v => v).ToDictionary(g => g.Key, g => g.Count()),
            new([.. hosts.Take(take)], hosts.Count > take ? (skip + take).ToString() : null)));
    }

    static UpgradeHostView Host(Upgrade x, string host, int index, string? version) => new(
        host, x.Stages.TakeWhile(end => end <= index).Count() + 1,
        x.Returned.Contains(host) ? UpgradeHostState.Returned
        : x.Waiting.Contains(host) ? UpgradeHostState.Waiting
        : x.Failed.ContainsKey(host) ? UpgradeHostState.Failed
        : x.Upgraded.ContainsKey(host) ? UpgradeHostState.Upgraded
        : x.Unreached.Contains(host) ? UpgradeHostState.Unreached
        : UpgradeHostState.Pending,
        version, x.Upgraded.GetValueOrDefault(host), x.Failed.GetValueOrDefault(host));

    static UpgradeView View(Upgrade x) => new(
        x.Id, x.Version, x.Release, x.State, x.Stage, x.Stages,
        new(x.Hosts.Count, x.Hosts.Count - x.Begun, x.Waiting.Count, x.Upgraded.Count, x.Failed.Count, x.Unreached.Count, x.Returned.Count),
        new(x.Plan.Soak.TotalSeconds, x.Plan.Confirm.TotalSeconds, x.Plan.Patience.TotalSeconds, x.Plan.MaxFailures, x.Plan.MaxFailuresPct,
            x.Plan.RollsBack ? OnFailure.RollBack : OnFailure.Hold),
        x.Detail, x.RequestedAt);
}
