using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Agents;
using Wolverine.Http;

namespace Phoenix.Api.Agents;

/// <param name="Labels">All labels of the host from now on; those that are not here go.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record LabelAgentRequest(IReadOnlyDictionary<string, string>? Labels, string? Reason);

public sealed record AgentLabels(string HostId, IReadOnlyDictionary<string, string> Labels);

public static class LabelAgentEndpoint
{
    /// <summary>Sets the labels of a host, after the rules of Kubernetes labels. Groups and selectors follow at once.</summary>
    [WolverinePut("/api/v2/agents/{hostId}/labels"), Tags("Agents"), ProducesResponseType<AgentLabels>(200), ProducesResponseType(404)]
    public static async Task<IResult> Put(string hostId, LabelAgentRequest command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        if (command.Labels is not { } labels) return Problems.Of(422, "labels-missing", "Give 'labels' as an object of texts; {} takes all of them away.", "labels");
        return await AgentCommand.Run(hostId, command.Reason, session, http, agent => AgentDecisions.Label(agent, labels), cancellation)
            ?? TypedResults.Ok(new AgentLabels(hostId, labels));
    }
}
