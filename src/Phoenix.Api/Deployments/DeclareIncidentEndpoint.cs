using Marten;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Tasks;
using Phoenix.Domain;
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

/// <param name="Reason"><c>unknown</c>, <c>busy</c> (an experiment or deployment has it, or its order to return is still open), <c>held</c> (drained or decommissioned) or <c>nothing-runs</c>.</param>
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
        var changing = (await session.StillChangingHosts(standing.Keys.ToArray(), cancellation)).ToHashSet();
        List<LeftHost> left = [.. standing.Select(s => (s.Key, Reason: !s.Value.Known ? "unknown" : s.Value.Held ? "held" : s.Value.InExperiment || changing.Contains(s.Key) ? "busy" : null)).Where(s => s.Reason is not null).Select(s => new LeftHost(s.Key, s.Reason!))];
        var free = standing.Keys.Except(left.Select(l => l.HostId)).Order(StringComparer.Ordinal).ToList();
        List<string> full = [];
        List<Guid> deployments = [];
        Dictionary<Guid, Pipeline> made = [];
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
                    await Publish(pipeline.Id, pipeline.Name, configuration, pipeline.Versions[running.PipelineVersion - 1].SourceHash, session, made, cancellation),
                    running.Hosts, TimeSpan.FromMinutes(command.Minutes!.Value), command.Ticket, now));
                deployments.Add(deployment);
            }
        }
        var answer = new IncidentAccepted(deployments, free.Count - full.Count - left.Count(l => l.Reason == "nothing-runs"), now.AddMinutes(command.Minutes!.Value), full, left);
        OutgoingMessages messages = [.. deployments.Select(d => (object)new AdvanceDeployment(d))];
        return deployments.Count > 0 ? (TypedResults.Accepted("/api/v2/deployments", answer), messages) : (TypedResults.Ok(answer), []);
    }

    /// <summary>The full detail is a published version like any other: hosts run nothing that is not in the log. Two incidents at once publish one after the other.</summary>
    static async Task<PipelineReference> Publish(Guid of, string name, string configuration, string sourceHash, IDocumentSession session, Dictionary<Guid, Pipeline> made, CancellationToken cancellation)
    {
        var (id, fullName, hash) = (StreamIds.FullDetail(of), DeclareIncident.NameOf(name), PipelineDecisions.Hash(configuration));
        var stream = made.ContainsKey(id) ? null : await session.Events.FetchForExclusiveWriting<Pipeline>(id, cancellation);
        var pipeline = stream is null ? made[id] : stream.Aggregate ?? new(id, fullName, [], false);
        var known = pipeline.Versions.LastOrDefault(v => v.ConfigurationHash == hash);
        if (known is null)
        {
            known = new(pipeline.Versions.Count + 1, hash, sourceHash);
            var published = new PipelineVersionPublished(known.Version, configuration, hash, sourceHash);
            object[] events = pipeline.Versions.Count == 0 ? [new PipelineDrafted(fullName, $"What '{name}' is without its reducers, for incidents."), published] : [published];
            if (stream is not null) stream.AppendMany(events);
            else session.Events.Append(id, events);
            pipeline = pipeline with { Versions = [.. pipeline.Versions, known] };
        }
        made[id] = pipeline;
        return new(id, known.Version, fullName, hash);
    }
}
