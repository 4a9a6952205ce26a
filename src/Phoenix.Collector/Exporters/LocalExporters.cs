using System.Text;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Exporters;

/// <summary><c>debug</c>: one log line per batch.</summary>
internal sealed class DebugExporter(DebugExporterSettings settings) : IExporter
{
    private const int MetricsNamed = 20;

    public string Id => settings.Id;

    public ExporterCounters Counters { get; } = new();

    public long Export(EncodedBatch batch)
    {
        Counters.Offered(batch.Points);
        Log.Info("batch", ("exporter", settings.Id), ("points", batch.Points), ("bytes", batch.Plain.Length), ("metrics", settings.Detailed ? Names(batch.Plain) : null));
        Counters.Succeeded(batch.Points);
        return 0;
    }

    public Task DrainAsync(CancellationToken limit) => Task.CompletedTask;

    private static string Names(ReadOnlySpan<byte> batch)
    {
        var names = new HashSet<string>();
        var reader = new OtlpReader(batch);
        while (reader.NextResource())
        {
            while (reader.NextScope())
            {
                while (reader.NextMetric() && names.Count < MetricsNamed)
                {
                    names.Add(Encoding.UTF8.GetString(reader.MetricName));
                }
            }
        }

        return string.Join(' ', names);
    }
}

/// <summary><c>nop</c>: counts and forgets.</summary>
internal sealed class NopExporter(string id) : IExporter
{
    public string Id => id;

    public ExporterCounters Counters { get; } = new();

    public long Export(EncodedBatch batch)
    {
        Counters.Offered(batch.Points);
        Counters.Succeeded(batch.Points);
        return 0;
    }

    public Task DrainAsync(CancellationToken limit) => Task.CompletedTask;
}
