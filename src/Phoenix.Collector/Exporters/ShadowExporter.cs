namespace Phoenix.Collector.Exporters;

/// <summary>
/// Stands in the candidate arm for an exporter of the configuration: encodes and compresses as that one would, counts, and
/// sends nothing. What an experiment measures costs nothing at the backend and is not counted twice there. It never holds
/// the input.
/// </summary>
internal sealed class ShadowExporter(string id, IBatchEncoder encoder) : IExporter
{
    private readonly List<Payload> _made = [];

    public string Id => id;

    public ExporterCounters Counters { get; } = new();

    public long Export(EncodedBatch batch)
    {
        Counters.Offered(batch.Points);
        var unsupported = encoder.Encode(batch, _made);
        if (unsupported > 0)
        {
            Counters.Dropped(DropReason.Unsupported, unsupported, "the exporter's format cannot carry some points");
        }

        var bytes = 0L;
        foreach (var payload in _made)
        {
            bytes += payload.Bytes.Length;
            payload.Bytes.Release();
        }

        _made.Clear();
        Counters.Succeeded(batch.Points - unsupported);
        return bytes;
    }

    public Task DrainAsync(CancellationToken limit) => Task.CompletedTask;
}
