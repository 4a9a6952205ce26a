using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers.Host;

/// <summary>Writes one metric after another, all with the same start and time. A metric that is switched off is left out.</summary>
internal sealed class PointWriter(OtlpWriter writer, IReadOnlySet<string> enabled, ulong start, ulong time)
{
    private ulong _start;

    /// <summary>Begins a monotonic sum.</summary>
    /// <returns>False where the metric is switched off: no points, no end.</returns>
    public bool Counter(string name, string unit, string description) => Sum(name, unit, description, monotonic: true);

    /// <summary>Begins a sum that goes up and down.</summary>
    public bool Level(string name, string unit, string description) => Sum(name, unit, description, monotonic: false);

    public bool Gauge(string name, string unit, string description)
    {
        if (!enabled.Contains(name))
        {
            return false;
        }

        _start = 0;
        writer.BeginGauge(name, unit, description);
        return true;
    }

    public void Add(long value, params ReadOnlySpan<(string Key, string Value)> attributes)
    {
        Begin(attributes);
        writer.EndPoint(value);
    }

    public void Add(double value, params ReadOnlySpan<(string Key, string Value)> attributes)
    {
        Begin(attributes);
        writer.EndPoint(value);
    }

    public void End() => writer.EndMetric();

    private bool Sum(string name, string unit, string description, bool monotonic)
    {
        if (!enabled.Contains(name))
        {
            return false;
        }

        _start = start;
        writer.BeginSum(name, unit, description, monotonic, Temporality.Cumulative);
        return true;
    }

    private void Begin(ReadOnlySpan<(string Key, string Value)> attributes)
    {
        writer.BeginPoint(_start, time);
        foreach (var (key, value) in attributes)
        {
            writer.Attribute(key, value);
        }
    }
}
