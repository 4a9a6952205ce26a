using JasperFx.Events;
using Phoenix.Projections;

namespace Phoenix.Api.Reading;

/// <summary>What kind of stream an event belongs to, by its type.</summary>
public static class StreamTypes
{
    static readonly Dictionary<string, string[]> Events =
        EventStoreOptions.EventTypes.ToDictionary(s => s.Key, s => s.Value.Select(t => t.GetEventTypeName()).ToArray(), StringComparer.OrdinalIgnoreCase);

    static readonly Dictionary<string, string> ByEvent = Events.SelectMany(s => s.Value.Select(e => (Stream: s.Key, Event: e))).ToDictionary(e => e.Event, e => e.Stream);

    /// <summary>Names of the events of such streams; null where there are none of that name.</summary>
    public static IReadOnlyList<string>? EventsOf(string streamType) => Events.GetValueOrDefault(streamType);

    /// <summary>Null for an event of a type that this version does not know.</summary>
    public static string? Of(string eventType) => ByEvent.GetValueOrDefault(eventType);
}
