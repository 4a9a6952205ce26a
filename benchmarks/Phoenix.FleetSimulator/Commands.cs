using System.Text.Json.Serialization;

namespace Phoenix.FleetSimulator;

/// <summary>One line on standard input. <see cref="Do"/> is enrol, start, measure, status, tasks, watch or stop; the rest are arguments of some of them.</summary>
internal sealed record Command(
    string Do, Uri? Url = null, string? Token = null, string? Prefix = null, int Count = 0, int Concurrency = 64,
    double WorkMs = 0, double FailRate = 0, double DieRate = 0, bool Heartbeats = false, bool On = true, Guid Experiment = default, int Window = 0,
    bool Labelled = false, bool Flow = false, IReadOnlyList<ExperimentHosts>? Experiments = null);

/// <summary>Hosts that measure an experiment, by their ids.</summary>
internal sealed record ExperimentHosts(Guid Experiment, IReadOnlyList<string> Hosts);

/// <summary>One line on standard output.</summary>
internal abstract record Event([property: JsonPropertyOrder(-1), JsonPropertyName("event")] string Name);

/// <param name="Failed">Agents that could not enrol; they do not take part.</param>
internal sealed record EnrolledEvent(int Count, double Seconds, int Failed) : Event("enrolled");

internal sealed record StartedEvent(int Agents) : Event("started");

/// <param name="Parked">Polls that were sent and are not answered yet.</param>
/// <param name="Received">Tasks that came in, each time they came.</param>
/// <param name="Accepted">Successful results that the control plane took.</param>
/// <param name="Failed">Failed results that it took.</param>
/// <param name="Refused">Progress, results and heartbeats that it refused for good.</param>
/// <param name="Twice">Tasks whose success it took more than once.</param>
/// <param name="LeaseFell">Tasks that came under a lower lease than before.</param>
/// <param name="Foreign">Tasks that had come to another host before.</param>
/// <param name="Reconnects">Connections after an agent's first.</param>
/// <param name="Deaths">Agents that died in the middle of work.</param>
/// <param name="Errors">By the problem's code, or by what went wrong with the connection.</param>
internal sealed record StatusEvent(
    long Parked, long Received, long Accepted, long Failed, long Refused, long Twice, long LeaseFell, long Foreign, long Reconnects, long Deaths,
    IReadOnlyDictionary<string, long> Errors) : Event("status");

/// <summary>A task under one lease; a task that was handed out again has a line for each time.</summary>
/// <param name="AcceptedUnixUs">When its result was taken; null until then.</param>
/// <param name="Succeeded">What that result said; null without one.</param>
internal sealed record TaskEvent(Guid Id, string Host, long Lease, long ReceivedUnixUs, long? AcceptedUnixUs, bool? Succeeded) : Event("task")
{
    public static TaskEvent Of(Assignment a) =>
        new(a.TaskId, a.Host, a.Lease, a.ReceivedUs, a.AcceptedUs == 0 ? null : a.AcceptedUs, a.AcceptedUs == 0 ? null : a.Succeeded);
}

internal sealed record TasksEndEvent() : Event("tasksEnd");

/// <param name="Hosts">Hosts whose report of the window the control plane took.</param>
internal sealed record MeasuredEvent(int Hosts, double Seconds) : Event("measured");

internal sealed record WatchingEvent(bool On) : Event("watching");

internal sealed record StoppedEvent() : Event("stopped");

/// <summary>A command could not be carried out.</summary>
internal sealed record ErrorEvent(string Detail) : Event("error");

/// <summary>Source-generated JSON of commands and events.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Command))]
[JsonSerializable(typeof(EnrolledEvent))]
[JsonSerializable(typeof(StartedEvent))]
[JsonSerializable(typeof(StatusEvent))]
[JsonSerializable(typeof(TaskEvent))]
[JsonSerializable(typeof(TasksEndEvent))]
[JsonSerializable(typeof(WatchingEvent))]
[JsonSerializable(typeof(MeasuredEvent))]
[JsonSerializable(typeof(StoppedEvent))]
[JsonSerializable(typeof(ErrorEvent))]
internal sealed partial class SimulatorJson : JsonSerializerContext;
