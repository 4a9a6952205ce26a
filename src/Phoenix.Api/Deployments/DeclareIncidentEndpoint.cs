using Marten;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Pipelines;
using Phoenix.Pipelines;
using Phoenix.Projections.Fleet;
using Phoenix.Projections.Pipelines;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Deployments;

/// <param name="Hosts">Ids of enrolled hosts. Hosts, a selector or a group: one of the three.</param>
/// <param name="Minutes">1 to 1,440.</param>
/// <param name="Ticket">The incident's, as a link or a number.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record IncidentRequest(string[]? Hosts, string? Selector, string? Group, double? Minutes, string? Ticket, string? Reason);

/// <param name="Deployments">One for each pipeline version that the hosts run; rolling one back ends it before its time.</param>
/// <param name="Hosts">How many get their full detail back.</param>
/// <param name="AlreadyFull">Hosts whose pipeline folds nothing.</param>
/// <param name="Left">Hosts that stay as they are, and why.</param>
public sealed record IncidentAccepted(IReadOnlyList<Guid> Deployments, int Hosts, DateTimeOffset Until, IReadOnlyList<string> AlreadyFull, IReadOnlyList<LeftHost> Left);

/// <param name="Reason"><c>unknown</c>, <c>busy</c> (an experiment or deployment has it), <c>held</c> (drained or decommissioned) or <c>nothing-runs</c>.</param>
public sealed record LeftHost(string HostId, string Reason);

public static class DeclareIncidentEndpoint
{
    /// <summary>
    /// Brings full detail back on hosts within one poll, for some minutes: each runs what it runs without its reducers, and returns by itself, also where the
    /// control plane is away by then. Hosts that cannot take part are left as they are and named; neither approval nor freeze holds it.
    /// </summary>
    [WolverinePost("/api/v2/incidents"), Tags("Deployments"), ProducesResponseType<IncidentAccepted>(202)]
    public static async Task<(IResult, OutgoingMessages)> Post(
        IncidentRequest command, IDocumentSession session, NpgsqlDataSource database, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength), ("ticket", command.Ticket, RequestDeployment.MaxTicketLength)) is { } tooLong) return (tooLong, []);
        if (!(command.Minutes >= DeclareIncident.Shortest.TotalMinutes && command.Minutes <= DeclareIncident.Longest.TotalMinutes))
            return (Problems.Of(422, "minutes-invalid", $"An incident lasts {DeclareIncident.Shortest.TotalMinutes:0} to {DeclareIncident.Longest.TotalMinutes:0} minutes.", "minutes"), []);
        var (hosts, unclear) = await Targets.Resolve(command.Hosts, command.Selector, command.Group, session, database, cancellation);
        if (unclear is not null) return (unclear.ToProblem(), []);
        if (hosts!.Count == 0) return (Problems.Of(422, "hosts-missing", "No host is meant: name hosts, a selector or a group; GET /api/v2/agents lists hosts.", "hosts"), []);

        var standing = await database.Standing([.. hosts.Distinct()], cancellation);
        List<LeftHost> left = [.. standing.Select(s => (s.Key, Reason: !s.Value.Known ? "unknown" : s.Value.Held ? "held" : s.Value.InExperiment ? "busy" : null)).Where(s => s.Reason is not null).Select(s => new LeftHost(s.Key, s.Reason!))];
        var free = standing.Keys.Except(left.Select(l => l.HostId)).Order(StringComparer.Ordinal).ToList();
        List<string> full = [];
        List<Guid> deployments = [];
        Dictionary<string, (Guid Id, List<string> Hashes)> made = [];
        session.Stamp(http, command.Reason);
        var now = clock.GetUtcNow();
        foreach (var running in await session.RunNow(free, cancellation))
        {
            if (running.PipelineId is not { } id || await session.LoadAsync<PipelineText>(id, cancellation) is not { } pipeline)
                left.AddRange(running.Hosts.Select(h => new LeftHost(h, "nothing-runs")));
            else if (FullDetail.Of(pipeline.Versions[running.PipelineVersion - 1].Configuration) is not { } configuration)
                full.AddRange(running.Hosts);
            else
            {
                var deployment = Guid.CreateVersion7();
                session.Events.StartStream<Deployment>(deployment, DeclareIncident.Of(
                    await Publish(pipeline.Name, configuration, pipeline.Versions[running.PipelineVersion - 1].SourceHash, made, session, cancellation),
                    running.Hosts, TimeSpan.FromMinutes(command.Minutes!.Value), command.Ticket, now));
                deployments.Add(deployment);
            }
        }
        var answer = new IncidentAccepted(deployments, free.Count - full.Count - left.Count(l => l.Reason == "nothing-runs"), now.AddMinutes(command.Minutes!.Value), full, left);
        OutgoingMessages messages = [.. deployments.Select(d => (object)new AdvanceDeployment(d))];
        return deployments.Count > 0 ? (TypedResults.Accepted("/api/v2/deployments", answer), messages) : (TypedResults.Ok(answer), []);
    }

    /// <summary>The full detail is a published version like any other: hosts run nothing that is not in the log.</summary>
    /// <param name="made">Pipelines of full detail with their versions' hashes, as this request leaves them.</param>
    static async Task<PipelineReference> Publish(
        string of, string configuration, string sourceHash, Dictionary<string, (Guid Id, List<string> Hashes)> made, IDocumentSession session, CancellationToken cancellation)
    {
        var name = DeclareIncident.NameOf(of);
        var hash = PipelineDecisions.Hash(configuration);
        if (!made.TryGetValue(name, out var pipeline))
        {
            made[name] = pipeline = await session.Query<PipelineText>().FirstOrDefaultAsync(p => p.Name == name, cancellation) is { } known
                ? (known.Id, [.. known.Versions.Select(v => v.ConfigurationHash)]) : (Guid.CreateVersion7(), []);
        }
        var version = pipeline.Hashes.LastIndexOf(hash) + 1;
        if (version > 0) return new(pipeline.Id, version, name, hash);
        if (pipeline.Hashes.Count == 0)
            session.Events.StartStream<Pipeline>(pipeline.Id, PipelineDecisions.Draft(name, $"What '{of}' is without its reducers, for incidents.", configuration, sourceHash).Events);
        else
            session.Events.Append(pipeline.Id, new PipelineVersionPublished(pipeline.Hashes.Count + 1, configuration, hash, sourceHash));
        pipeline.Hashes.Add(hash);
        return new(pipeline.Id, pipeline.Hashes.Count, name, hash);
    }
}
