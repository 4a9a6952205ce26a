namespace Phoenix.Collector.Exporters;

/// <summary>Where finished batches go. Called by the pipeline thread, which must never wait for a backend.</summary>
internal interface IExporter
{
    /// <summary>Component id from the configuration.</summary>
    string Id { get; }

    ExporterCounters Counters { get; }

    /// <returns>Bytes on the wire that this batch costs; 0 where nothing leaves the machine, even in earnest.</returns>
    long Export(EncodedBatch batch);

    /// <summary>Sends what is queued, until the token ends it. Nothing is accepted after.</summary>
    Task DrainAsync(CancellationToken limit);
}
