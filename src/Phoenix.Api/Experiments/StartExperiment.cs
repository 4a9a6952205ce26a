using Marten;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Domain;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Tasks;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

public static class StartExperimentEndpoint
{
    /// <summary>Freezes the hosts, those that the selector or group means now, and puts both variants on them.</summary>
    [WolverinePost("/api/v2/experiments/{id}/start"), Tags("Experiments"), ProducesResponseType(202)]
    public static Task<(IResult, OutgoingMessages)> Post(
        Guid id, ExperimentReason command, IDocumentSession session, NpgsqlDataSource database, HttpContext http, TimeProvider clock, CancellationToken cancellation) =>
        ExperimentCommand.Run(id, command.Reason, session, http, async x =>
        {
            if (x.State == ExperimentState.Draft && (x.Selector ?? x.Group) is not null)
            {
                var (hosts, gone) = await Targets.Resolve(null, x.Selector, x.Group, session, database, cancellation);
                if (gone is not null) return gone;
                x = x with { Hosts = hosts! };
            }
            return await WithOpen(TaskPurpose.SimulateLoad, x, session, cancellation) is { } host
                ? Rejection.Conflict("load-running", $"Host '{host}' gets a simulated load, whose series would enter the experiment. Wait for its end, or cancel it.")
                : await WithOpen(TaskPurpose.Reapply, x, session, cancellation) is { } mended
                ? Rejection.Conflict("reapply-running", $"What host '{mended}' should run is just being put back, and a late attempt would undo the experiment's. Wait for its end, or cancel the task.")
                : await session.Held(x.Hosts, cancellation) is { } held ? held
                : ExperimentDecisions.Start(x, await ExperimentCommand.Live(x, session, cancellation), clock.GetUtcNow());
        }, cancellation);

    static async Task<string?> WithOpen(TaskPurpose purpose, Experiment experiment, IDocumentSession session, CancellationToken cancellation)
    {
        var found = await session.AdvancedSql.QueryAsync<string>(
            $"select host_id from {TaskQueueProjection.TableName} where host_id = any(?) and status in (0, 1) and purpose = '{purpose}' limit 1",
            cancellation, (object)experiment.Hosts.ToArray());
        return found is [var host, ..] ? host : null;
    }
}
