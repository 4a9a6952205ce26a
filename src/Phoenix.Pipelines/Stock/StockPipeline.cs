namespace Phoenix.Pipelines.Stock;

/// <summary>
/// The configurations that one definition renders to for a host whose production collector is a stock OpenTelemetry
/// Collector. Ports are the host's: the texts name them by <see cref="LinkVariable"/> and <see cref="MetricsPortVariable"/>,
/// so that they are the same bytes on every host and what was measured is what is promoted.
/// </summary>
/// <param name="Alone">For the stock collector: its own pipelines without reducers, and its own metrics where the agent reads them.</param>
/// <param name="Link">Null where the definition has no reducers.</param>
public sealed record StockPipeline(string Alone, StockLink? Link)
{
    /// <summary>Variable with the loopback <c>address:port</c> on which Phoenix hears the stock collector.</summary>
    public const string LinkVariable = "PHOENIX_LINK_ENDPOINT";

    /// <summary>Variable with the loopback port on which the stock collector serves its own metrics to the agent.</summary>
    public const string MetricsPortVariable = "PHOENIX_STOCK_METRICS_PORT";

    /// <summary>Id of the stock collector's exporter into Phoenix, in its configuration and in the labels of its own metrics.</summary>
    public const string LinkExporter = $"otlp/{StockDefinition.ReservedName}";

    /// <summary>Renders a definition, or says everything that keeps it from being rendered, with lines of the definition.</summary>
    public static LoadedStockPipeline Load(string yaml)
    {
        var errors = new List<ConfigurationIssue>();
        var pipeline = StockDefinition.Read(yaml, errors) is { } definition ? StockRendering.Render(definition, errors) : null;
        errors.Sort((a, b) => a.Line.CompareTo(b.Line));
        return new(errors.Count == 0 ? pipeline : null, errors);
    }
}

/// <summary>The two ways in which a stock collector and Phoenix stand together.</summary>
/// <param name="Beside">
/// For the stock collector while an experiment runs: as alone, and a dropping exporter copies what the pipeline exports.
/// </param>
/// <param name="Chained">For the stock collector once the reduction is live: the pipeline goes to Phoenix, which exports it.</param>
/// <param name="Baseline">For the Phoenix collector that hears the copy: no processors, so that its output is what the stock collector exports.</param>
/// <param name="Reduced">
/// For the Phoenix collector with the reducers: the candidate beside, the production arm in the chain. The same bytes in both.
/// </param>
public sealed record StockLink(string Beside, string Chained, string Baseline, string Reduced);

/// <summary>The outcome of <see cref="StockPipeline.Load"/>.</summary>
/// <param name="Pipeline">Null where there are errors.</param>
public sealed record LoadedStockPipeline(StockPipeline? Pipeline, IReadOnlyList<ConfigurationIssue> Errors);
