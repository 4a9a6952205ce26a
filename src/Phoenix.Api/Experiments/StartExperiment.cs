using Marten;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Deployments;
using Phoenix.Api.Tasks;
using Phoenix.Domain;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Fleet;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

public static class StartExperimentEndpoint
{
    /// <summary>
    /// Freezes the hosts, those that the selector or group means now, and puts both variants on them. With <c>If-Match</c>, the <c>ETag</c> of what was read, only
    /// where nobody has changed it since.
    /// </summary>
    [WolverinePost("/api/v2/experiments/{id}/start"), Tags("Experiments"), ProducesResponseType(202), ProducesResponseType(412)]
    public static async Task<(IResult, OutgoingMessages)> Post(
        Guid id, ExperimentReason command, IDocumentSession session, NpgsqlDataSource database, DeployedHosts fleet, HttpContext http, TimeProvider clock, CancellationToken cancellation)
    {
        // Before the experiment is locked, since it takes another connection.
        var seen = await session.LoadAsync<Experiment>(id, cancellation);
        var chooses = seen is { State: ExperimentState.Draft } && (seen.Selector ?? seen.Group) is not null;
        var (chosen, gone) = chooses ? await Targets.Resolve(null, seen!.Selector, seen.Group, session, database, cancellation) : (null, null);
        var sizes = seen is { State: ExperimentState.Draft, SampleHosts: not null } && chosen is not null ? await fleet.SeriesIn([.. chosen], cancellation) : null;
        return await ExperimentCommand.Run(id, command.Reason, session, http, async x =>
        {
            if (chooses)
            {
                if ((x.Selector, x.Group) != (seen!.Selector, seen.Group))
                    return Rejection.Conflict("concurrent-change", "Somebody changed it at the same moment. Read it again and repeat.");
                if (gone is not null) return gone;
                x = x with { Hosts = chosen! };
            }
            FleetSampled? sample = null;
            if (x is { State: ExperimentState.Draft, SampleHosts: { } wanted })
            {
                // Before the draw, not after it: hosts that run something else are no part of the fleet that is spoken of.
                var fleetLive = await session.ProductionHashes(x.Hosts, cancellation);
                var able = sizes!.Where(s => fleetLive.GetValueOrDefault(s.Key, x.Baseline.ConfigurationHash) == x.Baseline.ConfigurationHash).ToDictionary(s => s.Key, s => s.Value);
                (sample, var tooFew) = DrawHosts.From(able, x.Hosts, wanted, DrawHosts.SeedOf(id));
                if (tooFew is not null) return tooFew;
                x = x with { Hosts = [.. sample!.Drawn.Select(d => d.HostId)] };
            }
            return await session.WithOpen(TaskPurpose.SimulateLoad, x.Hosts, cancellation) is { } host
                ? Rejection.Conflict("load-running", $"Host '{host}' gets a simulated load, whose series would enter the experiment. Wait for its end, or cancel it.")
                : await session.WithOpen(TaskPurpose.Reapply, x.Hosts, cancellation) is { } mended
                ? Rejection.Conflict("reapply-running", $"What host '{mended}' should run is just being put back, and a late attempt would undo the experiment's. Wait for its end, or cancel the task.")
                : await session.StillChanging(x.Hosts, cancellation) is { } changing ? changing
                : await session.Held(x.Hosts, cancellation) is { } held ? held
                : ExperimentDecisions.Start(x, await ExperimentCommand.Live(x, session, cancellation), clock.GetUtcNow(), await session.Protection(cancellation), sample);
        }, cancellation);
    }
}
