namespace Phoenix.Telemetry;

/// <summary>
/// The ledger oracle: increments into and out of every surviving label group (the stream's identity without the labels
/// that the pipeline may fold), over the epoch. Written apart from the reducers on purpose: only the decoder and the hashes
/// are shared, so that an error in a reducer's arithmetic is not repeated here.
/// </summary>
/// <remarks>
/// <para>Counted are numbers, counts, buckets (explicit ones per set of bounds, exponential ones at the lowest scale seen) and
/// sums. Of one group the largest error counts.</para>
/// <para>Levels, that is UpDownCounters and gauges, are compared by the function that folds them over their fresh values at
/// the cut; they are no increments and appear among the groups and as the worst group only.</para>
/// <para>A group that never came out is excused where a named rule drops every stream that went into it. A group one of whose
/// streams found no place is void: not compared, and counted.</para>
/// </remarks>
internal sealed class Ledger
{
    private readonly ArmMeterOptions options;
    private readonly MeteredMetrics metrics;
    private readonly ulong stalenessNanos;
    private readonly IdentitySlab<StreamRecord> inputs, outputs;
    private readonly IdentitySlab<LedgerGroup> groups = new();
    private readonly LedgerNames names = new();
    private readonly LedgerArithmetic arithmetic;
    private readonly LevelFolds levels = new();
    private ulong newestIn, newestOut;
    private bool groupsLost;
    private long closedGroups, closedIncrements;
    private double closedIn, closedOut, closedError;

    public Ledger(ArmMeterOptions options, MeteredMetrics metrics, IdentitySlab<StreamRecord> inputs, IdentitySlab<StreamRecord> outputs)
    {
        (this.options, this.metrics, this.inputs, this.outputs) = (options, metrics, inputs, outputs);
        stalenessNanos = (ulong)(options.StalenessSeconds * 1e9);
        arithmetic = new LedgerArithmetic(stalenessNanos, inputs);
    }

    /// <summary>Bytes of groups outside the managed heap.</summary>
    public long AllocatedBytes => groups.AllocatedBytes;

    /// <returns>False where there is no place for the stream's group.</returns>
    public bool Observe(
        scoped in BatchReader reader, scoped in LedgerPoint point, ref StreamRecord stream, MeteredMetric metric, long arrival, bool isInput)
    {
        if (isInput)
            arithmetic.Watch(point.UnixNanos, arrival);
        if (stream.Group == 0 && !Join(reader, ref stream, metric, isInput))
            return false;
        ref var group = ref groups[stream.Group - 1];
        if ((group.State & GroupState.WantsName) != 0)
            Name(reader, stream.Group - 1, metric);
        var time = SenderClock.Bound(point.UnixNanos, arrival);
        if (!arithmetic.Take(ref stream, ref group, point, metric.Kind, isInput, time, metric.CountsFirst))
            return true;
        ref var ofGroup = ref isInput ? ref group.NewestIn : ref group.NewestOut;
        ref var ofAll = ref isInput ? ref newestIn : ref newestOut;
        ofGroup = Math.Max(ofGroup, time);
        ofAll = Math.Max(ofAll, time);
        return true;
    }

    /// <summary>A stream that cannot be followed leaves its group void: what it adds will be missing on one side for good.</summary>
    public void Void(scoped in BatchReader reader, MeteredMetric metric)
    {
        var number = GroupOf(reader, reader.StreamIdentity, metric);
        if (number >= 0)
            groups[number].State |= GroupState.Void;
    }

    public LedgerResult Close()
    {
        SumLevels();
        var (count, increments, totalIn, totalOut, totalError) = (closedGroups, closedIncrements, closedIn, closedOut, closedError);
        long voids = 0;
        var (worst, worstError, worstAspect) = (-1, 0.0, default(string));
        for (var i = 0; i < groups.End; i++)
        {
            ref var group = ref groups[i];
            if (!group.InUse)
                continue;
            if ((group.State & GroupState.Void) != 0)
            {
                voids++;
                continue;
            }

            var metric = metrics[group.Metric];
            if (!metric.IsCompared || group.IsExcused)
                continue;
            count++;
            var (error, aspect) = ErrorOf(group, metric);
            if (error > 0 && !names.Has(i))
                group.State |= GroupState.WantsName;
            if (error > worstError)
                (worst, worstError, worstAspect) = (i, error, aspect);
            if (metric.Kind == LedgerKind.Level)
                continue;
            increments += group.Increments;
            totalIn += group.In;
            totalOut += group.Out;
            totalError += Weighted(error, group);
        }

        levels.Clear();
        var errorPct = totalError == 0 ? 0 : totalIn == 0 ? 100 : 100 * totalError / Math.Abs(totalIn);
        var worstMetric = worst < 0 ? null : metrics[groups[worst].Metric];
        return new LedgerResult(
            count, increments, totalIn, totalOut, errorPct, worstMetric is null ? null : names.Of(worst, worstMetric), worstMetric?.Name,
            100 * worstError, DroppedByRule())
        {
            WorstAspect = worstAspect,
            VoidGroups = voids,
        };
    }

    /// <summary>
    /// Forgets what was silent for twice the staleness limit: a stream that returns after this long sets a base anyway. A
    /// counter of our own may rest for longer while its inputs live: it goes on from where it was.
    /// </summary>
    public void Forget(int window)
    {
        for (var i = 0; i < inputs.End; i++)
        {
            ref var stream = ref inputs[i];
            if (!IsGone(stream, window, newestIn))
                continue;
            groups[stream.Group - 1].StreamsIn--;
            Drop(ref stream);
        }

        for (var i = 0; i < outputs.End; i++)
        {
            ref var stream = ref outputs[i];
            if (!IsGone(stream, window, newestOut) || (stream.Has(StreamState.Own) && groups[stream.Group - 1].StreamsIn > 0))
                continue;
            groups[stream.Group - 1].StreamsOut--;
            Drop(ref stream);
        }
    }

    public void BeginWindow() => arithmetic.BeginWindow();

    /// <summary>
    /// Compares anew from here: where each stream stands on either side stays known, what was counted before is not compared any
    /// more. For when what went in up to now has come out, and both began at different times.
    /// </summary>
    public void Settle()
    {
        (closedGroups, closedIncrements, closedIn, closedOut, closedError) = (0, 0, 0, 0, 0);
        for (var i = 0; i < groups.End; i++)
        {
            ref var group = ref groups[i];
            if (!group.InUse)
                continue;
            arithmetic.Forget(group);
            group.Clear();
        }
    }

    private (double Error, string Aspect) ErrorOf(in LedgerGroup group, MeteredMetric metric)
    {
        if (metric.Kind == LedgerKind.Level && metric.Fold != GaugeFold.Sum)
            return (levels.ErrorOf(group.Identity, metric.Fold), "level");
        var (error, aspect) = (group.RelativeError, metric.Kind == LedgerKind.Level ? "level" : "increments");
        if (group.Distribution == 0)
            return (error, aspect);
        var balance = arithmetic.BalanceOf(group);
        var moved = balance.Moved is var observations and > 0 ? group.In == 0 ? 1 : observations / Math.Abs(group.In) : 0;
        if (moved > error)
            (error, aspect) = (moved, "buckets");
        return balance.SumError > error ? (balance.SumError, "sum") : (error, aspect);
    }

    // A share of what went in, in the unit of increments; where nothing went in, what came out.
    private static double Weighted(double error, in LedgerGroup group) => error * Math.Abs(group.In == 0 ? group.Out : group.In);

    private bool Join(scoped in BatchReader reader, ref StreamRecord stream, MeteredMetric metric, bool isInput)
    {
        var number = GroupOf(reader, stream.Identity, metric);
        if (number < 0)
            return false;
        stream.Group = number + 1;
        ref var group = ref groups[number];
        if (!isInput)
        {
            group.StreamsOut++;
            group.State |= GroupState.SeenOut;
            return true;
        }

        group.StreamsIn++;
        if ((group.State & GroupState.HasToComeOut) == 0 && !IsDroppedByRule(reader))
            group.State |= GroupState.HasToComeOut;
        return true;
    }

    private int GroupOf(scoped in BatchReader reader, UInt128 identity, MeteredMetric metric)
    {
        var key = identity;
        if (metric.MayFold)
        {
            key -= OfFolded(reader.Resource, Attributes.OfResource, metric, ofResource: true);
            key -= OfFolded(reader.Point, Attributes.FieldOf(reader.Type), metric, ofResource: false);
        }

        // With or without the processor's host.id it is the same group: what was folded left with it.
        if (metric.AddedHostId != 0 && !Attributes.TryFind(reader.Resource, Attributes.OfResource, "host.id"u8, out _))
            key += metric.AddedHostId;
        var number = groups.Find(key);
        if (number >= 0)
            return number;
        if (groups.Count >= options.MaxStreams || metric.Number < 0)
        {
            groupsLost = true;
            return -1;
        }

        number = groups.Add(key);
        groups[number].Metric = metric.Number;

        // Part of what it should hold may have come while there was no place for it.
        groups[number].State |= groupsLost ? GroupState.Void : 0;
        if (metric.MayFold)
            names.Set(number, metric, reader);
        return number;
    }

    private static UInt128 OfFolded(ReadOnlySpan<byte> owner, int field, MeteredMetric metric, bool ofResource)
    {
        UInt128 sum = 0;
        var attributes = new Attributes(owner, field);
        while (attributes.Next())
        {
            if (metric.Folds(attributes.Current.Key, ofResource))
                sum += Identity.OfAttribute(attributes.Current, ofResource);
        }

        return sum;
    }

    private void Name(scoped in BatchReader reader, int group, MeteredMetric metric)
    {
        names.Set(group, metric, reader);
        groups[group].State &= ~GroupState.WantsName;
    }

    private void SumLevels()
    {
        for (var i = 0; i < groups.End; i++)
        {
            ref var group = ref groups[i];
            if (group.InUse && metrics[group.Metric].Kind == LedgerKind.Level)
                group.ClearLevel();
        }

        SumLevels(inputs, isInput: true);
        SumLevels(outputs, isInput: false);
    }

    private void SumLevels(IdentitySlab<StreamRecord> side, bool isInput)
    {
        for (var i = 0; i < side.End; i++)
        {
            ref var stream = ref side[i];
            if (stream.Group == 0 || !stream.Has(StreamState.HasValue))
                continue;
            ref var group = ref groups[stream.Group - 1];
            var metric = metrics[group.Metric];
            if (metric.Kind != LedgerKind.Level || (isInput ? group.NewestIn : group.NewestOut) > stream.FreshFrom + stalenessNanos)
                continue;
            if (metric.Fold != GaugeFold.Sum)
                levels.Add(group.Identity, isInput, stream.Number);
            else if (stream.Has(StreamState.Integer))
                group.Add(isInput, (long)stream.Bits);
            else
                group.Add(isInput, stream.Number);
        }
    }

    private bool IsDroppedByRule(scoped in BatchReader reader)
    {
        foreach (var processor in options.Processors)
        {
            if (processor.Drops(reader))
                return true;
        }

        return false;
    }

    private List<DroppedPoints> DroppedByRule()
    {
        var dropped = new List<DroppedPoints>();
        foreach (var processor in options.Processors)
            dropped.AddRange(processor.Dropped);
        return dropped;
    }

    private bool IsGone(in StreamRecord stream, int window, ulong newest) =>
        stream.Group != 0 && stream.Window != window && newest > stream.FreshFrom + (2 * stalenessNanos);

    private void Drop(ref StreamRecord stream)
    {
        var number = stream.Group - 1;
        arithmetic.Forget(ref stream);
        stream.Group = 0;
        ref var group = ref groups[number];
        if (group.StreamsIn > 0 || group.StreamsOut > 0)
            return;
        var metric = metrics[group.Metric];
        if (metric.Kind != LedgerKind.Level && !group.IsExcused && (group.State & GroupState.Void) == 0)
        {
            closedGroups++;
            closedIncrements += group.Increments;
            closedIn += group.In;
            closedOut += group.Out;
            closedError += Weighted(ErrorOf(group, metric).Error, group);
        }

        arithmetic.Forget(group);
        names.Forget(number);
        groups.Remove(number);
    }
}
