namespace Phoenix.Telemetry;

/// <summary>
/// <c>phoenix_topk</c>: keeps the K heaviest groups of label values per metric and folds the others into one group of the
/// same shape whose labels say <c>__other__</c>.
/// </summary>
/// <remarks>
/// <para>Folded are cumulative monotonic sums and explicit histograms (by increments), UpDownCounters and gauges with a named
/// function (by the values of fresh inputs). All else passes at once, byte for byte, counted by reason. Kept streams are
/// written from own counters too, so that an output never falls when its group moves: only increments after the move
/// move with it.</para>
/// <para>A histogram whose bounds differ from its rest's stays a stream of its own. Two reducers in a row that fold the same
/// label see each other's rest as a value like any other, escaped.</para>
/// <para>Points of one stream are expected in order of time, also inside a batch; an older one is late and is ignored. A stream
/// is forgotten twice the staleness limit after its last point came; an old point that comes even later is taken for the
/// first of a new stream.</para>
/// </remarks>
public sealed class TopKReducer : IMetricProcessor
{
    private readonly TopKOptions options;
    private readonly LabelRewrite labels;
    private readonly FoldOutputs outputs;
    private readonly Ranking ranking;
    private readonly StreamUpdates updates;
    private readonly Slab<TrackedStream> streams = new();
    private readonly IdentityTable index = new();
    private readonly IdentityTable planIndex = new();
    private readonly List<MetricPlan> plans = [];
    private readonly BatchSubset passing = new();
    private readonly long stalenessNanos;
    private long admitAgainAt;
    private long nextEviction;

    /// <exception cref="ArgumentException">An option is out of range; the message names it and the remedy.</exception>
    public TopKReducer(TopKOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        this.options = options;
        labels = new LabelRewrite(options.Labels, options.Other, options.HostId);
        ranking = new Ranking(options);
        stalenessNanos = (long)(options.StalenessSeconds * 1e9);
        outputs = new FoldOutputs(labels);
        updates = new StreamUpdates(outputs, ranking, Counters, (ulong)stalenessNanos);
        Folds = [new FoldRule(options.Metrics, options.Labels) { Gauges = options.Gauges, HostId = options.HostId }];
    }

    public string Name => options.Name;

    public IReadOnlyList<FoldRule> Folds { get; }

    /// <summary>Empty: nothing is dropped.</summary>
    public IReadOnlyList<DroppedPoints> Dropped => [];

    public ProcessorCounters Counters { get; } = new();

    public void Process(scoped in DecodedBatch batch, long unixNanos, IBatchSink output)
    {
        ArgumentNullException.ThrowIfNull(output);
        passing.Clear();
        var reader = batch.Read();
        while (reader.NextResource())
        {
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                {
                    var plan = PlanOf(reader);
                    if (plan.Pass is { } reason)
                        PassMetric(ref reader, reason);
                    else
                        TakeMetric(ref reader, plan, unixNanos);
                }

                passing.EndScope();
            }

            passing.EndResource();
        }

        Counters.Tracked = index.Count;
        if (!passing.IsEmpty)
            output.Write(passing.Span);
    }

    public void Flush(long unixNanos, IBatchSink output)
    {
        ArgumentNullException.ThrowIfNull(output);
        WeighLevels();
        ranking.Decide(unixNanos, MoveToRest);
        FoldLevels();
        Counters.PointsOut += outputs.Emit(output);
        if (unixNanos >= nextEviction)
        {
            Evict(unixNanos);
            nextEviction = unixNanos + stalenessNanos / 4;
        }

        Counters.Tracked = index.Count;
    }

    private void PassMetric(ref BatchReader reader, PassReason reason)
    {
        long points = 0;
        while (reader.NextPoint())
            points++;
        Counters.PointsIn += points;
        Counters.AddPassed(reason, points);
        passing.AddMetric(reader);
    }

    private void TakeMetric(ref BatchReader reader, in MetricPlan plan, long unixNanos)
    {
        while (reader.NextPoint())
        {
            Counters.PointsIn++;
            var point = reader.ReadPoint();
            if (Take(reader, point, plan, unixNanos) is not { } reason)
                continue;
            Counters.AddPassed(reason, 1);
            passing.AddPoint(reader);
        }

        passing.EndMetric();
    }

    private PassReason? Take(scoped in BatchReader reader, scoped in PointFields point, in MetricPlan plan, long unixNanos)
    {
        if (point.UnixNanos < 1_000_000_000)
            return PassReason.NoTime;
        if (point.Irregular)
            return PassReason.IrregularHistogram;
        var identity = reader.StreamIdentity;
        var number = index.Find(identity);
        if (number < 0)
        {
            if (!labels.Read(reader, identity, out var tuple, out var rest, out var escapes))
                return PassReason.NoLabel;
            if (!MayAdmit(unixNanos))
                return PassReason.MemoryBound;
            number = Admit(reader, SenderClock.Bound(point.UnixNanos, unixNanos), plan, identity, tuple, rest);
            if (escapes)
                Counters.Escaped++;
        }

        ref var stream = ref streams[number];
        stream.SeenAt = unixNanos;
        updates.Apply(reader, point, plan, ref stream, unixNanos);
        return null;
    }

    // A stream that was once refused has to stay outside until it is gone: its increments so far left on their own.
    private bool MayAdmit(long unixNanos)
    {
        if (index.Count < options.MaxStreams && unixNanos >= admitAgainAt)
            return true;
        admitAgainAt = unixNanos + 2 * stalenessNanos;
        return false;
    }

    private int Admit(scoped in BatchReader reader, ulong time, in MetricPlan plan, UInt128 identity, UInt128 tuple, UInt128 restKey)
    {
        var member = ranking.FindOrAdd(plan.Identity, tuple);
        var rest = outputs.Rest(reader, restKey, plan, time);
        outputs[rest].Inputs++;
        outputs[rest].Retired = false;
        var number = streams.Take();
        ref var stream = ref streams[number];
        stream.Identity = identity;
        stream.InUse = true;
        stream.Kind = plan.Kind;
        stream.Member = member;
        stream.Rest = rest;
        stream.Kept = -1;
        stream.PreviousInMember = -1;
        stream.NextInMember = ranking[member].FirstStream;
        if (stream.NextInMember >= 0)
            streams[stream.NextInMember].PreviousInMember = number;
        ranking[member].FirstStream = number;
        index.Add(identity, number);
        return number;
    }

    private MetricPlan PlanOf(scoped in BatchReader reader)
    {
        var identity = reader.MetricIdentity;
        var number = planIndex.Find(identity);
        if (number >= 0)
            return plans[number];
        var plan = MetricPlan.For(reader, identity, options);

        // Past the bound on streams, metric names are without bound too: decide anew each time and remember no more.
        if (plans.Count < options.MaxStreams)
        {
            planIndex.Add(identity, plans.Count);
            plans.Add(plan);
        }

        return plan;
    }

    private void WeighLevels()
    {
        ranking.ClearLevels();
        for (var i = 0; i < streams.End; i++)
        {
            ref var stream = ref streams[i];
            if (!stream.InUse || stream.Kind != FoldKind.Level)
                continue;
            if (updates.IsFresh(stream))
                ranking[stream.Member].Level += Math.Abs(stream.Number);
            else
                updates.LeaveFold(ref stream);
        }
    }

    private void FoldLevels()
    {
        for (var i = 0; i < streams.End; i++)
        {
            ref var stream = ref streams[i];
            if (!stream.InUse)
                continue;
            if (stream.Kind != FoldKind.Level)
            {
                if (!stream.Apart && !ranking[stream.Member].Kept)
                    outputs[stream.Rest].Folded = true;
                continue;
            }

            ref var output = ref outputs[stream.Kept >= 0 ? stream.Kept : stream.Rest];
            if (output.Dirty && updates.IsFresh(stream))
                LevelFold.Add(ref output, stream);
        }
    }

    private void MoveToRest(int member)
    {
        for (var number = ranking[member].FirstStream; number >= 0; number = streams[number].NextInMember)
        {
            ref var stream = ref streams[number];
            if (stream.Kept < 0 || stream.Apart)
                continue;
            updates.Leave(ref stream);
        }
    }

    private void Evict(long unixNanos)
    {
        for (var i = 0; i < streams.End; i++)
        {
            ref var stream = ref streams[i];
            if (!stream.InUse || unixNanos - stream.SeenAt <= 2 * stalenessNanos)
                continue;
            if (stream.Kept >= 0)
                updates.Leave(ref stream);
            ref var rest = ref outputs[stream.Rest];
            if (--rest.Inputs == 0)
                outputs.Retire(stream.Rest);
            Unlink(ref stream);
            index.Remove(stream.Identity);
            streams.Free(i);
            Counters.Evicted++;
        }
    }

    private void Unlink(ref TrackedStream stream)
    {
        if (stream.PreviousInMember >= 0)
            streams[stream.PreviousInMember].NextInMember = stream.NextInMember;
        else
            ranking[stream.Member].FirstStream = stream.NextInMember;
        if (stream.NextInMember >= 0)
            streams[stream.NextInMember].PreviousInMember = stream.PreviousInMember;
        if (ranking[stream.Member].FirstStream < 0)
            ranking.Forget(stream.Member);
    }

    private static void Check(TopKOptions options)
    {
        if (options.K < 1)
            throw new ArgumentException($"k is {options.K}: at least 1 group has to be kept.", nameof(options));
        if (options.Labels.Count == 0)
            throw new ArgumentException("labels is empty: name at least one label to fold.", nameof(options));
        if (options.Labels.FirstOrDefault(label => label is "host.id" or "host.name") is { } host)
            throw new ArgumentException($"labels has {host}: a host's streams are never folded into another's; take {host} out.", nameof(options));
        if (!(options.Enter > 0 && options.Enter <= 1))
            throw new ArgumentException($"enter is {options.Enter}: it is a share of k above 0 and up to 1.", nameof(options));
        if (!(options.Leave >= 1) || double.IsInfinity(options.Leave))
            throw new ArgumentException($"leave is {options.Leave}: it is a multiple of k of at least 1.", nameof(options));
        if (string.IsNullOrEmpty(options.Other))
            throw new ArgumentException("other is empty: the folded rest needs a name.", nameof(options));
        if (options.Window <= TimeSpan.Zero)
            throw new ArgumentException($"window is {options.Window}: it has to be positive.", nameof(options));
        if (!(options.StalenessSeconds > 0) || options.StalenessSeconds > 1e6)
            throw new ArgumentException($"stalenessSeconds is {options.StalenessSeconds}: it has to be above 0 and at most 1000000.", nameof(options));
        if (options.MaxStreams < 1)
            throw new ArgumentException($"maxStreams is {options.MaxStreams}: it has to be at least 1.", nameof(options));
    }
}
