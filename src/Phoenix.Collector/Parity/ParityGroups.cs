using Phoenix.Contracts;

namespace Phoenix.Collector.Parity;

/// <summary>One result of a query: a value and the labels that it has.</summary>
internal sealed record LabelledValue(IReadOnlyDictionary<string, string> Labels, double Value)
{
    /// <summary>As in PromQL, a label that is not there is an empty one.</summary>
    public string this[string label] => Labels.GetValueOrDefault(label, "");
}

/// <summary>Compares a metric's increases in both arms, group by group.</summary>
internal static class ParityGroups
{
    /// <summary>
    /// A ranking writes a value of its own (<c>__other__</c>) and moves series into it and out again; an adaptive fold takes a
    /// label away in the middle of the range. Groups by such a label differ although nothing is lost, so that only those labels
    /// group whose values after all exist before too.
    /// </summary>
    public static IReadOnlyList<string> Common(IEnumerable<string> labels, IReadOnlyList<LabelledValue> before, IReadOnlyList<LabelledValue> after) =>
        [.. labels.Where(label => after.Select(v => v[label]).ToHashSet().IsSubsetOf(before.Select(v => v[label]))).Order(StringComparer.Ordinal)];

    /// <param name="labels">Labels that series of the arm after have.</param>
    /// <param name="seriesBefore">Series at the time of evaluation; so with the other two.</param>
    public static MetricParity Compare(
        string metric, IEnumerable<string> labels, IReadOnlyList<LabelledValue> before, IReadOnlyList<LabelledValue> after,
        long seriesBefore, long seriesAfter, long newcomers)
    {
        var by = Common(labels, before, after);
        var (sumsBefore, sumsAfter) = (Sums(before, by), Sums(after, by));
        var (worst, worstDifference, difference, total) = ((string?)null, 0d, 0d, 0d);
        var groups = sumsBefore.Keys.Union(sumsAfter.Keys).ToList();
        foreach (var group in groups)
        {
            var was = sumsBefore.GetValueOrDefault(group);
            var off = Math.Abs(was - sumsAfter.GetValueOrDefault(group));
            (difference, total) = (difference + off, total + Math.Abs(was));
            if (off > worstDifference)
            {
                (worst, worstDifference) = (group, off);
            }
        }

        return new(
            metric, seriesBefore, seriesAfter, groups.Count, by, before.Sum(v => v.Value), after.Sum(v => v.Value), ErrorPct(difference, total),
            worst, newcomers);
    }

    /// <summary>What there was nothing of before, and something after, is wrong altogether.</summary>
    public static double ErrorPct(double difference, double total) => difference == 0 ? 0 : total == 0 ? 100 : 100 * difference / total;

    private static Dictionary<string, double> Sums(IReadOnlyList<LabelledValue> values, IReadOnlyList<string> by) =>
        values.GroupBy(v => "{" + string.Join(", ", by.Select(label => $"{label}=\"{v[label]}\"")) + "}")
            .ToDictionary(g => g.Key, g => g.Sum(v => v.Value), StringComparer.Ordinal);
}
