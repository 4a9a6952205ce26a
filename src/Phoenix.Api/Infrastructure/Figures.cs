using System.Diagnostics.Metrics;
using Phoenix.Api.Agents;
using Phoenix.Api.Tasks;

namespace Phoenix.Api.Infrastructure;

/// <summary>What the control plane counts of its own work, for <c>/metrics</c>.</summary>
public static class Figures
{
    public const string MeterName = "Phoenix.ControlPlane";

    static readonly Meter Meter = new(MeterName);

    static readonly Counter<long> RefusalCounter = Meter.CreateCounter<long>("phoenix.refusals", description: "Requests refused, by the code of the problem and the HTTP status.");

    public static readonly Counter<long> Heartbeats = Meter.CreateCounter<long>("phoenix.heartbeats", description: "Heartbeats kept.");
    public static readonly Counter<long> Enrolments = Meter.CreateCounter<long>("phoenix.enrolments", description: "Enrolments answered, repeated ones included.");
    public static readonly Counter<long> TasksDelivered = Meter.CreateCounter<long>("phoenix.tasks.delivered", description: "Tasks handed to hosts, deliveries of the same assignment again included.");
    public static readonly Counter<long> Results = Meter.CreateCounter<long>("phoenix.task.results", description: "Results of tasks that were accepted, by outcome.");
    public static readonly Counter<long> HostsLost = Meter.CreateCounter<long>("phoenix.hosts.lost", description: "Hosts that this node declared lost.");
    public static readonly Counter<long> HostsRecovered = Meter.CreateCounter<long>("phoenix.hosts.recovered", description: "Lost hosts that this node found heard again.");

    public static readonly Counter<long> Notifications = Meter.CreateCounter<long>("phoenix.notifications", description: "Attempts to tell a target of an event, by outcome.");

    /// <summary>Codes come from the source alone, so that there are only so many.</summary>
    public static void Refused(string code, int status) => RefusalCounter.Add(1, new("code", code), new("status", status));
}

/// <summary>Figures that are looked up when they are asked for.</summary>
public sealed class Gauges
{
    public Gauges(IMeterFactory meters, Matchmaker matchmaker, AgentPresence presence)
    {
        var meter = meters.Create(Figures.MeterName);
        meter.CreateObservableGauge("phoenix.polls.parked", () => matchmaker.Parked, description: "Polls that wait in memory.");
        meter.CreateObservableGauge("phoenix.hosts.heard", () => presence.Heard, description: "Hosts that this node has heard since its start.");
    }
}
