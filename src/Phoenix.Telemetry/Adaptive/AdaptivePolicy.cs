namespace Phoenix.Telemetry;

/// <summary>
/// A stream belongs where its identity without the labels leads that its metric has folded now; one that is shown because it is
/// anomalous keeps all its labels. Of a label of the point and one of the same name of its resource, the point's is folded.
/// </summary>
internal sealed class AdaptivePolicy(AdaptiveOptions options, AdaptiveControl control) : IFoldPolicy
{
    private readonly HostStamp host = new(options.HostId);

    public bool HoldsFold => false;

    public FoldPlan PlanOf(scoped in BatchReader reader) => control.Metric(reader).Plan;

    public PassReason? Route(scoped in BatchReader reader, FoldPlan plan, int stream, out FoldRoute route)
    {
        route = default;
        if (!control.IsSelected(reader))
            return PassReason.NotSelected;
        var metric = control.Metric(reader);
        route.Own = reader.StreamIdentity + host.AddedTo(reader);
        (route.Fold, route.Group) = (route.Own, route.Own);
        var hasAny = false;
        var keys = metric.Contribution.Keys;
        for (var label = 0; label < keys.Count; label++)
        {
            var ofResource = !Attributes.TryFind(reader.Point, Attributes.FieldOf(reader.Type), keys[label], out var attribute);
            if (ofResource && (options.Labels is null || !Attributes.TryFind(reader.Resource, Attributes.OfResource, keys[label], out attribute)))
                continue;
            hasAny = true;
            var identity = Identity.OfAttribute(attribute, ofResource);
            route.Group -= identity;
            if (metric.Folded.Has(label))
                route.Fold -= identity;
        }

        route.IsKept = route.Fold != route.Own && control.IsShown(reader.StreamIdentity);
        return hasAny ? null : PassReason.NoLabel;
    }

    public void WriteResource(ProtoBuffer target, scoped in BatchReader reader, FoldPlan plan, bool own)
    {
        var metric = control.Metric(reader);
        ResourceEdit.Write(target, reader, host, new Without(metric, !own && LosesResourceLabel(metric, reader)));
    }

    public void WritePoint(ProtoBuffer target, scoped in BatchReader reader, FoldPlan plan, bool own)
    {
        var metric = control.Metric(reader);
        var attributes = new Attributes(reader.Point, Attributes.FieldOf(reader.Type));
        while (attributes.Next())
        {
            if (own || !IsFolded(metric, attributes.Current.Key))
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

    public void Save(StateWriter state) => control.Save(state);

    public void Restore(StateReader state) => control.Restore(state);

    private bool LosesResourceLabel(AdaptiveMetric metric, scoped in BatchReader reader)
    {
        if (options.Labels is null || metric.Folded.IsEmpty)
            return false;
        var attributes = new Attributes(reader.Resource, Attributes.OfResource);
        while (attributes.Next())
        {
            if (Loses(metric, reader, attributes.Current.Key))
                return true;
        }

        return false;
    }

    private static bool Loses(AdaptiveMetric metric, scoped in BatchReader reader, ReadOnlySpan<byte> key) =>
        IsFolded(metric, key) && ResourceEdit.IsOfResource(reader, key);

    private static bool IsFolded(AdaptiveMetric metric, ReadOnlySpan<byte> key)
    {
        var label = metric.Folded.IsEmpty ? -1 : metric.Contribution.Find(key);
        return label >= 0 && metric.Folded.Has(label);
    }

    private readonly struct Without(AdaptiveMetric metric, bool losesSome) : IResourceEdit
    {
        public bool JoinsResources => losesSome;

        public void Write(ProtoBuffer target, scoped in BatchReader reader, in AttributeField attribute)
        {
            if (!losesSome || !Loses(metric, reader, attribute.Key))
                target.Append(attribute.Raw);
        }
    }
}
