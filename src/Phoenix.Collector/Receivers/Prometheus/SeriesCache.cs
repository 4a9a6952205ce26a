using System.IO.Hashing;
using System.Runtime.InteropServices;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Receivers.Prometheus;

/// <summary>A scrape cannot be used, and nothing of it is: what it brings is wrong, or more than its limits.</summary>
internal sealed class ScrapeFailedException(string message) : Exception(message);

/// <summary>What becomes of one exposed series.</summary>
/// <param name="Text">What it is called from here on; null where that is what it is called already.</param>
/// <param name="Resource">The target that it belongs to; null where a rule drops it.</param>
internal readonly record struct ResolvedSeries(byte[]? Text, ScrapeResource? Resource);

/// <summary>
/// Remembers by the hash of its text what becomes of each series of one target: labels are taken apart and relabelled when
/// a series first appears, after that it costs a hash and a look. Holds the series of the last scrape only.
/// </summary>
internal sealed class SeriesCache(ScrapeJob job, ScrapeTarget target)
{
    private readonly Dictionary<UInt128, Entry> _series = [];
    private readonly Dictionary<(string Job, string Instance), ScrapeResource> _resources = [];
    private readonly LabelSet _labels = new();
    private int _round;
    private int _seen;

    /// <summary>Series that are remembered.</summary>
    public int Count => _series.Count;

    /// <param name="repeated">Whether this scrape showed it already.</param>
    /// <exception cref="ScrapeFailedException">The series is malformed or beyond a limit.</exception>
    public ResolvedSeries Resolve(ReadOnlySpan<byte> series, out bool repeated)
    {
        ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_series, XxHash128.HashToUInt128(series), out var known);
        if (!known)
        {
            entry = new() { Series = Relabel(series), Round = _round - 1 };
        }

        repeated = entry.Round == _round;
        if (!repeated)
        {
            entry.Round = _round;
            _seen++;
        }

        return entry.Series;
    }

    /// <summary>Forgets what the scrape that ends here did not show.</summary>
    public void EndRound()
    {
        if (_seen != _series.Count)
        {
            foreach (var (key, entry) in _series)
            {
                if (entry.Round != _round)
                {
                    _series.Remove(key);
                }
            }
        }

        _round++;
        _seen = 0;
    }

    /// <summary>Everything is taken apart anew. After a scrape that failed half-way.</summary>
    public void Clear()
    {
        _series.Clear();
        _resources.Clear();
        _seen = 0;
    }

    private ResolvedSeries Relabel(ReadOnlySpan<byte> series)
    {
        _labels.Clear();
        if (SeriesText.Read(series, _labels) is { } problem)
        {
            throw new ScrapeFailedException(problem);
        }

        AddTargetLabels();
        if (!Relabeling.Apply(job.MetricRules, _labels))
        {
            return default;
        }

        CheckLimits();
        var key = (_labels["job"], _labels["instance"]);
        if (!_resources.TryGetValue(key, out var resource))
        {
            _resources[key] = resource = new ScrapeResource(key.Item1, key.Item2);
        }

        var text = SeriesText.Write(_labels, static name => name is "job" or "instance");
        return new(series.SequenceEqual(text) ? null : text, resource);
    }

    private void AddTargetLabels()
    {
        Add("job", target.Job);
        Add("instance", target.Instance);
        foreach (var (name, value) in target.Labels)
        {
            Add(name, value);
        }

        void Add(string name, string value)
        {
            var exposed = _labels[name];
            if (exposed.Length > 0 && job.HonorLabels)
            {
                return;
            }

            _labels[name] = value;
            if (exposed.Length > 0)
            {
                var renamed = $"exported_{name}";
                while (_labels.Has(renamed))
                {
                    renamed = $"exported_{renamed}";
                }

                _labels[renamed] = exposed;
            }
        }
    }

    private void CheckLimits()
    {
        var limits = job.Limits;
        var name = _labels[LabelSet.MetricName];
        if (name.Length == 0)
        {
            throw new ScrapeFailedException("metric_relabel_configs took a series its name");
        }

        if (limits.Labels > 0 && _labels.Count > limits.Labels)
        {
            throw new ScrapeFailedException($"{name} has {_labels.Count} labels, more than label_limit, {limits.Labels}");
        }

        foreach (var (label, value) in _labels.Items)
        {
            if (limits.LabelNameLength > 0 && label.Length > limits.LabelNameLength)
            {
                throw new ScrapeFailedException($"{name} has a label name of {label.Length} characters, more than label_name_length_limit, {limits.LabelNameLength}");
            }

            if (limits.LabelValueLength > 0 && value.Length > limits.LabelValueLength)
            {
                throw new ScrapeFailedException($"{name} has a value of {value.Length} characters at the label {label}, more than label_value_length_limit, {limits.LabelValueLength}");
            }
        }
    }

    private struct Entry
    {
        public ResolvedSeries Series;
        public int Round;
    }
}
