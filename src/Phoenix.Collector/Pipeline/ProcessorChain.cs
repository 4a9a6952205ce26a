using System.Security.Cryptography;
using System.Text;
using Phoenix.Collector.Receivers;
using Phoenix.Pipelines;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Pipeline;

/// <summary>The pipeline's processors, each writing into the next and the last into the output.</summary>
internal sealed class ProcessorChain
{
    private readonly IMetricProcessor[] _processors;
    private readonly IBatchSink[] _sinks;
    private long _now;
    private bool _isFolded;

    private readonly CollectorConfiguration _configuration;

    /// <param name="before">The chain that this one takes the place of, and takes over the reducers from that can go on.</param>
    public ProcessorChain(CollectorConfiguration configuration, IBatchSink output, ProcessorChain? before = null)
    {
        _configuration = configuration;
        var kept = before?.KeptBy(configuration) ?? [];
        // An input that comes less often would be forgotten between two of its points, by the reducer and the ledger alike.
        var twiceTheLongest = configuration.LongestInputInterval * 2 ?? TimeSpan.Zero;
        _processors =
        [
            .. configuration.Processors.Where(p => p is not MemoryLimiterProcessorSettings)
                .Select(p => kept.FirstOrDefault(k => k.Name == p.Id) ?? Create(p, twiceTheLongest)),
        ];
        _sinks = new IBatchSink[_processors.Length + 1];
        _sinks[^1] = output;
        for (var i = _processors.Length - 1; i >= 0; i--)
        {
            _sinks[i] = new Link(this, _processors[i], _sinks[i + 1]);
        }

        Folds = _processors.Any(p => p is IReducer);
        Adaptive = new AdaptiveProcessors([.. _processors.OfType<AdaptiveReducer>()]);
        Staleness = configuration.Processors.Select(p => p.Memory ?? TimeSpan.Zero).Append(TimeSpan.FromMinutes(5)).Append(twiceTheLongest).Max();
        ExportInterval = configuration.Processors.Select(p => p.ExportInterval).Min() ?? configuration.ShortestInputInterval ?? TimeSpan.FromSeconds(10);
    }

    /// <summary>Unix nanoseconds by which <see cref="FlushDue"/> has something to do; the largest value where nothing waits.</summary>
    public long Due
    {
        get
        {
            var due = long.MaxValue;
            foreach (var processor in _processors)
            {
                if (processor is BatchGatherer gatherer)
                {
                    due = Math.Min(due, gatherer.Due);
                }
            }

            return due;
        }
    }

    public IReadOnlyList<IMetricProcessor> Processors => _processors;

    /// <summary>The processors whose outputs rest on what came before.</summary>
    public IEnumerable<IReducer> Reducers => _processors.OfType<IReducer>();

    /// <summary>Whether points wait for a flush to be exported.</summary>
    public bool Folds { get; }

    /// <summary>Streams of before a restart or a reload that the reducers still wait for.</summary>
    public int Resuming => Reducers.Sum(r => r.Resuming);

    /// <summary>
    /// Names everything that what the reducers hold depends on, lower-case hex SHA-256: state is of use only under the same.
    /// </summary>
    public string StateKey()
    {
        var text = new StringBuilder();
        text.Append(HostIdentity.Read().Id).Append('\n').Append(_configuration.LongestInputInterval).Append('\n');
        foreach (var reducer in Reducers)
        {
            text.Append(_configuration.TextOf("processors", reducer.Name));
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    public AdaptiveProcessors Adaptive { get; }

    /// <summary>How long a silent stream is remembered by the processor with the longest memory.</summary>
    public TimeSpan Staleness { get; }

    /// <summary>How often folded points leave: as the processors say, else the shortest interval of the inputs, else 10 s.</summary>
    public TimeSpan ExportInterval { get; }

    /// <summary>What measures an arm that runs this chain.</summary>
    public ArmMeterOptions MeterOptions(CollectorConfiguration configuration, IReadOnlyList<string> protectedMetrics) => new()
    {
        Folds = [.. _processors.SelectMany(p => p.Folds)],
        Processors = _processors,
        ProtectedMetrics = protectedMetrics,
        StalenessSeconds = Staleness.TotalSeconds,
        MaxStreams = configuration.Telemetry.MaxSeries,
    };

    public void Process(scoped in DecodedBatch batch, long unixNanos)
    {
        _now = unixNanos;
        _sinks[0].Write(batch);
    }

    /// <summary>Emits what is folded, from the first processor on, so that what one emits can still be folded by the next.</summary>
    public void Flush(long unixNanos)
    {
        _now = unixNanos;
        for (var i = 0; i < _processors.Length; i++)
        {
            _isFolded = _processors[i].EmitsFolded;
            _processors[i].Flush(unixNanos, _sinks[i + 1]);
        }

        _isFolded = false;
    }

    /// <summary>Sends on what was gathered and has waited long enough.</summary>
    public void FlushDue(long unixNanos)
    {
        _now = unixNanos;
        for (var i = 0; i < _processors.Length; i++)
        {
            if (_processors[i] is BatchGatherer gatherer && gatherer.Due <= unixNanos)
            {
                gatherer.Flush(unixNanos, _sinks[i + 1]);
            }
        }
    }

    /// <summary>
    /// Emits what is folded, and marks the series of every reducer as ended that the next chain does not go on with: others will
    /// take their place.
    /// </summary>
    public void Close(long unixNanos, ProcessorChain next)
    {
        _now = unixNanos;
        for (var i = 0; i < _processors.Length; i++)
        {
            _isFolded = _processors[i].EmitsFolded;
            if (!next._processors.Contains(_processors[i]))
            {
                _processors[i].Close(_sinks[i + 1]);
            }

            _processors[i].Flush(unixNanos, _sinks[i + 1]);
        }

        _isFolded = false;
    }

    /// <summary>
    /// The reducers that stay as they are, from the last one back to the first that does not: one that has another one behind it
    /// now would be a source of counters that began before that one's watch.
    /// </summary>
    private List<IReducer> KeptBy(CollectorConfiguration next)
    {
        var reducers = Reducers.ToList();
        var wanted = next.Pipeline.Processors.Where(id => next.Processors.Any(p => p.Id == id && IsReducer(p))).ToList();
        var kept = new List<IReducer>();
        for (var back = 1; back <= Math.Min(reducers.Count, wanted.Count); back++)
        {
            if (reducers[^back].Name != wanted[^back] || !_configuration.IsAlike(wanted[^back], next))
            {
                break;
            }

            kept.Add(reducers[^back]);
        }

        return kept;
    }

    private static bool IsReducer(ProcessorSettings settings) =>
        settings is TopKProcessorSettings or AggregateProcessorSettings or AdaptiveProcessorSettings;

    private static IMetricProcessor Create(ProcessorSettings settings, TimeSpan leastStaleness) => settings switch
    {
        TopKProcessorSettings topK => new TopKReducer(topK.ToOptions() with
        {
            StalenessSeconds = Math.Max(topK.Staleness.TotalSeconds, leastStaleness.TotalSeconds),
            HostId = HostIdentity.Read().Id,
        }),
        AggregateProcessorSettings aggregate => new AggregateReducer(aggregate.ToOptions() with
        {
            StalenessSeconds = Math.Max(aggregate.Staleness.TotalSeconds, leastStaleness.TotalSeconds),
            HostId = HostIdentity.Read().Id,
        }),
        AdaptiveProcessorSettings adaptive => new AdaptiveReducer(adaptive.Options with
        {
            // A control interval that is shorter would see series come and go that are only between two of their points.
            Interval = adaptive.Options.Interval > leastStaleness ? adaptive.Options.Interval : leastStaleness,
            StalenessSeconds = Math.Max(adaptive.Options.StalenessSeconds, leastStaleness.TotalSeconds),
            HostId = HostIdentity.Read().Id,
        }),
        FilterProcessorSettings filter => new MetricFilter(new FilterOptions
        {
            Name = filter.Id,
            MetricConditions = filter.MetricConditions,
            DataPointConditions = filter.PointConditions,
        }),
        AttributesProcessorSettings attributes => new AttributeEditor(attributes.ToOptions()),
        BatchProcessorSettings batch => new BatchGatherer(batch.Id, batch.Points, batch.Timeout, batch.MaxPoints),
        _ => throw new NotSupportedException($"The processor {settings.Id} can be configured, but not built."),
    };

    private sealed class Link(ProcessorChain chain, IMetricProcessor processor, IBatchSink next) : IBatchSink
    {
        private readonly BatchDecoder _decoder = new();

        public void Write(ReadOnlySpan<byte> batch) => Write(_decoder.Decode(batch) with { IsFolded = chain._isFolded });

        public void Write(scoped in DecodedBatch batch) => processor.Process(batch, chain._now, next);
    }
}
