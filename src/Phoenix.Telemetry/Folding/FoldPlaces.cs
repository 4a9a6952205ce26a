namespace Phoenix.Telemetry;

/// <summary>Which output each stream goes to, from its first point over every move until it is forgotten.</summary>
internal sealed class FoldPlaces(IFoldPolicy policy, StreamTable streams, FoldOutputs outputs, ProcessorCounters counters, FoldEngineOptions options)
{
    /// <summary>Gives a new stream its output.</summary>
    public void Place(ref BatchReader reader, in DecodedPoint point, FoldPlan plan, int number, in FoldRoute route, ulong time)
    {
        if (policy.HoldsFold)
        {
            var isNew = outputs.Find(route.Fold) < 0;
            var held = outputs.FindOrAdd(reader, plan, route.Fold, route.Group, own: false, time, since: 0);
            if (isNew)
                outputs.Hold(held);

            outputs[held].Inputs++;
        }

        var output = Target(ref reader, plan, route, time, since: 0);
        streams[number].Output = output;
        Enter(output);
        if (plan.Kind.IsDelta() && outputs[output].LastEmitted == 0 && point.StartUnixNanos != 0)
            outputs[output].Start = Math.Min(outputs[output].Start, point.StartUnixNanos);
    }

    /// <summary>Sees to it that the stream's output has its bounds.</summary>
    /// <returns>False where it cannot: an output under the same name has others.</returns>
    public bool FindBounds(ref BatchReader reader, int index, scoped in PointFields fields, FoldPlan plan, int number, ulong time)
    {
        ref var stream = ref streams[number];
        if (HasBounds(stream.Output, fields))
            return true;
        reader.MoveTo(index);
        ref var output = ref outputs[stream.Output];
        var isAlone = output.Inputs == 1 && !IsHeld(stream.Output);
        if (isAlone)
        {
            var (key, group, own) = (output.Key, outputs.GroupKeyOf(stream.Output), output.Has(OutputFlags.Own));
            var replaced = stream.Output;
            outputs.Replace(replaced);
            stream.Output = outputs.FindOrAdd(reader, plan, key, group, own, time, stream.FreshFrom);
            outputs[replaced].Inputs--;
            outputs[stream.Output].Inputs++;
            return HasBounds(stream.Output, fields);
        }

        policy.Route(reader, plan, number, out var route);
        if (route.Own == route.Fold)
            return false;
        if (!stream.Has(StreamFlags.Apart))
            counters.Apart++;
        stream.Set(StreamFlags.Apart, true);
        Move(ref stream, outputs.FindOrAdd(reader, plan, route.Own, route.Group, own: true, time, stream.FreshFrom));
        return HasBounds(stream.Output, fields);
    }

    public void Reroute(ref BatchReader reader, FoldPlan plan, int number, ulong time)
    {
        ref var stream = ref streams[number];
        stream.Set(StreamFlags.Reroute, false);
        if (policy.Route(reader, plan, number, out var route) is not null)
            return;
        if (stream.Has(StreamFlags.Apart) && !route.IsKept)
        {
            // Back into the fold only where that is gone or has taken on the stream's bounds.
            var fold = outputs.Find(route.Fold);
            if (fold >= 0 && fold != stream.Output && outputs[fold].Distribution >= 0 && outputs[stream.Output].Distribution >= 0
                && !outputs.Explicit[outputs[fold].Distribution].SameBounds(outputs.Explicit[outputs[stream.Output].Distribution]))
            {
                return;
            }

            stream.Set(StreamFlags.Apart, false);
        }

        Move(ref stream, Target(ref reader, plan, route, time, stream.FreshFrom));
    }

    /// <summary>
    /// The stream goes back to the fold of its group, without a point at hand: its own output ends, later increments go to the
    /// fold. Does nothing where it is there already or has bounds of its own.
    /// </summary>
    public void MoveToFold(int number)
    {
        ref var stream = ref streams[number];
        var held = outputs.HeldOf(stream.Output);
        if (held < 0 || held == stream.Output || stream.Has(StreamFlags.Apart))
            return;
        ref var fold = ref outputs[held];
        ref var own = ref outputs[stream.Output];
        if (outputs.MetricOf(held).Plan.Kind.IsExplicit() && fold.Distribution >= 0 && own.Distribution >= 0
            && !outputs.Explicit[own.Distribution].SameBounds(outputs.Explicit[fold.Distribution]))
        {
            stream.Set(StreamFlags.Apart, true);
            return;
        }

        Move(ref stream, held);
    }

    /// <summary>A level that is no longer fresh is no longer part of its output.</summary>
    public void LeaveFold(ref StreamEntry stream)
    {
        if (!stream.Has(StreamFlags.InFold))
            return;
        stream.Set(StreamFlags.InFold, false);
        Touch(stream.Output, outputs.WatermarkOf(stream.Output));
    }

    public void Leave(int output)
    {
        if (!IsHeld(output) && --outputs[output].Inputs == 0)
            outputs.Retire(output);
    }

    public void Touch(int number, ulong time)
    {
        ref var output = ref outputs[number];
        output.Newest = Math.Max(output.Newest, time);
        output.Set(OutputFlags.Dirty, true);
        if (!output.Has(OutputFlags.Level))
            output.Set(OutputFlags.Ends, false);
    }

    private int Target(ref BatchReader reader, FoldPlan plan, in FoldRoute route, ulong time, ulong since) => route.IsKept
        ? outputs.FindOrAdd(reader, plan, route.Own, route.Group, own: true, time, since)
        : outputs.FindOrAdd(reader, plan, route.Fold, route.Group, own: false, time, since);

    private void Move(ref StreamEntry stream, int target)
    {
        var from = stream.Output;
        if (from == target)
            return;
        Enter(target);
        stream.Output = target;
        if (stream.Has(StreamFlags.InFold))
        {
            // Both are told in one flush: the value where it went, and that it is no longer where it was.
            Touch(from, outputs.WatermarkOf(from));
            Touch(target, stream.FreshFrom);
        }

        if (options.TellsBeginAndEnd && outputs[from].Inputs == 1 && !outputs[from].Has(OutputFlags.Level))
            outputs[from].Set(OutputFlags.Ends, true);
        Leave(from);
    }

    private void Enter(int output)
    {
        if (!IsHeld(output))
            outputs[output].Inputs++;
    }

    // A held fold counts the streams that hold it, wherever they go.
    private bool IsHeld(int output) => policy.HoldsFold && outputs.HeldOf(output) == output;

    private bool HasBounds(int number, scoped in PointFields fields)
    {
        ref var output = ref outputs[number];
        if (output.Distribution >= 0)
            return outputs.Explicit[output.Distribution].SameBounds(fields);
        output.Distribution = outputs.Explicit.Take();
        outputs.Explicit[output.Distribution].Begin(fields);
        return true;
    }
}
