using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Exporters;

/// <summary>Builds what a configuration names.</summary>
/// <param name="roomMade">Called when a queue that was full has room again.</param>
internal sealed class ExporterFactory(Action roomMade)
{
    /// <exception cref="UnusableFileException">A file that the settings name cannot be used.</exception>
    public IExporter Create(ExporterSettings settings, bool holds) => settings switch
    {
        QueuedExporterSettings queued => new QueuedExporter(queued, Encoder(queued), Transport(queued), holds, roomMade),
        PrometheusExporterSettings prometheus => new PrometheusExporter(prometheus),
        DebugExporterSettings debug => new DebugExporter(debug),
        NopExporterSettings nop => new NopExporter(nop.Id),
        _ => throw Unknown(settings),
    };

    public static IBatchEncoder Encoder(QueuedExporterSettings settings) => settings switch
    {
        OtlpExporterSettings grpc => new OtlpEncoder(grpc.Compression),
        OtlpHttpExporterSettings http => new OtlpEncoder(http.Compression),
        RemoteWriteExporterSettings remoteWrite => new RemoteWriteBatchEncoder(remoteWrite),
        FileExporterSettings { Format: FileFormat.Json, Compression: Compression.None } => new LineEncoder(),
        FileExporterSettings file => new FramedEncoder(file.Format, file.Compression),
        _ => throw Unknown(settings),
    };

    /// <exception cref="UnusableFileException">A file that the settings name cannot be used.</exception>
    public static ITransport Transport(QueuedExporterSettings settings) => settings switch
    {
        OtlpExporterSettings grpc => new OtlpGrpcTransport(grpc),
        OtlpHttpExporterSettings http => new OtlpHttpTransport(http),
        RemoteWriteExporterSettings remoteWrite => new RemoteWriteTransport(remoteWrite),
        FileExporterSettings file => new FileTransport(file),
        _ => throw Unknown(settings),
    };

    /// <summary>Looks at the files that an exporter needs, without writing any.</summary>
    /// <exception cref="UnusableFileException">One of them cannot be used.</exception>
    public static void CheckFiles(QueuedExporterSettings settings)
    {
        if (settings is FileExporterSettings file)
        {
            FileTransport.Check(file);
            return;
        }

        Transport(settings).Dispose();
    }

    /// <summary>
    /// Whether an exporter, once full, holds the input: where it says so, and where it is the only one that could take a batch.
    /// </summary>
    public static bool Holds(QueuedExporterSettings settings, IReadOnlyList<ExporterSettings> all) => settings.Queue.Overflow switch
    {
        Overflow.Hold => true,
        Overflow.Drop => false,
        _ => all.OfType<QueuedExporterSettings>().Count(e => e.Queue.Overflow == Overflow.Isolate) == 1,
    };

    private static NotSupportedException Unknown(ExporterSettings settings) => new($"The exporter {settings.Id} can be configured, but not built.");
}
