using System.Text;

namespace Phoenix.Telemetry;

/// <summary>An operator's order: full detail of these metrics until then.</summary>
/// <param name="Until">Unix nanoseconds.</param>
/// <param name="Patterns">Names and patterns; empty is every metric.</param>
internal sealed record AdaptiveIncident(long Until, IReadOnlyList<string> Patterns)
{
    private readonly MetricSelector selector = new(Patterns.Count == 0 ? ["*"] : Patterns);

    public bool IsOfAll => Patterns.Count == 0;

    public bool Covers(ReadOnlySpan<byte> metricName) => selector.Matches(metricName);

    public bool Covers(string metricName) => Covers(Encoding.UTF8.GetBytes(metricName));

    public override string ToString() => IsOfAll ? "every metric" : string.Join(", ", Patterns);
}
