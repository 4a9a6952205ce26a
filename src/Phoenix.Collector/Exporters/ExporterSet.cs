using Phoenix.Contracts;
using Phoenix.Pipelines;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Exporters;

/// <summary>
/// The exporters of an arm, over reloads: one whose settings did not change goes on untouched, one that changed keeps its
/// queue and sends it to the new backend, one that is gone sends what it has and ends.
/// </summary>
internal sealed class ExporterSet
{
    private readonly CollectorArm _arm;
    private readonly ExporterFactory _factory;
    private readonly Lock _gate = new();
    private readonly List<(IExporter Exporter, Task Ended)> _leaving = [];
    private readonly List<ExporterCounters> _gone = [];
    private CollectorConfiguration _configuration;
    private volatile IReadOnlyList<IExporter> _current;
    private volatile List<QueuedExporter> _isolated;
    private volatile bool _sendsAway;

    /// <exception cref="UnusableFileException">A file that an exporter needs cannot be used.</exception>
    public ExporterSet(CollectorArm arm, CollectorConfiguration configuration, Action roomMade)
    {
        (_arm, _factory, _configuration) = (arm, new ExporterFactory(roomMade), configuration);
        (_current, _isolated) = ([], []);
        Apply(Prepare(configuration));
    }

    public IReadOnlyList<IExporter> Current => _current;

    /// <summary>Whether the configuration sends anything away, be it in earnest or as a shadow.</summary>
    public bool SendsAway => _sendsAway;

    /// <summary>False where an exporter that holds the input is full, or every one of several isolated ones.</summary>
    public bool HasRoom
    {
        get
        {
            foreach (var exporter in _current)
            {
                if (exporter is QueuedExporter { Holds: true, IsFull: true })
                {
                    return false;
                }
            }

            foreach (var exporter in _isolated)
            {
                if (!exporter.IsFull)
                {
                    return true;
                }
            }

            return _isolated.Count == 0;
        }
    }

    /// <summary>Over the exporters of now and of before.</summary>
    public long Sum(Func<ExporterCounters, long> count)
    {
        lock (_gate)
        {
            return _current.Sum(e => count(e.Counters)) + _gone.Sum(count);
        }
    }

    /// <summary>Builds what the configuration needs beyond what runs, so that whatever can fail has failed before anything changes.</summary>
    /// <exception cref="UnusableFileException">A file that an exporter needs cannot be used.</exception>
    public ExporterChange Prepare(CollectorConfiguration configuration)
    {
        var exporters = new List<IExporter>();
        var changes = new List<Action>();
        var built = new List<IDisposable>();
        try
        {
            if (_arm == CollectorArm.Candidate)
            {
                exporters.AddRange(Shadows(configuration));
                return new(configuration, exporters, changes, () => { });
            }

            foreach (var settings in configuration.Exporters)
            {
                var running = _current.FirstOrDefault(e => e.Id == settings.Id);
                var holds = settings is QueuedExporterSettings s && ExporterFactory.Holds(s, configuration.Exporters);
                var unchanged = running is not null && configuration.TextOf("exporters", settings.Id) == _configuration.TextOf("exporters", settings.Id);
                if (unchanged && (running is not QueuedExporter { } same || same.Holds == holds))
                {
                    exporters.Add(running!);
                }
                else if (running is QueuedExporter queued && settings is QueuedExporterSettings changed && queued.Settings.GetType() == changed.GetType())
                {
                    var transport = ExporterFactory.Transport(changed);
                    built.Add(transport);
                    exporters.Add(queued);
                    changes.Add(() => queued.Reconfigure(changed, ExporterFactory.Encoder(changed), transport, holds));
                }
                else
                {
                    exporters.Add(_factory.Create(settings, holds));
                }
            }

            return new(configuration, exporters, changes, Abandon);
        }
        catch
        {
            Abandon();
            throw;
        }

        void Abandon()
        {
            built.ForEach(b => b.Dispose());
            foreach (var exporter in exporters.Except(_current))
            {
                // Nothing was given to it, so that it ends at once.
                _ = exporter.DrainAsync(CancellationToken.None);
            }
        }
    }

    /// <summary>Called by the pipeline thread, between batches.</summary>
    public void Apply(ExporterChange change)
    {
        foreach (var reconfigure in change.Reconfigurations)
        {
            reconfigure();
        }

        lock (_gate)
        {
            foreach (var exporter in _current.Except(change.Exporters))
            {
                _gone.Add(exporter.Counters);
                if (exporter is QueuedExporter queued)
                {
                    _leaving.Add((queued, RetireAsync(queued)));
                }
                else
                {
                    // What has no queue has nothing left to do.
                    _leaving.Add((exporter, exporter.DrainAsync(CancellationToken.None)));
                }
            }

            _leaving.RemoveAll(l => l.Ended.IsCompletedSuccessfully);
            _configuration = change.Configuration;
            _current = change.Exporters;
            _sendsAway = change.Configuration.Exporters.OfType<QueuedExporterSettings>().Any(s => s.SendsAway);
            var isolated = change.Exporters.OfType<QueuedExporter>().Where(e => e.Settings.Queue.Overflow == Overflow.Isolate).ToList();
            _isolated = isolated.Count > 1 ? isolated : [];
        }
    }

    public Task DrainAsync(CancellationToken limit)
    {
        lock (_gate)
        {
            return Task.WhenAll([.. _current.Select(e => e.DrainAsync(limit)), .. _leaving.Select(l => l.Exporter.DrainAsync(limit))]);
        }
    }

    private static async Task RetireAsync(QueuedExporter exporter)
    {
        Log.Info("exporter leaves; what it has queued is still sent", ("exporter", exporter.Id), ("batches", exporter.QueuedBatches));
        await exporter.RetireAsync();
        Log.Info("exporter left", ("exporter", exporter.Id), ("droppedPoints", exporter.Counters.DroppedPoints));
    }

    private static List<IExporter> Shadows(CollectorConfiguration configuration)
    {
        var sending = configuration.Exporters.OfType<QueuedExporterSettings>().Where(s => s.SendsAway).ToList();
        return sending.Count == 0 ? [new NopExporter("nop")] : [.. sending.Select(s => new ShadowExporter(s.Id, ExporterFactory.Encoder(s)))];
    }
}

/// <summary>Everything that a new configuration changes about the exporters, ready to be done.</summary>
/// <param name="Exporters">Those of the new configuration, in its order.</param>
/// <param name="Reconfigurations">Running exporters to direct to other backends.</param>
/// <param name="Abandon">Gives back what was built, where the change is not made after all.</param>
internal sealed record ExporterChange(
    CollectorConfiguration Configuration, IReadOnlyList<IExporter> Exporters, IReadOnlyList<Action> Reconfigurations, Action Abandon);
