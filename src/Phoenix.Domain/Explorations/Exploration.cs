using JasperFx.Events;

namespace Phoenix.Domain.Explorations;

/// <summary>
/// Somebody asked which metrics, labels and values the recent input of hosts is made of. Values of labels leave these hosts: that is why it is an event.
/// What was found is none: it is kept for days and not for ever.
/// </summary>
/// <param name="Metric">The one metric that is looked into in depth; null for those with most series.</param>
/// <param name="PriceEntry">The price entry that values what is found; null where none was named.</param>
/// <param name="Hosts">Hosts with their tasks.</param>
/// <param name="LeftOut">Hosts that were meant and could not be asked, with the reason.</param>
public sealed record ExplorationRequested(string? Metric, string? PriceEntry, IReadOnlyList<ExploredHost> Hosts, IReadOnlyList<HostNotExplored> LeftOut);

public sealed record ExploredHost(Guid TaskId, string HostId);

public sealed record HostNotExplored(string HostId, string Reason);

/// <summary>One exploration as it was asked for; how far it is follows from its tasks.</summary>
/// <param name="Actor">Who asked: an opaque user id.</param>
public sealed record Exploration(
    Guid Id, DateTimeOffset At, string? Actor, string? Metric, string? PriceEntry, IReadOnlyList<ExploredHost> Hosts, IReadOnlyList<HostNotExplored> LeftOut)
{
    public static Exploration Create(IEvent<ExplorationRequested> e) =>
        new(e.StreamId, e.Timestamp, e.UserName, e.Data.Metric, e.Data.PriceEntry, e.Data.Hosts, e.Data.LeftOut);
}
