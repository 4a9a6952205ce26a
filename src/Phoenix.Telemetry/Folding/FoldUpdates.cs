namespace Phoenix.Telemetry;

/// <summary>Applies points to tracked streams and hands what is new in them to the stream's output.</summary>
internal sealed class FoldUpdates(
    IFoldPolicy policy, StreamTable streams, FoldOutputs outputs, InputStates inputs, FoldPlaces places, ProcessorCounters counters, ulong stalenessNanos)
{
    /// <summary>Streams known from before a restart or a reload that have not come again.</summary>
    public int Resuming { get; private set; }

    /// <summary>
    /// Goes on from what is held, before whoever has not seen it come about: counters are written once more, so that it is known
    /// where they stand, and the watch begins anew.
    /// </summary>
    public void Resume()
    {
        Resuming = 0;
        inputs.WatchAnew();
        for (var i = 0; i < streams.End; i++)
        {
            if (!streams[i].Has(StreamFlags.InUse))
                continue;
            streams[i].Set(StreamFlags.Resumed, true);
            Resuming++;
        }

        for (var i = 0; i < outputs.End; i++)
        {
            ref var output = ref outputs[i];
            if (output.LastEmitted != 0 && output.Has(OutputFlags.InUse) && !output.Has(OutputFlags.Level | OutputFlags.Ended | OutputFlags.Retired)
                && !outputs.MetricOf(i).Plan.Kind.IsDelta())
            {
                output.Set(OutputFlags.Dirty, true);
            }
        }
    }

    /// <returns>Null, or why the point passes instead.</returns>
    public PassReason? Apply(
        ref BatchReader reader, in DecodedPoint point, int index, scoped in PointFields fields, FoldPlan plan, int number, long unixNanos)
    {
        ref var stream = ref streams[number];
        if (plan.Kind.IsDelta() ? inputs.IsRepeated(stream, point) : inputs.IsOld(stream, point))
            return null;
        var time = SenderClock.Bound(point.UnixNanos, unixNanos);
        outputs.Advance(stream.Output, time);
        var arrival = (uint)(unixNanos / 1_000_000_000);
        if (InputStates.IsEmpty(plan.Kind, point))
        {
            stream.SeenAt = arrival;
            EndResume(ref stream);
            TakeEmpty(ref stream, point, time);
            return null;
        }

        if (stream.Has(StreamFlags.Reroute | StreamFlags.Apart | StreamFlags.Resumed))
        {
            EndResume(ref stream);
            if (stream.Has(StreamFlags.Reroute | StreamFlags.Apart))
            {
                reader.MoveTo(index);
                places.Reroute(ref reader, plan, number, time);
            }
        }

        if (plan.Kind.IsExplicit() && !places.FindBounds(ref reader, index, fields, plan, number, time))
            return PassReason.OtherBounds;
        var grew = inputs.Take(ref stream, point, fields, plan.Kind);
        places.Touch(stream.Output, time);
        inputs.Remember(ref stream, point, plan.Kind, arrival);
        if (grew is { } growth && plan.Kind != FoldKind.Level)
        {
            outputs[stream.Output].Set(OutputFlags.Held, false);
            policy.Grew(number, growth, unixNanos);
        }

        return null;
    }

    /// <summary>Forgets a stream; what it added stays.</summary>
    public void Forget(int number)
    {
        ref var stream = ref streams[number];
        EndResume(ref stream);
        places.LeaveFold(ref stream);
        var held = policy.HoldsFold ? outputs.HeldOf(stream.Output) : -1;
        var kind = outputs.MetricOf(stream.Output).Plan.Kind;
        places.Leave(stream.Output);
        if (held >= 0 && --outputs[held].Inputs == 0)
            outputs.Retire(held);
        inputs.Forget(stream, kind);
        policy.Forgotten(number);
        streams.Remove(number);
    }

    public void WeighLevels()
    {
        for (var i = 0; i < streams.End; i++)
        {
            ref var stream = ref streams[i];
            if (!stream.Has(StreamFlags.Level))
                continue;
            if (IsFresh(stream))
                policy.Weigh(i, stream.Number);
            else
                places.LeaveFold(ref stream);
        }
    }

    public void FoldLevels()
    {
        for (var i = 0; i < streams.End; i++)
        {
            ref var stream = ref streams[i];
            if (!stream.Has(StreamFlags.Level))
                continue;
            ref var output = ref outputs[stream.Output];
            if (!output.Has(OutputFlags.Dirty) || !IsFresh(stream))
                continue;
            var value = stream.Number;
            ref var level = ref outputs.Levels[output.Distribution];
            if (level.Fresh++ == 0)
                level.Extreme = value;
            var isSmallest = outputs.MetricOf(stream.Output).Plan.Function == GaugeFold.Min;
            level.Extreme = isSmallest ? Math.Min(level.Extreme, value) : Math.Max(level.Extreme, value);
            if (stream.Has(StreamFlags.Integer))
                output.Total.Add((long)stream.ValueBits);
            else
                output.Total.Add(value);
        }
    }

    /// <summary>A level counts while it is within the staleness limit of the newest point of its group.</summary>
    private bool IsFresh(in StreamEntry stream) =>
        stream.Has(StreamFlags.Value) && outputs.WatermarkOf(stream.Output) <= stream.FreshFrom + stalenessNanos;

    private void TakeEmpty(ref StreamEntry stream, in DecodedPoint point, ulong time)
    {
        counters.NoRecordedValue++;
        if (stream.Has(StreamFlags.Level))
        {
            stream.Set(StreamFlags.Value, false);
            stream.LastTime = point.UnixNanos;
            places.LeaveFold(ref stream);
            return;
        }

        ref var output = ref outputs[stream.Output];
        if (!output.Has(OutputFlags.Own))
            return;
        output.Set(OutputFlags.Ends, true);
        output.Newest = Math.Max(output.Newest, time);
    }

    private void EndResume(ref StreamEntry stream)
    {
        if (!stream.Has(StreamFlags.Resumed))
            return;
        stream.Set(StreamFlags.Resumed, false);
        Resuming--;
    }
}
