namespace Phoenix.Telemetry;

/// <summary>What every reducer is bounded and ruled by.</summary>
internal sealed record FoldEngineOptions
{
    /// <summary>A stream not seen for longer is stale.</summary>
    public double StalenessSeconds { get; init; } = 300;

    /// <summary>Streams tracked at most; what comes beyond passes.</summary>
    public int MaxStreams { get; init; } = 200_000;

    public FirstSample FirstSample { get; init; }

    /// <summary>
    /// Outputs come and go by decisions rather than with their streams. A cumulative one whose first value is above zero says
    /// first that it began at zero, else <c>increase()</c> would take that value for a base; one that its last stream has left
    /// for another says that it has ended.
    /// </summary>
    public bool TellsBeginAndEnd { get; init; }
}

/// <summary>
/// Folds streams into outputs: tracks every input, adds its increments (counters, histograms, deltas) or current values (gauges,
/// UpDownCounters) to the output that the policy names, and writes the outputs at each flush. The arithmetic of every reducer.
/// </summary>
/// <remarks>
/// <para>Cumulative points of one stream are expected in order of time, also inside a batch; an older or repeated one is
/// ignored and counted. Deltas may come late; one is taken for a repetition where start and time are those of one of the last
/// eight points of its stream.</para>
/// <para>A stream is forgotten twice the staleness limit after its last point came; an old point that comes even later is taken
/// for the first of a new stream. Past <see cref="FoldEngineOptions.MaxStreams"/> new streams pass unchanged and are counted; for
/// twice the staleness limit none is admitted then, since a stream whose increments left on their own must not be folded as well.</para>
/// <para>A histogram whose bounds differ from its fold's has an output of its own.</para>
/// </remarks>
internal sealed class FoldEngine
{
    private const int Ring = 16;
    private const ulong EarliestTime = 1_000_000_000;

    private readonly IFoldPolicy policy;
    private readonly FoldEngineOptions options;
    private readonly ProcessorCounters counters;
    private readonly StreamTable streams = new();
    private readonly FoldOutputs outputs;
    private readonly FoldEmitter emitter;
    private readonly InputStates inputs;
    private readonly FoldPlaces places;
    private readonly FoldUpdates updates;
    private readonly IdentityTable planIndex = new();
    private readonly List<FoldPlan> plans = [];
    private readonly BatchSubset passing = new();
    private readonly long stalenessNanos;
    private long admitAgainAt;
    private long nextEviction;

    public FoldEngine(IFoldPolicy policy, FoldEngineOptions options, ProcessorCounters counters)
    {
        (this.policy, this.options, this.counters) = (policy, options, counters);
        stalenessNanos = (long)(options.StalenessSeconds * 1e9);
        outputs = new FoldOutputs(policy);
        emitter = new FoldEmitter(outputs, options.TellsBeginAndEnd);
        inputs = new InputStates(outputs, counters, (ulong)stalenessNanos, options);
        places = new FoldPlaces(policy, streams, outputs, counters, options);
        updates = new FoldUpdates(policy, streams, outputs, inputs, places, counters, (ulong)stalenessNanos);
    }

    /// <summary>Streams tracked now.</summary>
    public int Tracked => streams.Count;

    /// <summary>Every stream's number is below it.</summary>
    public int End => streams.End;

    /// <returns>The stream's number, or -1.</returns>
    public int Find(UInt128 identity) => streams.Find(identity);

    public bool IsInUse(int stream) => streams[stream].Has(StreamFlags.InUse);

    public bool IsApart(int stream) => streams[stream].Has(StreamFlags.Apart);

    public bool IsLevel(int stream) => streams[stream].Has(StreamFlags.Level);

    /// <summary>The metric that a stream belongs to.</summary>
    public FoldPlan PlanOf(int stream) => outputs.MetricOf(streams[stream].Output).Plan;

    /// <summary>Asks the policy again where a stream belongs, with its next point.</summary>
    public void Reroute(int stream) => streams[stream].Set(StreamFlags.Reroute, true);

    /// <summary>The same for every stream of a metric.</summary>
    public void Reroute(FoldPlan plan)
    {
        for (var i = 0; i < streams.End; i++)
        {
            if (IsInUse(i) && ReferenceEquals(PlanOf(i), plan))
                Reroute(i);
        }
    }

    /// <inheritdoc cref="FoldPlaces.MoveToFold"/>
    public void MoveToFold(int stream) => places.MoveToFold(stream);

    /// <summary>The fold that is held for a stream's group is to be written from now on.</summary>
    public void ReleaseFold(int stream)
    {
        var held = outputs.HeldOf(streams[stream].Output);
        if (held >= 0)
            outputs[held].Set(OutputFlags.Held, false);
    }

    public void Process(scoped in DecodedBatch batch, long unixNanos, IBatchSink output)
    {
        ArgumentNullException.ThrowIfNull(output);
        inputs.Watch(unixNanos);
        if (!TakesAny(batch.Read()))
        {
            CountPassing(batch.Read());
            output.Write(batch);
            return;
        }

        passing.Clear();
        var reader = batch.Read();
        while (reader.NextResource())
        {
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                {
                    counters.PointsIn += reader.PointCount;
                    var plan = PlanOf(reader);
                    if (plan.Pass is { } reason)
                    {
                        counters.AddPassed(reason, reader.PointCount);
                        passing.AddMetric(reader);
                    }
                    else
                    {
                        TakeMetric(ref reader, plan, unixNanos, batch.IsFolded);
                        passing.EndMetric();
                    }
                }

                passing.EndScope();
            }

            passing.EndResource();
        }

        counters.Tracked = streams.Count;
        if (!passing.IsEmpty)
            output.Write(passing.Span);
    }

    /// <summary>Takes stale levels out of their folds and tells the policy what the fresh ones weigh.</summary>
    public void WeighLevels() => updates.WeighLevels();

    /// <summary>Writes what changed, and forgets who is gone.</summary>
    public void Flush(long unixNanos, IBatchSink output)
    {
        updates.FoldLevels();
        counters.PointsOut += emitter.Emit(output);
        if (unixNanos >= nextEviction)
        {
            Evict(unixNanos);
            nextEviction = unixNanos + stalenessNanos / 4;
        }

        counters.Tracked = streams.Count;
    }

    /// <summary>Writes what changed, and after it for every output that it has ended: another configuration takes over.</summary>
    public void Close(IBatchSink output)
    {
        updates.FoldLevels();
        counters.PointsOut += emitter.Emit(output);
        for (var i = 0; i < outputs.End; i++)
        {
            if (outputs[i].Has(OutputFlags.InUse))
                outputs[i].Set(OutputFlags.Ends, true);
        }

        counters.PointsOut += emitter.Emit(output);
    }

    public TimeSpan Staleness => TimeSpan.FromSeconds(options.StalenessSeconds);

    /// <summary>Streams known from before a restart or a reload that have not come again.</summary>
    public int Resuming => updates.Resuming;

    /// <inheritdoc cref="FoldUpdates.Resume"/>
    public void Resume() => updates.Resume();

    /// <summary>Writes everything that the next points and flushes rest on. Right after a flush: what it wrote is then all that left.</summary>
    public void Save(StateWriter state)
    {
        policy.Save(state);
        streams.Save(state);
        inputs.Save(state);
        outputs.Save(state);
        state.Value(admitAgainAt);
    }

    /// <summary>Takes on what an engine of the same policy saved. Only before the first batch; after an exception this engine is of no use.</summary>
    /// <exception cref="StateFormatException">It is not what an engine of this policy writes.</exception>
    public void Restore(StateReader state)
    {
        policy.Restore(state);
        streams.Restore(state);
        inputs.Restore(state);
        var decoder = new BatchDecoder();
        outputs.Restore(state, batch => PlanOf(decoder, batch));
        admitAgainAt = state.Value<long>();
        counters.Tracked = streams.Count;
        updates.Resume();
    }

    private FoldPlan PlanOf(BatchDecoder decoder, ReadOnlySpan<byte> batch)
    {
        var reader = decoder.Decode(batch).Read();
        return reader.NextResource() && reader.NextScope() && reader.NextMetric()
            ? PlanOf(reader)
            : throw new StateFormatException("it has an output without a metric");
    }

    private bool TakesAny(BatchReader reader)
    {
        while (reader.NextResource())
        {
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                {
                    if (PlanOf(reader).Pass is null)
                        return true;
                }
            }
        }

        return false;
    }

    private void CountPassing(BatchReader reader)
    {
        while (reader.NextResource())
        {
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                {
                    counters.PointsIn += reader.PointCount;
                    counters.AddPassed(PlanOf(reader).Pass!.Value, reader.PointCount);
                }
            }
        }
    }

    // Memory is fetched for a ring of points at a time: slot, entry and output of each would else be waited for one by one.
    private void TakeMetric(ref BatchReader reader, FoldPlan plan, long unixNanos, bool isFolded)
    {
        var points = reader.Points;
        Span<int> numbers = stackalloc int[Ring];
        for (var from = 0; from < points.Length; from += Ring)
        {
            var ring = points.Slice(from, Math.Min(Ring, points.Length - from));
            foreach (ref readonly var point in ring)
                streams.PrefetchSlot(point.Identity);
            foreach (ref readonly var point in ring)
                streams.PrefetchEntry(point.Identity);
            for (var i = 0; i < ring.Length; i++)
            {
                numbers[i] = streams.Find(ring[i].Identity);
                if (numbers[i] >= 0)
                    outputs.Prefetch(streams[numbers[i]].Output);
            }

            for (var i = 0; i < ring.Length; i++)
            {
                if (Take(ref reader, ring[i], from + i, plan, numbers[i], unixNanos, isFolded) is not { } reason)
                    continue;
                counters.AddPassed(reason, 1);
                reader.MoveTo(from + i);
                passing.AddPoint(reader);
            }
        }
    }

    private PassReason? Take(
        ref BatchReader reader, in DecodedPoint point, int index, FoldPlan plan, int number, long unixNanos, bool isFolded)
    {
        if (point.UnixNanos < EarliestTime)
            return PassReason.NoTime;
        var fields = default(PointFields);
        if (!plan.Kind.IsNumber())
        {
            reader.MoveTo(index);
            fields = reader.ReadPoint();
            if (!inputs.CanRead(reader, plan, fields))
                return PassReason.IrregularHistogram;
        }

        if (number < 0)
        {
            // It may have been admitted with an earlier point of the same ring.
            number = streams.Find(point.Identity);
            reader.MoveTo(index);
            if (number < 0 && Admit(ref reader, point, plan, unixNanos, isFolded, out number) is { } reason)
                return reason;
        }

        return updates.Apply(ref reader, point, index, fields, plan, number, unixNanos);
    }

    private PassReason? Admit(
        ref BatchReader reader, in DecodedPoint point, FoldPlan plan, long unixNanos, bool isFolded, out int number)
    {
        number = -1;
        if (policy.Route(reader, plan, number, out var route) is { } reason)
            return reason;
        if (!MayAdmit(unixNanos))
        {
            policy.NotAdmitted(route);
            return PassReason.MemoryBound;
        }

        number = streams.Add(point.Identity);
        streams[number].Set(StreamFlags.Sibling, isFolded);
        streams[number].Set(StreamFlags.Level, plan.Kind == FoldKind.Level);
        places.Place(ref reader, point, plan, number, route, SenderClock.Bound(point.UnixNanos, unixNanos));
        policy.Admitted(number, plan, route);
        return null;
    }

    // A stream that was once refused has to stay outside until it is gone: its increments so far left on their own.
    private bool MayAdmit(long unixNanos)
    {
        if (streams.Count < Math.Min(options.MaxStreams, StreamTable.MostStreams) && unixNanos >= admitAgainAt)
            return true;
        admitAgainAt = unixNanos + 2 * stalenessNanos;
        return false;
    }

    private FoldPlan PlanOf(scoped in BatchReader reader)
    {
        var number = planIndex.Find(reader.MetricIdentity);
        if (number >= 0)
            return plans[number];
        var plan = policy.PlanOf(reader);

        // Past the bound on streams, metric names are without bound too: decide anew each time and remember no more.
        if (plans.Count < options.MaxStreams)
        {
            planIndex.Add(reader.MetricIdentity, plans.Count);
            plans.Add(plan);
        }

        return plan;
    }

    private void Evict(long unixNanos)
    {
        var limit = 2 * stalenessNanos / 1e9;
        var now = unixNanos / 1e9;
        for (var i = 0; i < streams.End; i++)
        {
            ref var stream = ref streams[i];

            // An output of the reducer before this one lives until that one has forgotten its inputs: outlive it, since its next
            // point would count from zero.
            if (!stream.Has(StreamFlags.InUse) || now - stream.SeenAt <= (stream.Has(StreamFlags.Sibling) ? 2 * limit : limit))
                continue;
            updates.Forget(i);
            counters.Evicted++;
        }
    }
}
