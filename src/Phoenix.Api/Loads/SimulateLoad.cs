using System.Text.Json;
using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Tasks;
using Phoenix.Contracts;
using Phoenix.Domain.Tasks;
using Wolverine.Http;

namespace Phoenix.Api.Loads;

/// <param name="HostId">An enrolled host; its own production collector gets the load by OTLP.</param>
/// <param name="Series">Series alive at a time, or at the height of a spike.</param>
public sealed record LoadRequest(string? HostId, LoadProfile? Profile, int? Series, double? IntervalSeconds, double? DurationSeconds, string? Reason);

public sealed record LoadStarted(Guid Id, string HostId);

/// <param name="Reason">Why, for the audit log.</param>
public sealed record CancelLoadRequest(string? Reason);

/// <param name="State">Succeeded with a report; dead-lettered or cancelled without.</param>
/// <param name="Error">Why the last attempt failed.</param>
public sealed record LoadView(Guid Id, string HostId, TaskState State, LoadSpecification Load, string? Error, LoadReport? Report);

public static class SimulateLoadEndpoints
{
    const int DefaultSeries = 1000;
    const double DefaultIntervalSeconds = 10, DefaultDurationSeconds = 60, MostSeconds = 86_400;

    /// <summary>
    /// Makes a host send made-up metrics to its own production collector for a while. They are exported like all others, and are
    /// known by the resource attribute <c>phoenix.loadsim</c>. Refused on a host that takes part in an experiment.
    /// </summary>
    [WolverinePost("/api/v2/loads"), Tags("Loads"), ProducesResponseType<LoadStarted>(202)]
    public static async Task<IResult> Post(LoadRequest command, TaskRequests requests, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var (interval, duration) = (command.IntervalSeconds ?? DefaultIntervalSeconds, command.DurationSeconds ?? DefaultDurationSeconds);
        if (interval is not (>= 0 and <= MostSeconds) || duration is not (>= 0 and <= MostSeconds))
            return Problems.Of(422, "load-times-invalid", $"intervalSeconds and durationSeconds are seconds between 0 and {MostSeconds}.", "durationSeconds");
        var host = command.HostId ?? "";
        var load = new LoadSpecification(command.Profile ?? LoadProfile.Realistic, command.Series ?? DefaultSeries, TimeSpan.FromSeconds(interval), TimeSpan.FromSeconds(duration));
        var answer = await requests.Add(
            new(host, Caller.Of(http), command.Reason, standing => HostWorkDecisions.Load(host, standing.Known, standing.InExperiment, load)), cancellation);
        return answer.Rejection?.ToProblem() ?? TypedResults.Accepted($"/api/v2/loads/{answer.Id}", new LoadStarted(answer.Id, host));
    }

    [WolverineGet("/api/v2/loads/{id}"), Tags("Loads"), ProducesResponseType<LoadView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(Guid id, IQuerySession session, CancellationToken cancellation) =>
        await session.Events.AggregateStreamAsync<AgentTask>(id, token: cancellation) is { Desired.Load: { } load } task
            ? TypedResults.Ok(new LoadView(id, task.HostId, task.State, load, task.LastError,
                task.Report is { } report ? report.Deserialize(WireJson.Default.LoadReport) : null))
            : Problems.NotFound("load", id);

    /// <summary>Ends a load before its time: the host stops at its next report of progress, within seconds. Repeating it is harmless.</summary>
    [WolverinePost("/api/v2/loads/{id}/cancel"), Tags("Loads"), ProducesResponseType(202), ProducesResponseType(404)]
    public static async Task<IResult> Cancel(Guid id, CancelLoadRequest command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        if (await session.Events.AggregateStreamAsync<AgentTask>(id, token: cancellation) is not { Desired.Load: not null }) return Problems.NotFound("load", id);
        session.Stamp(http, command.Reason);
        await TaskQueue.Change(session, [id], task => AgentTaskDecisions.Cancel(task, "cancelled by a user"), cancellation);
        return TypedResults.Accepted($"/api/v2/loads/{id}");
    }
}
