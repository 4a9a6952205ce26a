using Marten;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Upgrades;
using Phoenix.Projections.Fleet;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Upgrades;

/// <param name="Release">A version that <c>GET /api/v2/agent-releases</c> lists.</param>
/// <param name="Hosts">Host ids, in the order in which they should be upgraded.</param>
/// <param name="AllHosts">Instead of <paramref name="Hosts"/>: every host that does not run the release, in random order.</param>
/// <param name="Selector">Instead of both: the same for the hosts whose labels match, such as <c>env=prod,zone in (a,b)</c>.</param>
/// <param name="Stages">Numbers of hosts or shares of them, growing: <c>1</c>, <c>5%</c>, <c>25%</c>, <c>100%</c> by default.</param>
/// <param name="SoakSeconds">How long a stage that is done must be well before the next one begins; 600 by default.</param>
/// <param name="ConfirmSeconds">How long a new version has on a host to prove itself; 120 by default.</param>
/// <param name="PatienceSeconds">How long a stage waits for hosts that do not call in; 900 by default.</param>
/// <param name="MaxFailures">More than that hold the upgrade; 0 by default.</param>
/// <param name="MaxFailuresPct">The same as a share of the hosts asked so far; the larger allowance counts.</param>
/// <param name="OnFailure">What too many failures do; <c>hold</c> by default.</param>
public sealed record UpgradeRequest(
    string? Release, string[]? Hosts, bool? AllHosts, string? Selector, string[]? Stages, double? SoakSeconds, double? ConfirmSeconds, double? PatienceSeconds,
    int? MaxFailures, double? MaxFailuresPct, OnFailure? OnFailure, string? Reason);

/// <param name="Stages">With how many hosts each stage ends.</param>
public sealed record UpgradeAccepted(Guid Id, string Release, int Hosts, IReadOnlyList<int> Stages);

public static class RequestUpgradeEndpoint
{
    /// <summary>Taken for the length of the request's transaction: two requests at once would each not see the other's hosts.</summary>
    const long OneRequestAtATime = 0x75706772616465;

    const double MostSeconds = 30 * 86_400d;

    static readonly UpgradeState[] Open = [UpgradeState.Running, UpgradeState.Soaking, UpgradeState.Held, UpgradeState.RollingBack];

    /// <summary>Begins a staged upgrade of agents. Each host goes back by itself where the new version does not prove itself on it.</summary>
    [WolverinePost("/api/v2/upgrades"), Tags("Upgrades"), ProducesResponseType<UpgradeAccepted>(202)]
    public static async Task<(IResult, OutgoingMessages)> Post(
        UpgradeRequest command, IDocumentSession session, AgentReleases releases, HostCondition condition, NpgsqlDataSource database, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return (tooLong, []);
        foreach (var (field, seconds) in (ReadOnlySpan<(string, double?)>)[("soakSeconds", command.SoakSeconds), ("confirmSeconds", command.ConfirmSeconds), ("patienceSeconds", command.PatienceSeconds)])
            if (seconds is not (null or (>= 0 and <= MostSeconds))) return (Problems.Of(422, "time-invalid", $"'{field}' is seconds between 0 and {MostSeconds}.", field), []);
        var selects = command.AllHosts == true || !string.IsNullOrWhiteSpace(command.Selector);
        if (selects && command.Hosts is { Length: > 0 })
            return (Problems.Of(422, "hosts-invalid", "Name hosts, or ask for all or for those with labels: not both.", "hosts"), []);
        var (labels, invalid) = LabelSelector.Parse(command.Selector);
        if (invalid is not null) return (invalid.ToProblem(), []);
        await session.BeginTransactionAsync(cancellation);
        await session.AdvancedSql.QueryAsync<int>("select 1 from pg_advisory_xact_lock(?)", cancellation, OneRequestAtATime);

        var hosts = selects ? await Others(command.Release, labels!, database, condition, cancellation) : [.. (command.Hosts ?? []).Where(h => h is not null)];
        var known = selects ? hosts.ToHashSet() : await session.Known(hosts, cancellation);
        var open = await session.Query<Upgrade>().Where(u => u.State.IsOneOf(Open)).ToListAsync(cancellation);
        var d = UpgradePlan.Default;
        var decision = RequestUpgrade.Decide(
            command.Release, [.. releases.Of(command.Release).Select(p => p.Program)], hosts, known, open.SelectMany(u => u.Hosts).ToHashSet(),
            await condition.Unwell(hosts, cancellation), command.Stages ?? [.. RequestUpgrade.DefaultStages],
            new(Seconds(command.SoakSeconds, d.Soak), Seconds(command.ConfirmSeconds, d.Confirm), Seconds(command.PatienceSeconds, d.Patience),
                command.MaxFailures ?? d.MaxFailures, command.MaxFailuresPct ?? d.MaxFailuresPct, command.OnFailure == OnFailure.RollBack));
        if ((decision.Rejection ?? await session.Held(hosts, cancellation)) is { } rejection) return (rejection.ToProblem(), []);
        session.Stamp(http, command.Reason);
        var id = Guid.CreateVersion7();
        session.Events.StartStream<Upgrade>(id, decision.Events);
        var requested = (UpgradeRequested)decision.Events[0];
        return (TypedResults.Accepted($"/api/v2/upgrades/{id}", new UpgradeAccepted(id, requested.Release, requested.Hosts.Count, requested.Stages)), [new AdvanceUpgrade(id)]);
    }

    static TimeSpan Seconds(double? asked, TimeSpan otherwise) => asked is { } seconds ? TimeSpan.FromSeconds(seconds) : otherwise;

    /// <summary>Every host with these labels that does not run the release, in random order: a stage is then a fair sample of the next one.</summary>
    static async Task<string[]> Others(string? release, LabelSelector labels, NpgsqlDataSource database, HostCondition condition, CancellationToken cancellation)
    {
        var fleet = await database.Matching(labels, heard: false, cancellation);
        string[] others = [.. (await condition.Read([.. fleet], cancellation)).Where(h => h.Version != release).Select(h => h.HostId)];
        Random.Shared.Shuffle(others);
        return others;
    }
}
