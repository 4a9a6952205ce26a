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
            [RemoteWriteReceiverSettings.Type] = RemoteWriteReceiverSettings.Read,
        };

    public static readonly IReadOnlyDictionary<string, Func<string, SectionReader, ProcessorSettings>> Processors =
        new Dictionary<string, Func<string, SectionReader, ProcessorSettings>>
        {
            [AggregateProcessorSettings.Type] = AggregateProcessorSettings.Read,
            [TopKProcessorSettings.Type] = TopKProcessorSettings.Read,
            [AdaptiveProcessorSettings.Type] = AdaptiveProcessorSettings.Read,
            [FilterProcessorSettings.Type] = FilterProcessorSettings.Read,
            [AttributesProcessorSettings.Type] = AttributesProcessorSettings.ReadAttributes,
            [AttributesProcessorSettings.ResourceType] = AttributesProcessorSettings.ReadResource,
            [MemoryLimiterProcessorSettings.Type] = MemoryLimiterProcessorSettings.Read,
            [BatchProcessorSettings.Type] = BatchProcessorSettings.Read,
        };

    public static readonly IReadOnlyDictionary<string, Func<string, SectionReader, ExporterSettings>> Exporters =
        new Dictionary<string, Func<string, SectionReader, ExporterSettings>>
        {
            [OtlpExporterSettings.Type] = OtlpExporterSettings.Read,
            [OtlpExporterSettings.NewerType] = OtlpExporterSettings.Read,
            [OtlpHttpExporterSettings.Type] = OtlpHttpExporterSettings.Read,
            [OtlpHttpExporterSettings.NewerType] = OtlpHttpExporterSettings.Read,
            [RemoteWriteExporterSettings.Type] = RemoteWriteExporterSettings.Read,
            [PrometheusExporterSettings.Type] = PrometheusExporterSettings.Read,
            [FileExporterSettings.Type] = FileExporterSettings.Read,
            [DebugExporterSettings.Type] = DebugExporterSettings.Read,
            [NopExporterSettings.Type] = NopExporterSettings.Read,
        };

    public static readonly IReadOnlyDictionary<string, Func<string, SectionReader, ExtensionSettings>> Extensions =
        new Dictionary<string, Func<string, SectionReader, ExtensionSettings>>
        {
            [HealthCheckExtensionSettings.Type] = HealthCheckExtensionSettings.Read,
            [FileStorageExtensionSettings.Type] = FileStorageExtensionSettings.Read,
        };
}
