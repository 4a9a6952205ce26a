using System.Text;
using System.Text.RegularExpressions;

namespace Phoenix.Telemetry;

/// <summary>
/// Selects metrics by exact name, by pattern, where <c>*</c> matches any run of characters, or by regular expression, which has
/// to match the whole name. No pattern matches nothing.
/// </summary>
public sealed class MetricSelector
{
    private readonly byte[][] patterns;
    private readonly Regex[] expressions;

    private MetricSelector(byte[][] patterns)
    {
        this.patterns = patterns;
        expressions = [];
    }

    /// <exception cref="ArgumentException">A pattern is empty.</exception>
    public MetricSelector(IReadOnlyList<string> patterns)
        : this(patterns, [])
    {
    }

    /// <param name="expressions">
    /// Regular expressions without backtracking, so that no name takes them longer than linear time: no lookaround, no
    /// back-references.
    /// </param>
    /// <exception cref="ArgumentException">A pattern is empty, or an expression cannot be read.</exception>
    public MetricSelector(IReadOnlyList<string> patterns, IReadOnlyList<string> expressions)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        ArgumentNullException.ThrowIfNull(expressions);
        this.expressions = [.. expressions.Select(Compile)];
        this.patterns = new byte[patterns.Count][];
        for (var i = 0; i < patterns.Count; i++)
        {
            if (string.IsNullOrEmpty(patterns[i]))
                throw new ArgumentException($"Metric pattern {i + 1} is empty: write a metric name, or * for every metric.", nameof(patterns));
            this.patterns[i] = Encoding.UTF8.GetBytes(patterns[i]);
        }
    }

    /// <summary>The names and patterns, as they were given.</summary>
    public IEnumerable<string> Patterns => patterns.Select(Encoding.UTF8.GetString);

    /// <summary>The regular expressions, each anchored at both ends.</summary>
    public IEnumerable<string> Expressions => expressions.Select(e => e.ToString());

    /// <summary>Selects nothing.</summary>
    public static MetricSelector None { get; } = new(Array.Empty<byte[]>());

    public bool Matches(ReadOnlySpan<byte> metricName)
    {
        foreach (var pattern in patterns)
        {
            if (Matches(pattern, metricName))
                return true;
        }

        return expressions.Length > 0 && MatchesExpression(Encoding.UTF8.GetString(metricName));
    }

    private bool MatchesExpression(string name)
    {
        foreach (var expression in expressions)
        {
            if (expression.IsMatch(name))
                return true;
        }

        return false;
    }

    private static Regex Compile(string expression)
    {
        try
        {
            return new Regex($"^(?:{expression})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new ArgumentException($"`{expression}` is no regular expression that can be used here: {e.Message}", nameof(expression), e);
        }
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
