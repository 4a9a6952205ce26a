using Phoenix.Contracts;
using Phoenix.Pipelines;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Exporters;

/// <summary>The end of the pipeline: every batch is measured, then given to each exporter.</summary>
internal sealed class Output : IBatchSink
{
    private readonly IReadOnlyList<IExporter> _exporters;
    private readonly EncodedBatch _batch = new();
    private readonly bool _somethingIsSent;

    public Output(CollectorArm arm, CollectorConfiguration configuration)
    {
        _somethingIsSent = configuration.Exporters.OfType<OtlpHttpExporterSettings>().Any();
        _exporters = arm == CollectorArm.Production
            ? [.. configuration.Exporters.Select(Create)]
            : Shadows(configuration);
    }

    /// <summary>What measures the output. Replaced at each epoch.</summary>
    public required ArmMeter Meter { get; set; }

    /// <summary>Bytes as sent, encoded and compressed, since the start.</summary>
    public long WireBytes { get; private set; }

    public IReadOnlyList<IExporter> Exporters => _exporters;

    public long ExportErrors => _exporters.Sum(e => e.Counters.AttemptsFailed);

    public long DroppedPoints => _exporters.Sum(e => e.Counters.DroppedPoints);

    public void Write(ReadOnlySpan<byte> batch)
    {
        Meter.ObserveOutput(batch);
        _batch.Set(batch);
        foreach (var exporter in _exporters)
        {
            WireBytes += exporter.Export(_batch);
        }

        // A pipeline into debug or nop sends nothing, but its arms must still be comparable: gzip is what it would send.
        if (!_somethingIsSent)
        {
            WireBytes += _batch.Gzip.Length;
        }
    }

    public Task DrainAsync(CancellationToken limit) => Task.WhenAll(_exporters.Select(e => e.DrainAsync(limit)));

    private static IExporter Create(ExporterSettings settings) => settings switch
    {
        OtlpHttpExporterSettings http => new OtlpHttpExporter(http),
        DebugExporterSettings debug => new DebugExporter(debug),
        NopExporterSettings => new NopExporter(),
        _ => throw new NotSupportedException($"The exporter {settings.Id} can be configured, but not built."),
    };

    private static IReadOnlyList<IExporter> Shadows(CollectorConfiguration configuration)
    {
        var sending = configuration.Exporters.OfType<OtlpHttpExporterSettings>().ToList();
        return sending.Count == 0 ? [new NopExporter()] : [.. sending.Select(s => new ShadowExporter(s.Gzip))];
    }
}
