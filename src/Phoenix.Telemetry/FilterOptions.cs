namespace Phoenix.Telemetry;

/// <summary>Options of <see cref="MetricFilter"/>: OTTL conditions; what matches any of them is dropped.</summary>
public sealed record FilterOptions
{
    /// <summary>Component id from the configuration, such as <c>filter/debug</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Conditions of <c>metrics.metric</c>: drop whole metrics.</summary>
    public IReadOnlyList<string> MetricConditions { get; init; } = [];

    /// <summary>Conditions of <c>metrics.datapoint</c>: drop single points.</summary>
    public IReadOnlyList<string> DataPointConditions { get; init; } = [];
}
