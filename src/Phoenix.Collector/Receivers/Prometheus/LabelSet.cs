namespace Phoenix.Collector.Receivers.Prometheus;

/// <summary>Labels of a target or a series, each name once, in the order in which they came. An empty value is no label.</summary>
internal sealed class LabelSet
{
    public const string MetricName = "__name__";

    private readonly List<KeyValuePair<string, string>> _labels = [];

    public int Count => _labels.Count;

    public IReadOnlyList<KeyValuePair<string, string>> Items => _labels;

    /// <summary>The label's value; the empty text where there is none.</summary>
    public string this[string name]
    {
        get => IndexOf(name) is var i and >= 0 ? _labels[i].Value : "";
        set
        {
            var i = IndexOf(name);
            if (value.Length == 0)
            {
                if (i >= 0)
                {
                    _labels.RemoveAt(i);
                }
            }
            else if (i >= 0)
            {
                _labels[i] = new(name, value);
            }
            else
            {
                _labels.Add(new(name, value));
            }
        }
    }

    public bool Has(string name) => IndexOf(name) >= 0;

    public void Clear() => _labels.Clear();

    public void RemoveAll(Predicate<KeyValuePair<string, string>> which) => _labels.RemoveAll(which);

    private int IndexOf(string name)
    {
        for (var i = 0; i < _labels.Count; i++)
        {
            if (_labels[i].Key == name)
            {
                return i;
            }
        }

        return -1;
    }
}
