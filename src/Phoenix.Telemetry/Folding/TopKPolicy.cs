namespace Phoenix.Telemetry;

/// <summary>Streams whose group of label values is among the kept ones have outputs of their own; the others are folded.</summary>
internal sealed class TopKPolicy(TopKOptions options, ProcessorCounters counters) : IFoldPolicy
{
    private readonly LabelRewrite labels = new(options.Labels, options.Other, options.HostId);
    private readonly Ranking ranking = new(options);
    private readonly NativeSlab<Membership> memberships = new();

    /// <summary>A group that leaves the kept ones goes to the fold at once.</summary>
    public bool HoldsFold => true;

    public FoldPlan PlanOf(scoped in BatchReader reader)
    {
        if (!options.Metrics.Matches(reader.MetricName))
            return FoldPlan.Passing(reader, PassReason.NotSelected);
        return options.Protected.Matches(reader.MetricName)
            ? FoldPlan.Passing(reader, PassReason.Protected)
            : FoldPlan.ByType(reader, options.Gauges);
    }

    public PassReason? Route(scoped in BatchReader reader, FoldPlan plan, int stream, out FoldRoute route)
    {
        route = default;
        if (!labels.Read(reader, reader.StreamIdentity, out var tuple, out route.Fold, out route.Own, out var escapes))
            return PassReason.NoLabel;
        route.Group = route.Fold;
        route.Tag = stream >= 0 ? memberships[stream].Member : ranking.FindOrAdd(plan.Identity, tuple);
        route.IsKept = ranking[route.Tag].Kept;
        if (stream < 0 && escapes)
            counters.Escaped++;
        return null;
    }

    public void WriteResource(ProtoBuffer target, scoped in BatchReader reader, FoldPlan plan, bool own) => labels.WriteResource(target, reader, toRest: !own);

    public void WritePoint(ProtoBuffer target, scoped in BatchReader reader, FoldPlan plan, bool own) => labels.WritePoint(target, reader, toRest: !own);

    public void Admitted(int stream, FoldPlan plan, in FoldRoute route)
    {
        while (memberships.End <= stream)
            memberships.Take();
        ref var membership = ref memberships[stream];
        (membership.Member, membership.Previous, membership.Next) = (route.Tag, -1, ranking[route.Tag].FirstStream);
        if (membership.Next >= 0)
            memberships[membership.Next].Previous = stream;
        ranking[route.Tag].FirstStream = stream;
    }

    public void NotAdmitted(in FoldRoute route)
    {
        if (ranking[route.Tag].FirstStream < 0)
            ranking.Forget(route.Tag);
    }

    public void Forgotten(int stream)
    {
        ref var membership = ref memberships[stream];
        if (membership.Previous >= 0)
            memberships[membership.Previous].Next = membership.Next;
        else
            ranking[membership.Member].FirstStream = membership.Next;
        if (membership.Next >= 0)
            memberships[membership.Next].Previous = membership.Previous;
        if (ranking[membership.Member].FirstStream < 0)
            ranking.Forget(membership.Member);
    }

    public void Grew(int stream, double increment, long unixNanos) => ranking.AddWeight(memberships[stream].Member, increment, unixNanos);

    public void Weigh(int stream, double level) => ranking[memberships[stream].Member].Level += Math.Abs(level);

    public void Save(StateWriter state)
    {
        memberships.Save(state);
        ranking.Save(state);
    }

    public void Restore(StateReader state)
    {
        memberships.Restore(state);
        ranking.Restore(state);
    }

    /// <summary>Who is kept from now on.</summary>
    public void Decide(FoldEngine engine, long unixNanos)
    {
        ranking.ClearLevels();
        engine.WeighLevels();
        ranking.Decide(unixNanos, member => Moved(engine, member));
        for (var i = 0; i < engine.End; i++)
        {
            if (engine.IsInUse(i) && !engine.IsApart(i) && !ranking[memberships[i].Member].Kept)
                engine.ReleaseFold(i);
        }
    }

    private void Moved(FoldEngine engine, int member)
    {
        var kept = ranking[member].Kept;
        for (var stream = ranking[member].FirstStream; stream >= 0; stream = memberships[stream].Next)
        {
            if (kept)
                engine.Reroute(stream);
            else
                engine.MoveToFold(stream);
        }
    }

    private struct Membership
    {
        public int Member;
        public int Next;
        public int Previous;
    }
}
