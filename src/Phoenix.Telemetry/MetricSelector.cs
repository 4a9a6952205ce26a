using System.Text;

namespace Phoenix.Telemetry;

/// <summary>Selects metrics by exact name or by pattern, where <c>*</c> matches any run of characters. No pattern matches nothing.</summary>
public sealed class MetricSelector
{
    private readonly byte[][] patterns;

    private MetricSelector(byte[][] patterns) => this.patterns = patterns;

    /// <exception cref="ArgumentException">A pattern is empty.</exception>
    public MetricSelector(IReadOnlyList<string> patterns)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        this.patterns = new byte[patterns.Count][];
        for (var i = 0; i < patterns.Count; i++)
        {
            if (string.IsNullOrEmpty(patterns[i]))
                throw new ArgumentException($"Metric pattern {i + 1} is empty: write a metric name, or * for every metric.", nameof(patterns));
            this.patterns[i] = Encoding.UTF8.GetBytes(patterns[i]);
        }
    }

    /// <summary>Selects nothing.</summary>
    public static MetricSelector None { get; } = new(Array.Empty<byte[]>());

    public bool Matches(ReadOnlySpan<byte> metricName)
    {
        foreach (var pattern in patterns)
        {
            if (Matches(pattern, metricName))
                return true;
        }

        return false;
    }

    // Greedy with one point of return: linear in practice and never exponential, however many stars.
    private static bool Matches(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> name)
    {
        int p = 0, n = 0, star = -1, resume = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == (byte)'*')
            {
                star = p++;
                resume = n;
            }
            else if (p < pattern.Length && pattern[p] == name[n])
            {
                p++;
                n++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                n = ++resume;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == (byte)'*')
            p++;
        return p == pattern.Length;
    }
}
