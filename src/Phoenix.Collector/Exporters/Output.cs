using Phoenix.Contracts;
using Phoenix.Pipelines;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Exporters;

/// <summary>The end of the pipeline: every batch is measured, then given to each exporter.</summary>
internal sealed class Output : IBatchSink, IDisposable
{
    private readonly BatchDecoder _decoder = new();
    private readonly EncodedBatch _batch = new();
    private readonly ExporterSet _exporters;

    /// <param name="roomMade">Called when the pipeline may go on that was held by full queues.</param>
    /// <exception cref="UnusableFileException">A file that an exporter needs cannot be used.</exception>
    public Output(CollectorArm arm, CollectorConfiguration configuration, Action roomMade) =>
        _exporters = new ExporterSet(arm, configuration, roomMade);

    /// <summary>What measures the output. Replaced at each epoch.</summary>
    public required ArmMeter Meter { get; set; }

    /// <summary>Bytes as sent, encoded and compressed, since the start.</summary>
    public long WireBytes { get; private set; }

    public IReadOnlyList<IExporter> Exporters => _exporters.Current;

    public long ExportErrors => _exporters.Sum(c => c.AttemptsFailed);

    public long DroppedPoints => _exporters.Sum(c => c.DroppedPoints);

    /// <summary>False while full queues ask that nothing be taken from the input.</summary>
    public bool HasRoom => _exporters.HasRoom;

    /// <summary>Decodes what a processor wrote from its bytes, once for meter and exporters.</summary>
    public void Write(ReadOnlySpan<byte> batch) => Write(_decoder.Decode(batch));

    public void Write(scoped in DecodedBatch batch)
    {
        Meter.ObserveOutput(batch);
        _batch.Set(batch.Bytes, batch.PointCount);
        var sent = 0L;
        foreach (var exporter in _exporters.Current)
        {
            sent += exporter.Export(_batch);
        }

        // A pipeline into debug or nop sends nothing, but its arms must still be comparable: gzip is what it would send.
        WireBytes += _exporters.SendsAway ? sent : _batch.As(Compression.Gzip).Length;
    }

    /// <exception cref="UnusableFileException">A file that an exporter needs cannot be used; nothing is changed.</exception>
    public ExporterChange Prepare(CollectorConfiguration configuration) => _exporters.Prepare(configuration);

    public void Apply(ExporterChange change) => _exporters.Apply(change);

    public Task DrainAsync(CancellationToken limit) => _exporters.DrainAsync(limit);

    public void Dispose() => _batch.Dispose();
}
