using System.Text;

namespace Phoenix.Telemetry;

/// <summary>The first rule that fits a stream says which labels it loses; what has become equal is one output.</summary>
internal sealed class AggregatePolicy(AggregateOptions options) : IFoldPolicy
{
    private readonly Rule[] rules = [.. options.Rules.Select(rule => new Rule(rule))];
    private readonly HostStamp host = new(options.Gateway ? null : options.HostId);

    public bool HoldsFold => false;

    public FoldPlan PlanOf(scoped in BatchReader reader)
    {
        var fitting = new List<Rule>();
        foreach (var rule in rules)
        {
            if (rule.Fits(reader))
                fitting.Add(rule);
        }

        if (fitting.Count == 0)
            return FoldPlan.Passing(reader, PassReason.NotSelected);
        return options.Protected.Matches(reader.MetricName)
            ? FoldPlan.Passing(reader, PassReason.Protected)
            : FoldPlan.ByType(reader, options.Gauges, fitting.ToArray());
    }

    public PassReason? Route(scoped in BatchReader reader, FoldPlan plan, int stream, out FoldRoute route)
    {
        route = default;
        if (RuleFor(reader, plan) is not { } chosen)
            return PassReason.NotSelected;
        route.Own = reader.StreamIdentity + host.AddedTo(reader);
        (route.Fold, route.Group) = (route.Own, route.Own);
        var field = Attributes.FieldOf(reader.Type);
        var attributes = new Attributes(reader.Point, field);
        while (attributes.Next())
            TakeOut(attributes.Current, plan, chosen, ofResource: false, ref route);
        var ofResource = new Attributes(reader.Resource, Attributes.OfResource);
        while (ofResource.Next())
        {
            if (!Attributes.TryFind(reader.Point, field, ofResource.Current.Key, out _))
                TakeOut(ofResource.Current, plan, chosen, ofResource: true, ref route);
        }

        return null;
    }

    public void WriteResource(ProtoBuffer target, scoped in BatchReader reader, FoldPlan plan, bool own)
    {
        var rule = own ? null : RuleFor(reader, plan);
        ResourceEdit.Write(target, reader, host, new Without(rule, rule is not null && LosesResourceLabel(reader, rule)));
    }

    public void WritePoint(ProtoBuffer target, scoped in BatchReader reader, FoldPlan plan, bool own)
    {
        var rule = own ? null : RuleFor(reader, plan);
        var attributes = new Attributes(reader.Point, Attributes.FieldOf(reader.Type));
        while (attributes.Next())
        {
            if (rule is null || !rule.Drops(attributes.Current.Key, ofResource: false))
                target.Append(attributes.Current.Raw);
        }
    }

    public void Admitted(int stream, FoldPlan plan, in FoldRoute route)
    {
    }

    public void Forgotten(int stream)
    {
    }

    public void Grew(int stream, double increment, long unixNanos)
    {
    }

    public void Weigh(int stream, double level)
    {
    }

    public void Save(StateWriter state)
    {
    }

    public void Restore(StateReader state)
    {
    }

    private static Rule? RuleFor(scoped in BatchReader reader, FoldPlan plan)
    {
        foreach (var rule in (Rule[])plan.State!)
        {
            if (rule.Holds(reader))
                return rule;
        }

        return null;
    }

    private static void TakeOut(in AttributeField attribute, FoldPlan plan, Rule chosen, bool ofResource, ref FoldRoute route)
    {
        var isGroupLabel = true;
        foreach (var rule in (Rule[])plan.State!)
            isGroupLabel &= !rule.Drops(attribute.Key, ofResource);
        if (isGroupLabel)
            return;
        var identity = Identity.OfAttribute(attribute, ofResource);
        route.Group -= identity;
        if (chosen.Drops(attribute.Key, ofResource))
            route.Fold -= identity;
    }

    private static bool LosesResourceLabel(scoped in BatchReader reader, Rule rule)
    {
        var attributes = new Attributes(reader.Resource, Attributes.OfResource);
        while (attributes.Next())
        {
            if (rule.Drops(attributes.Current.Key, ofResource: true))
                return true;
        }

        return false;
    }

    private readonly struct Without(Rule? rule, bool losesSome) : IResourceEdit
    {
        public bool JoinsResources => losesSome;

        public void Write(ProtoBuffer target, scoped in BatchReader reader, in AttributeField attribute)
        {
            if (rule is null || !rule.Drops(attribute.Key, ofResource: true) || !ResourceEdit.IsOfResource(reader, attribute.Key))
                target.Append(attribute.Raw);
        }
    }

    private sealed class Rule(AggregateRule rule)
    {
        private readonly byte[][] labels = [.. (rule.Keep ?? rule.Drop).Select(Encoding.UTF8.GetBytes)];
        private readonly OttlCondition[] conditions = [.. rule.Where.Select(condition => OttlParser.Parse(condition, ofPoints: true))];

        public bool Fits(scoped in BatchReader reader) => rule.Metrics.Matches(reader.MetricName) && (rule.Types.Count == 0 || rule.Types.Contains(reader.Type));

        public bool Holds(scoped in BatchReader reader)
        {
            foreach (var condition in conditions)
            {
                if (!condition.Holds(reader))
                    return false;
            }

            return true;
        }

        public bool Drops(ReadOnlySpan<byte> key, bool ofResource)
        {
            if (rule.Keep is not null && ofResource)
                return false;
            foreach (var label in labels)
            {
                if (key.SequenceEqual(label))
                    return rule.Keep is null;
            }

            return rule.Keep is not null;
        }
    }
}
