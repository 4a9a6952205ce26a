using JasperFx.Core;
using Wolverine;

namespace Phoenix.Api.Infrastructure;

/// <summary>
/// How nodes on one database share the work: which of them runs a projection, and how soon the others take over what a
/// node that died has left.
/// </summary>
/// <remarks>
/// A node writes down every second that it lives. One that has not for <see cref="StaleAfter"/> is taken for dead: its
/// projections, timers and messages go to the others. Where it was only slow it joins again, and what both did meanwhile
/// counts once: projections check their progress, and messages the version of the stream they append to. The clocks of the
/// nodes have to agree to within a second or two.
/// </remarks>
public static class Nodes
{
    /// <summary>The schema with the messages and the nodes.</summary>
    public const string Schema = "phoenix_messages";

    public static readonly TimeSpan HeartbeatEvery = 1.Seconds(), StaleAfter = 6.Seconds();

    public static void Configure(DurabilitySettings durability)
    {
        durability.Mode = DurabilityMode.Balanced;
        // At once: a single node starts its projections within two beats.
        durability.FirstHealthCheckExecution = 50.Milliseconds();
        durability.HealthCheckPollingTime = HeartbeatEvery;
        durability.StaleNodeTimeout = StaleAfter;
        durability.CheckAssignmentPeriod = 2.Seconds();
        durability.NodeReassignmentPollingTime = 1.Seconds();
        durability.OrphanedMessageSweepPollingTime = 2.Seconds();
        durability.ScheduledJobFirstExecution = 200.Milliseconds();
        durability.ScheduledJobPollingTime = 1.Seconds();
        // What a crash or an outage left in the inbox is taken up again.
        durability.InboxStaleTime = 30.Seconds();
    }
}
