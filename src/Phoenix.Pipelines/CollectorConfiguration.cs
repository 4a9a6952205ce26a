using System.Security.Cryptography;
using System.Text;
using Phoenix.Pipelines.Components;

namespace Phoenix.Pipelines;

/// <summary>
/// A collector's configuration in the shape of the OpenTelemetry Collector's: <c>receivers</c>, <c>processors</c>,
/// <c>exporters</c>, <c>service</c>. Only components that the pipeline uses are here.
/// </summary>
/// <param name="SourceSection">Canonical text of the receivers that the pipeline uses; equal texts mean the same input.</param>
/// <param name="SinkSection">Canonical text of the exporters that the pipeline uses.</param>
public sealed record CollectorConfiguration(
    PipelineSettings Pipeline,
    IReadOnlyList<ReceiverSettings> Receivers,
    IReadOnlyList<ProcessorSettings> Processors,
    IReadOnlyList<ExporterSettings> Exporters,
    TelemetrySettings Telemetry,
    string SourceSection,
    string SinkSection)
{
    /// <summary>The extensions that <c>service.extensions</c> lists.</summary>
    public IReadOnlyList<ExtensionSettings> Extensions { get; init; } = [];

    /// <summary>Where the state of the reducers outlives the process; null where it ends with it.</summary>
    public FileStorageExtensionSettings? Storage => Extensions.OfType<FileStorageExtensionSettings>().FirstOrDefault(e => e.Id == Telemetry.Storage);

    /// <summary>Canonical text of each component that the pipeline uses, by <c>receivers.otlp</c> and the like.</summary>
    internal IReadOnlyDictionary<string, string> ComponentTexts { get; init; } = new Dictionary<string, string>();

    /// <summary>Lower-case hex SHA-256 of <see cref="SourceSection"/>. Two arms of an experiment must agree on it.</summary>
    public string SourceHash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(SourceSection)));

    /// <summary>The shortest interval at which the receivers produce; null where senders alone decide.</summary>
    public TimeSpan? ShortestInputInterval => Intervals.Select(i => (TimeSpan?)i).Min();

    /// <summary>The longest interval at which the receivers produce; null where senders alone decide.</summary>
    public TimeSpan? LongestInputInterval => Intervals.Select(i => (TimeSpan?)i).Max();

    /// <summary>Canonical text of one component: equal texts mean the same settings. Empty where the pipeline does not use it.</summary>
    /// <param name="kind"><c>receivers</c>, <c>processors</c>, <c>exporters</c> or <c>extensions</c>.</param>
    public string TextOf(string kind, string id) => ComponentTexts.GetValueOrDefault($"{kind}.{id}", "");

    /// <summary>
    /// Whether another configuration processes alike: the same processors in the same order, at the same intervals and bounds. What
    /// they hold and what measures them then goes on under it.
    /// </summary>
    public bool ProcessesLike(CollectorConfiguration other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Pipeline.Processors.SequenceEqual(other.Pipeline.Processors)
            && Pipeline.Processors.All(id => IsAlike(id, other))
            && (ShortestInputInterval, Telemetry.MaxSeries) == (other.ShortestInputInterval, other.Telemetry.MaxSeries);
    }

    /// <summary>
    /// Whether a processor does the same under another configuration: it is written alike, and it remembers a silent stream for as
    /// long, which the intervals of the inputs decide too.
    /// </summary>
    public bool IsAlike(string processor, CollectorConfiguration other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return TextOf("processors", processor) == other.TextOf("processors", processor) && LongestInputInterval == other.LongestInputInterval;
    }

    private IEnumerable<TimeSpan> Intervals => Receivers.SelectMany(r => r.Intervals);

    /// <summary>Reads and validates a configuration.</summary>
    /// <param name="environment">
    /// Looks a variable up. Null validates without an environment, as a server does that is not the host: values with an
    /// unresolved variable are accepted there.
    /// </param>
    public static LoadedConfiguration Load(string yaml, Func<string, string?>? environment) => new ConfigurationLoader(environment).Load(yaml);
}

/// <summary>The outcome of <see cref="CollectorConfiguration.Load"/>: a configuration, or every error found in it.</summary>
/// <param name="Configuration">Null where there are errors.</param>
/// <param name="Warnings">What is legal and probably not meant, such as a component that no pipeline uses.</param>
public sealed record LoadedConfiguration(
    CollectorConfiguration? Configuration, IReadOnlyList<ConfigurationIssue> Errors, IReadOnlyList<ConfigurationIssue> Warnings);
