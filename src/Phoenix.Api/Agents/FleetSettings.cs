using System.Globalization;

namespace Phoenix.Api.Agents;

/// <summary>How the control plane treats its fleet; each figure is a setting with a default that suits ten thousand hosts on one node.</summary>
/// <param name="LostAfter">A host of which nothing was heard for that long is lost. <c>PHOENIX_AGENT_LOST_SECONDS</c>.</param>
/// <param name="HeartbeatEvery">Between two heartbeats of a host. <c>PHOENIX_HEARTBEAT_SECONDS</c>.</param>
/// <param name="HeartbeatsPerSecond">Of one node; with more hosts than that allows they are asked to come less often. <c>PHOENIX_LIMIT_HEARTBEATS_PER_SECOND</c>.</param>
/// <param name="SessionsPerSecond">Agent processes that a node meets for the first time. <c>PHOENIX_LIMIT_SESSIONS_PER_SECOND</c>.</param>
/// <param name="ParkedPolls">Of one node. <c>PHOENIX_LIMIT_PARKED_POLLS</c>.</param>
/// <param name="EnrolmentsPerSecond">Of one node, from everywhere. <c>PHOENIX_LIMIT_ENROLMENTS_PER_SECOND</c>.</param>
/// <param name="EnrolmentsPerAddress">A second, from one remote address. <c>PHOENIX_LIMIT_ENROLMENTS_PER_ADDRESS</c>.</param>
public sealed record FleetSettings(
    TimeSpan LostAfter, TimeSpan HeartbeatEvery, int HeartbeatsPerSecond, int SessionsPerSecond, int ParkedPolls, int EnrolmentsPerSecond, int EnrolmentsPerAddress)
{
    public static FleetSettings From(IConfiguration configuration) => new(
        TimeSpan.FromSeconds(Number(configuration, "PHOENIX_AGENT_LOST_SECONDS", 120, 30, 86_400)),
        TimeSpan.FromSeconds(Number(configuration, "PHOENIX_HEARTBEAT_SECONDS", 15, 5, 300)),
        Number(configuration, "PHOENIX_LIMIT_HEARTBEATS_PER_SECOND", 2_000, 1, 1_000_000),
        Number(configuration, "PHOENIX_LIMIT_SESSIONS_PER_SECOND", 5_000, 1, 1_000_000),
        Number(configuration, "PHOENIX_LIMIT_PARKED_POLLS", 50_000, 1, 10_000_000),
        Number(configuration, "PHOENIX_LIMIT_ENROLMENTS_PER_SECOND", 200, 1, 1_000_000),
        Number(configuration, "PHOENIX_LIMIT_ENROLMENTS_PER_ADDRESS", 50, 1, 1_000_000));

    /// <exception cref="FormatException">Names the setting and what it may be.</exception>
    static int Number(IConfiguration configuration, string name, int otherwise, int least, int most)
    {
        if (configuration[name] is not { Length: > 0 } text) return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"{name} is '{text}'. Use a whole number between {least} and {most}, or leave it out for {otherwise}.");
    }
}
