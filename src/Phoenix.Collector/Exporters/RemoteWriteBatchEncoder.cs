using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Exporters;

/// <summary>Remote write: as many requests as the bound on their size asks for.</summary>
internal sealed class RemoteWriteBatchEncoder : IBatchEncoder, IRemoteWriteSink
{
    private static readonly TimeSpan MetadataInterval = TimeSpan.FromMinutes(1);

    private readonly RemoteWriteEncoder _encoder;
    private List<Payload> _payloads = [];
    private int _carried;

    public RemoteWriteBatchEncoder(RemoteWriteExporterSettings settings) => _encoder = new RemoteWriteEncoder(new RemoteWriteEncoderOptions
    {
        MaxRequestBytes = settings.MaxRequestBytes,
        MetricSuffixes = settings.MetricSuffixes,
        Namespace = settings.Namespace,
        Labels = new PrometheusLabelOptions
        {
            External = [.. settings.ExternalLabels.Select(label => (label.Key, label.Value))],
            ResourceAttributes = settings.ResourceAttributes,
            Scope = settings.ScopeLabels,
        },
        TargetInfoInterval = settings.TargetInfo ? new RemoteWriteEncoderOptions().TargetInfoInterval : null,
        MetadataInterval = settings.Metadata ? MetadataInterval : null,
    });

    public int Encode(EncodedBatch batch, List<Payload> payloads)
    {
        (_payloads, _carried) = (payloads, 0);
        _encoder.Encode(batch.Plain, this);
        return batch.Points - _carried;
    }

    public void Write(ReadOnlySpan<byte> snappyBody, RemoteWriteRequest request)
    {
        _carried += request.Points;
        _payloads.Add(new Payload(SharedBytes.Copy(snappyBody), request.Points, Compression.None));
    }
}
