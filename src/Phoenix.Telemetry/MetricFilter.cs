namespace Phoenix.Telemetry;

/// <summary>
/// <c>filter</c>: drops metrics and data points that match any of its conditions, as the OpenTelemetry Collector's filter
/// processor does, and counts under each condition what it dropped. A metric that loses all its points goes with them.
/// </summary>
public sealed class MetricFilter : IMetricProcessor
{
    private readonly Rule[] metricRules;
    private readonly Rule[] pointRules;
    private readonly BatchSubset passing = new();
    private readonly string name;

    /// <exception cref="FormatException">A condition cannot be read; the message quotes it and names the position.</exception>
    public MetricFilter(FilterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        name = options.Name;
        metricRules = Parse(options.MetricConditions, ofPoints: false);
        pointRules = Parse(options.DataPointConditions, ofPoints: true);
        var folds = new List<FoldRule>();
        foreach (var rule in metricRules.Concat(pointRules))
        {
            var labels = new SortedSet<string>(StringComparer.Ordinal);
            rule.Condition.AddLabels(labels);
            if (labels.Count > 0)
                folds.Add(new FoldRule(new MetricSelector(rule.Condition.MetricNames ?? ["*"]), [.. labels]));
        }

        Folds = folds;
    }

    public string Name => name;

    /// <summary>The labels that conditions select on: what they take out of a group that survives is missed there.</summary>
    public IReadOnlyList<FoldRule> Folds { get; }

    public IReadOnlyList<DroppedPoints> Dropped
    {
        get
        {
            var dropped = new List<DroppedPoints>();
            foreach (var rule in metricRules)
                dropped.Add(new DroppedPoints(rule.Name, rule.Points));
            foreach (var rule in pointRules)
                dropped.Add(new DroppedPoints(rule.Name, rule.Points));
            return dropped;
        }
    }

    public ProcessorCounters Counters { get; } = new();

    /// <summary>Conditions read the metric's name and attributes alone, so that what holds for a point holds for its stream.</summary>
    public bool Drops(scoped in BatchReader reader) => FirstThatHolds(metricRules, reader) is not null || FirstThatHolds(pointRules, reader) is not null;

    public void Process(scoped in DecodedBatch batch, long unixNanos, IBatchSink output)
    {
        ArgumentNullException.ThrowIfNull(output);
        passing.Clear();
        var dropped = false;
        var reader = batch.Read();
        while (reader.NextResource())
        {
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                    dropped |= Take(ref reader);
                passing.EndScope();
            }

            passing.EndResource();
        }

        if (!dropped)
            output.Write(batch);
        else if (!passing.IsEmpty)
            output.Write(passing.Span);
    }

    /// <summary>Does nothing: a filter holds nothing back.</summary>
    public void Flush(long unixNanos, IBatchSink output)
    {
    }

    private bool Take(ref BatchReader reader)
    {
        var rule = FirstThatHolds(metricRules, reader);
        if (reader.Type == MetricType.None && rule is null)
            passing.AddMetric(reader);
        long seen = 0, dropped = 0;
        while (reader.NextPoint())
        {
            seen++;
            var pointRule = rule ?? FirstThatHolds(pointRules, reader);
            if (pointRule is null)
            {
                passing.AddPoint(reader);
                continue;
            }

            pointRule.Points++;
            dropped++;
        }

        passing.EndMetric();
        Counters.PointsIn += seen;
        Counters.PointsOut += seen - dropped;
        return dropped > 0;
    }

    private static Rule? FirstThatHolds(Rule[] rules, scoped in BatchReader reader)
    {
        foreach (var rule in rules)
        {
            if (rule.Condition.Holds(reader))
                return rule;
        }

        return null;
    }

    private Rule[] Parse(IReadOnlyList<string> conditions, bool ofPoints)
    {
        var rules = new Rule[conditions.Count];
        for (var i = 0; i < rules.Length; i++)
            rules[i] = new Rule($"{name}: {conditions[i]}", OttlParser.Parse(conditions[i], ofPoints));
        return rules;
    }

    private sealed class Rule(string name, OttlCondition condition)
    {
        public string Name { get; } = name;

        public OttlCondition Condition { get; } = condition;

        public long Points { get; set; }
    }
}
