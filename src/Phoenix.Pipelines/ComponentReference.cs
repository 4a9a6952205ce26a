using Phoenix.Pipelines.Components;

namespace Phoenix.Pipelines;

/// <summary>A component type that a configuration may name.</summary>
/// <param name="Kind"><c>receivers</c>, <c>processors</c>, <c>exporters</c> or <c>extensions</c>: the section that it stands in.</param>
/// <param name="Type">What its id begins with.</param>
/// <param name="Summary">What it does, in one sentence.</param>
/// <param name="Keys">As the collector reads them, in that order.</param>
public sealed record ComponentDescription(string Kind, string Type, string Summary, IReadOnlyList<ComponentKey> Keys);

/// <summary>A key of a component.</summary>
/// <param name="Key">Dotted path below the component, such as <c>hysteresis.enter</c>; <c>rules[].drop</c> is a key of each item of a list.</param>
/// <param name="Default">What holds where the key is absent; null where nothing does, or it depends on other keys.</param>
/// <param name="Minimum">Least value, of durations with their unit; null where there is no bound.</param>
/// <param name="Maximum">Greatest value, in the same way.</param>
/// <param name="Allowed">The texts to choose from; empty where any will do.</param>
public sealed record ComponentKey(string Key, ComponentKeyType Type, string? Default, string? Minimum, string? Maximum, IReadOnlyList<string> Allowed);

/// <summary>What a key takes.</summary>
public enum ComponentKeyType
{
    /// <summary>It depends on other keys.</summary>
    Any,
    Text,
    Flag,
    WholeNumber,
    Number,

    /// <summary>A number with a unit, such as <c>1m30s</c>.</summary>
    Duration,
    Choice,

    /// <summary>A list of texts.</summary>
    List,

    /// <summary>A mapping; its own keys follow where they are not names that the user gives.</summary>
    Section,

    /// <summary>A list of mappings.</summary>
    Sections,
}

/// <summary>Every component type with its keys, for those who write a configuration.</summary>
public static class ComponentReference
{
    private static readonly Dictionary<string, string> Summaries = new()
    {
        [$"receivers/{PrometheusReceiverSettings.Type}"] = "Scrapes targets as Prometheus does.",
        [$"receivers/{HostMetricsReceiverSettings.Type}"] = "Reads metrics of this machine from /proc.",
        [$"receivers/{OtlpReceiverSettings.Type}"] = "Takes OTLP over gRPC, over HTTP, or both.",
        [$"receivers/{RemoteWriteReceiverSettings.Type}"] = "Takes Prometheus remote write 1.0.",
        [$"processors/{AggregateProcessorSettings.Type}"] = "Folds labels away by ordered rules; sums stay what they were.",
        [$"processors/{TopKProcessorSettings.Type}"] = "Keeps the k heaviest groups of label values and folds the rest into one.",
        [$"processors/{AdaptiveProcessorSettings.Type}"] = "Folds the labels that cost most, until a share or a budget of series is met.",
        [$"processors/{FilterProcessorSettings.Type}"] = "Drops metrics and data points for which a condition holds.",
        [$"processors/{AttributesProcessorSettings.Type}"] = "Changes attributes of data points.",
        [$"processors/{AttributesProcessorSettings.ResourceType}"] = "Changes attributes of resources.",
        [$"processors/{MemoryLimiterProcessorSettings.Type}"] = "Refuses input while the process holds too much memory.",
        [$"processors/{BatchProcessorSettings.Type}"] = "Gathers points into batches; stands last.",
        [$"exporters/{OtlpExporterSettings.Type}"] = "Sends OTLP over gRPC.",
        [$"exporters/{OtlpExporterSettings.NewerType}"] = "Sends OTLP over gRPC.",
        [$"exporters/{OtlpHttpExporterSettings.Type}"] = "Sends OTLP over HTTP as protobuf.",
        [$"exporters/{OtlpHttpExporterSettings.NewerType}"] = "Sends OTLP over HTTP as protobuf.",
        [$"exporters/{RemoteWriteExporterSettings.Type}"] = "Sends Prometheus remote write 1.0.",
        [$"exporters/{PrometheusExporterSettings.Type}"] = "Is scraped at /metrics; in the production arm only.",
        [$"exporters/{FileExporterSettings.Type}"] = "Writes batches into a file.",
        [$"exporters/{DebugExporterSettings.Type}"] = "Writes a log line for each batch.",
        [$"exporters/{NopExporterSettings.Type}"] = "Sends nothing and counts.",
        [$"extensions/{HealthCheckExtensionSettings.Type}"] = "Answers over HTTP whether data flows.",
        [$"extensions/{FileStorageExtensionSettings.Type}"] = "Keeps the reducers' state over a restart.",
    };

    public static IReadOnlyList<ComponentDescription> All { get; } =
    [
        .. Describe("receivers", ComponentCatalogue.Receivers),
        .. Describe("processors", ComponentCatalogue.Processors),
        .. Describe("exporters", ComponentCatalogue.Exporters),
        .. Describe("extensions", ComponentCatalogue.Extensions),
    ];

    private static IEnumerable<ComponentDescription> Describe<T>(string kind, IReadOnlyDictionary<string, Func<string, SectionReader, T>> known)
    {
        foreach (var (type, read) in known)
        {
            List<ComponentKey> keys = [];
            read(type, SectionReader.Describing(keys));
            yield return new(kind, type, Summaries[$"{kind}/{type}"], keys);
        }
    }
}
