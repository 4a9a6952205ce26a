namespace Phoenix.Domain.Experiments;

/// <summary>What the whole organisation protects changed, in full. Experiments that have started keep what was in force when they did.</summary>
public sealed record ProtectedMetricsSet(IReadOnlyList<ProtectedMetric> Patterns);

/// <param name="Pattern">A metric's name; <c>*</c> matches any run of characters.</param>
/// <param name="Note">What it is needed for, such as the alert or the bill that rests on it; may be empty.</param>
public sealed record ProtectedMetric(string Pattern, string Note);

/// <summary>Metrics that no experiment may touch, whatever its author protects, as their events tell it. There is one list.</summary>
public sealed record MetricProtection
{
    public static readonly MetricProtection None = new();

    public Guid Id { get; init; } = StreamIds.MetricProtection;

    /// <summary>Number of events in the stream; set by the store.</summary>
    public int Version { get; set; }

    public IReadOnlyList<ProtectedMetric> Patterns { get; init; } = [];

    public static MetricProtection Create(ProtectedMetricsSet e) => None.Apply(e);

    public MetricProtection Apply(ProtectedMetricsSet e) => this with { Patterns = e.Patterns };

    /// <summary>What the organisation protects and <paramref name="own"/> does not say.</summary>
    public IReadOnlyList<string> Beyond(IReadOnlyList<string> own) => [.. Patterns.Select(p => p.Pattern).Except(own)];
}

/// <summary>Whether such a list makes sense.</summary>
public static class MetricProtectionDecisions
{
    /// <summary>Every host of an experiment gets the list with its task.</summary>
    public const int MaxPatterns = 200;

    public const int MaxPatternLength = 300, MaxNoteLength = 500;

    public static Decision Set(MetricProtection now, IReadOnlyList<ProtectedMetric> wanted)
    {
        if (wanted.Count > MaxPatterns)
            return Rejection.Invalid("protected-metrics-invalid", "patterns", $"At most {MaxPatterns} patterns, and these are {wanted.Count}. Put names with a common beginning together with *.");
        HashSet<string> seen = [];
        for (var i = 0; i < wanted.Count; i++)
        {
            if (Wrong(wanted[i]) is var (field, detail)) return Rejection.Invalid("protected-metrics-invalid", $"patterns[{i}]{field}", detail);
            if (!seen.Add(wanted[i].Pattern)) return Rejection.Invalid("protected-metrics-invalid", $"patterns[{i}].pattern", $"'{wanted[i].Pattern}' is in the list twice. Leave one out.");
        }
        return now.Patterns.SequenceEqual(wanted) ? Decision.Nothing : Decision.Of(new ProtectedMetricsSet(wanted));
    }

    static (string Field, string Detail)? Wrong(ProtectedMetric? m) =>
        m is null ? ("", "An entry is an object with 'pattern' and, where there is something to say, 'note'.")
        : m.Pattern is not { Length: > 0 and <= MaxPatternLength } ? (".pattern", $"A pattern is a metric's name of 1 to {MaxPatternLength} characters; * matches any run of characters.")
        : m.Pattern.All(c => c == '*') ? (".pattern", "This would protect every metric, so that no experiment could reduce anything. Name what has to stay.")
        : m.Pattern.Any(c => c == ',' || char.IsWhiteSpace(c) || char.IsControl(c)) ? (".pattern", "A pattern has no comma, white space or control character: give each name an entry of its own.")
        : m.Note.Length > MaxNoteLength ? (".note", $"A note has at most {MaxNoteLength} characters.")
        : null;
}
