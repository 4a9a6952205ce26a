using Phoenix.Pipelines.Components;

namespace Phoenix.Pipelines;

/// <summary>Every component type that a configuration may name. A new component is one file and one line here.</summary>
internal static class ComponentCatalogue
{
    public static readonly IReadOnlyDictionary<string, Func<string, SectionReader, ReceiverSettings>> Receivers =
        new Dictionary<string, Func<string, SectionReader, ReceiverSettings>>
        {
            [PrometheusReceiverSettings.Type] = PrometheusReceiverSettings.Read,
            [HostMetricsReceiverSettings.Type] = HostMetricsReceiverSettings.Read,
            [OtlpReceiverSettings.Type] = OtlpReceiverSettings.Read,
        };

    public static readonly IReadOnlyDictionary<string, Func<string, SectionReader, ProcessorSettings>> Processors =
        new Dictionary<string, Func<string, SectionReader, ProcessorSettings>>
        {
            [AggregateProcessorSettings.Type] = AggregateProcessorSettings.Read,
            [TopKProcessorSettings.Type] = TopKProcessorSettings.Read,
            [AdaptiveProcessorSettings.Type] = AdaptiveProcessorSettings.Read,
            [FilterProcessorSettings.Type] = FilterProcessorSettings.Read,
        };

    public static readonly IReadOnlyDictionary<string, Func<string, SectionReader, ExporterSettings>> Exporters =
        new Dictionary<string, Func<string, SectionReader, ExporterSettings>>
        {
            [OtlpHttpExporterSettings.Type] = OtlpHttpExporterSettings.Read,
            [DebugExporterSettings.Type] = DebugExporterSettings.Read,
            [NopExporterSettings.Type] = NopExporterSettings.Read,
        };

    /// <summary>None exist yet, so that every one that is defined is reported.</summary>
    public static readonly IReadOnlyDictionary<string, Func<string, SectionReader, object>> Extensions =
        new Dictionary<string, Func<string, SectionReader, object>>();
}
