namespace Phoenix.Telemetry;

/// <summary>
/// The ledger oracle: increments into and out of every surviving label group (the stream's identity without the labels
/// that the pipeline may fold), over the epoch.
/// </summary>
/// <remarks>
/// <para>Input: the first sample of a stream is a base and contributes nothing (as with <c>increase()</c>); resets show by a
/// later start time, then by a falling value, count or bucket.</para>
/// <para>Output: a stream whose identity and start time are an input's is passed through, and the input's rule holds. Any other
/// with a known start inside our watch counts from zero; with an unknown or older start it begins at a base.</para>
/// <para>UpDownCounters, and gauges that are not folded by another function, are compared by the sum of their fresh values at
/// the cut; they are no increments and appear among the groups and as the worst group only.</para>
/// <para>A group that never came out is excused where a named rule drops every stream that went into it.</para>
/// </remarks>
internal sealed class Ledger
{
    // Clocks of a counter and of its sender differ a little; a counter as old as our first point is ours.
    private const ulong WatchTolerance = 1_000_000_000;

    private readonly ArmMeterOptions options;
    private readonly ulong stalenessNanos;
    private readonly LedgerSide input;
    private readonly LedgerSide output;
    private readonly Slab<GroupSlot> groups = new();
    private readonly IdentityTable index = new();
    private ulong watchedFrom = ulong.MaxValue;
    private int window = 1;
    private (long Groups, long Increments, double In, double Out, double Error) closed;

    public Ledger(ArmMeterOptions options)
    {
        this.options = options;
        stalenessNanos = (ulong)(options.StalenessSeconds * 1e9);
        input = new LedgerSide(true, options.MaxStreams, stalenessNanos);
        output = new LedgerSide(false, options.MaxStreams, stalenessNanos);
    }

    public long Untracked => input.Untracked + output.Untracked;

    public void ObserveInput(scoped in BatchReader reader, scoped in PointFields point, UInt128 identity, MeteredMetric metric, long arrival)
    {
        if (point.UnixNanos != 0)
            watchedFrom = Math.Min(watchedFrom, Math.Min(point.UnixNanos, (ulong)arrival));
        Observe(input, reader, point, identity, metric, arrival);
    }

    public void ObserveOutput(scoped in BatchReader reader, scoped in PointFields point, UInt128 identity, MeteredMetric metric, long arrival) =>
        Observe(output, reader, point, identity, metric, arrival);

    public LedgerResult Close()
    {
        SumLevels();
        var (count, increments, totalIn, totalOut, error) = closed;
        LedgerGroup? worst = null;
        double worstError = 0;
        for (var i = 0; i < groups.End; i++)
        {
            if (groups[i].Group is not { } group || !group.Metric.ComparesLevels || IsExcused(group))
                continue;
            count++;
            var relative = group.RelativeError;
            if (relative > worstError)
                (worst, worstError) = (group, relative);
            if (group.Kind == LedgerKind.Level)
                continue;
            increments += group.Increments;
            totalIn += group.In;
            totalOut += group.Out;
            error += group.Error;
        }

        var errorPct = error == 0 ? 0 : totalIn == 0 ? 100 : 100 * error / Math.Abs(totalIn);
        return new LedgerResult(count, increments, totalIn, totalOut, errorPct, worst?.Name, worst?.Metric.Name, 100 * worstError, DroppedByRule());
    }

    public void BeginWindow()
    {
        Forget(input, output);
        window++;
        (input.Untracked, output.Untracked) = (0, 0);
    }

    private void Observe(
        LedgerSide side, scoped in BatchReader reader, scoped in PointFields point, UInt128 identity, MeteredMetric metric, long arrival)
    {
        var time = SenderClock.Bound(point.UnixNanos, arrival);
        var isInput = side == input;
        var kind = KindOf(reader);
        var number = side.Find(identity);
        if (number < 0)
        {
            var groupNumber = GroupOf(reader, identity, metric, kind);
            number = groupNumber < 0 ? -1 : side.Add(identity, groupNumber);
            if (number < 0)
            {
                side.Untracked++;
                return;
            }

            if (isInput)
            {
                groups[groupNumber].Group!.StreamsIn++;
                groups[groupNumber].Group!.HasToComeOut |= !IsDroppedByRule(reader);
            }
            else
                groups[groupNumber].Group!.StreamsOut++;
        }

        ref var stream = ref side.Streams[number];
        var group = groups[stream.Group].Group!;
        group.SeenOut |= !isInput;
        if (kind == LedgerKind.Delta)
        {
            stream.Window = window;
            if (isInput && IsRepeated(ref stream, point))
                return;
            (stream.LastTime, stream.FreshFrom) = (Math.Max(stream.LastTime, point.UnixNanos), Math.Max(stream.FreshFrom, time));
            side.TakeDelta(group, reader.Type, point);
        }
        else
        {
            side.Take(ref stream, group, reader.Type, point, !isInput && IsOwn(identity, point), window, time);
        }
    }

    // A delta that says what one of the last two of its stream said is the same one, sent again.
    private static bool IsRepeated(ref LedgerStream stream, scoped in PointFields point)
    {
        var said = (point.StartUnixNanos, point.UnixNanos);
        if (stream.LastDeltas.Newer == said || stream.LastDeltas.Older == said)
            return true;
        stream.LastDeltas = point.UnixNanos >= stream.LastDeltas.Newer.End ? (said, stream.LastDeltas.Newer) : (stream.LastDeltas.Newer, said);
        return false;
    }

    private bool IsOwn(UInt128 identity, scoped in PointFields point)
    {
        if (point.KnownStart == 0 || point.KnownStart + WatchTolerance < watchedFrom)
            return false;
        var number = input.Find(identity);
        if (number < 0)
            return true;
        ref var same = ref input.Streams[number];
        return point.StartUnixNanos != same.FirstStart && point.StartUnixNanos != same.LastStart;
    }

    private static LedgerKind KindOf(scoped in BatchReader reader) => (reader.Type, reader.Temporality, reader.Monotonic) switch
    {
        (MetricType.Summary, _, _) => LedgerKind.Cumulative,
        (MetricType.Gauge, _, _) => LedgerKind.Level,
        (_, Temporality.Delta, _) => LedgerKind.Delta,
        (MetricType.Sum, Temporality.Cumulative, true) => LedgerKind.Cumulative,
        (MetricType.Sum, _, _) => LedgerKind.Level,
        _ => LedgerKind.Cumulative,
    };

    private int GroupOf(scoped in BatchReader reader, UInt128 identity, MeteredMetric metric, LedgerKind kind)
    {
        var key = identity;
        if (metric.FoldedLabels.Length > 0 || metric.KeptLabels is not null)
        {
            key -= OfFolded(reader.Resource, Attributes.OfResource, metric, ofResource: true);
            key -= OfFolded(reader.Point, Attributes.FieldOf(reader.Type), metric, ofResource: false);
        }

        // With or without the processor's host.id it is the same group: what was folded left with it.
        if (metric.AddedHostId != 0 && !Attributes.TryFind(reader.Resource, Attributes.OfResource, "host.id"u8, out _))
            key += metric.AddedHostId;
        var number = index.Find(key);
        if (number >= 0)
            return number;
        if (index.Count >= options.MaxStreams)
            return -1;
        number = groups.Take();
        groups[number].Group = new LedgerGroup(key, metric, kind, LedgerGroup.Describe(metric, reader));
        index.Add(key, number);
        return number;
    }

    private static UInt128 OfFolded(ReadOnlySpan<byte> owner, int field, MeteredMetric metric, bool ofResource)
    {
        UInt128 sum = 0;
        var attributes = new Attributes(owner, field);
        while (attributes.Next())
        {
            if (LedgerGroup.IsFolded(metric, attributes.Current.Key, ofResource))
                sum += Identity.OfAttribute(attributes.Current, ofResource);
        }

        return sum;
    }

    private void SumLevels()
    {
        for (var i = 0; i < groups.End; i++)
        {
            if (groups[i].Group is { Kind: LedgerKind.Level } group)
                group.ClearLevel();
        }

        SumLevels(input, isInput: true);
        SumLevels(output, isInput: false);
    }

    private void SumLevels(LedgerSide side, bool isInput)
    {
        for (var i = 0; i < side.Streams.End; i++)
        {
            ref var stream = ref side.Streams[i];
            if (!stream.InUse || !stream.HasValue || groups[stream.Group].Group is not { Kind: LedgerKind.Level } group)
                continue;
            if ((isInput ? group.NewestIn : group.NewestOut) <= stream.FreshFrom + stalenessNanos)
                group.AddLevel(isInput, stream.IsInteger, stream.Whole, stream.Fraction);
        }
    }

    private static bool IsExcused(LedgerGroup group) => !group.SeenOut && !group.HasToComeOut;

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

    // A stream that returns after this long sets a base anyway. A counter of our own may rest for longer while its inputs live:
    // it goes on from where it was.
    private void Forget(LedgerSide inputs, LedgerSide outputs)
    {
        for (var i = 0; i < inputs.Streams.End; i++)
        {
            if (!IsGone(inputs, inputs.Streams[i]))
                continue;
            groups[inputs.Streams[i].Group].Group!.StreamsIn--;
            Drop(inputs, i);
        }

        for (var i = 0; i < outputs.Streams.End; i++)
        {
            ref var stream = ref outputs.Streams[i];
            if (!IsGone(outputs, stream) || (stream.Own && groups[stream.Group].Group!.StreamsIn > 0))
                continue;
            groups[outputs.Streams[i].Group].Group!.StreamsOut--;
            Drop(outputs, i);
        }
    }

    private bool IsGone(LedgerSide side, in LedgerStream stream) =>
        stream.InUse && stream.Window != window && side.Newest > stream.FreshFrom + 2 * stalenessNanos;

    private void Drop(LedgerSide side, int number)
    {
        var slot = side.Streams[number].Group;
        side.Remove(number);
        var group = groups[slot].Group!;
        if (group.StreamsIn > 0 || group.StreamsOut > 0)
            return;
        if (group.Kind != LedgerKind.Level && !IsExcused(group))
        {
            closed = (closed.Groups + 1, closed.Increments + group.Increments, closed.In + group.In, closed.Out + group.Out,
                closed.Error + group.Error);
        }

        index.Remove(group.Key);
        groups.Free(slot);
    }

    private struct GroupSlot
    {
        public LedgerGroup? Group;
    }
}
