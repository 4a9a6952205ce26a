using JasperFx.Events;

namespace Phoenix.Domain.Backends;

/// <summary>A metrics backend that speaks Prometheus' HTTP API: Prometheus, VictoriaMetrics, Mimir and others.</summary>
public sealed record Backend
{
    public Guid Id { get; init; }
    public required string Name { get; init; }
    public required BackendSettings Settings { get; init; }

    public static Backend Create(IEvent<BackendDefined> e) => new() { Id = e.StreamId, Name = e.Data.Name, Settings = e.Data.Settings };

    public Backend Apply(BackendChanged e) => this with { Settings = e.Settings };

    public static bool ShouldDelete(BackendRemoved _) => true;
}
