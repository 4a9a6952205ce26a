namespace Phoenix.Telemetry;

/// <summary>
/// Counts everything that goes into and comes out of an arm, and keeps the ledger that compares the two. Not thread-safe.
/// Every input batch is observed before the output that it causes.
/// </summary>
/// <remarks>
/// Meters and ledger share one record of 64 bytes per stream and side, found once per point. With its index a stream costs 70
/// to 75 bytes a side, its group (the stream itself where nothing is folded) 101 to 106 more; a cumulative histogram of n bounds
/// another 8·n + 120 or so.
/// </remarks>
public sealed class ArmMeter
{
    // Far enough ahead for memory, near enough to stay in the cache.
    private const int SlotAhead = 16, RecordAhead = 8;

    private readonly ArmMeterOptions options;
    private readonly MeteredMetrics metrics;
    private readonly IdentitySlab<StreamRecord> inputStreams = new(), outputStreams = new();
    private readonly SeriesMeter input, output;
    private readonly Ledger ledger;
    private readonly ProtectedStreams guarded = new();
    private readonly BatchDecoder outputDecoder = new();
    private readonly InputIntervals intervals = new();
    private readonly FlowMeter? flow;
    private UInt128 checksum;
    private long arrival, windowFrom, untracked;
    private int window = 1;
    private int forgotIn;

    public ArmMeter(ArmMeterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options with { MaxStreams = Math.Min(options.MaxStreams, IdentitySlab<StreamRecord>.Capacity) };
        metrics = new MeteredMetrics(this.options);
        input = new SeriesMeter(inputStreams, this.options.MaxStreams);
        output = new SeriesMeter(outputStreams, this.options.MaxStreams);
        ledger = new Ledger(this.options, metrics, inputStreams, outputStreams);
        flow = options.FlowRows > 0 ? new FlowMeter() : null;
    }

    /// <summary>Bytes held for streams and groups outside the managed heap.</summary>
    public long AllocatedBytes => inputStreams.AllocatedBytes + outputStreams.AllocatedBytes + ledger.AllocatedBytes;

    /// <param name="unixNanos">When the batch arrived, the same that the processors are told.</param>
    public void ObserveInput(scoped in DecodedBatch batch, long unixNanos)
    {
        AdvanceTo(unixNanos);
        input.Bytes += batch.Bytes.Length;
        Observe(batch, inputStreams, input, isInput: true);
    }

    /// <summary>Takes what leaves, as bytes: it is decoded here, apart from the processors that wrote it.</summary>
    /// <exception cref="OtlpFormatException">The batch is malformed; nothing of it is counted.</exception>
    public void ObserveOutput(ReadOnlySpan<byte> batch) => ObserveOutput(outputDecoder.Decode(batch));

    /// <summary>Takes what leaves and was decoded from its bytes, not made by a processor.</summary>
    public void ObserveOutput(scoped in DecodedBatch batch)
    {
        output.Bytes += batch.Bytes.Length;
        Observe(batch, outputStreams, output, isInput: false);
    }

    /// <summary>
    /// A new measurement: distinct counts begin at zero and the protected set is replaced. The ledger goes on, since its state
    /// is that of the reducers, and so does the open window.
    /// </summary>
    public void Reset(IReadOnlyList<string> protectedMetrics)
    {
        metrics.Protect(new MetricSelector(protectedMetrics));
        guarded.Clear();
        input.BeginMeasurement();
        output.BeginMeasurement();
    }

    /// <summary>
    /// The ledger compares anew from here. For cuts during which processors still go on from what this meter did not see go in.
    /// </summary>
    public void SettleLedger() => ledger.Settle();

    /// <summary>Closes the window at the arrival of the last input.</summary>
    public MeterWindow Cut() => Cut(arrival);

    /// <summary>Closes the window. The processors have to be flushed and their output observed before.</summary>
    /// <param name="unixNanos">Now; a rate is over the time since the last cut.</param>
    public MeterWindow Cut(long unixNanos)
    {
        AdvanceTo(unixNanos);
        var length = TimeSpan.FromTicks(windowFrom == 0 ? 0 : Math.Max(0, unixNanos - windowFrom) / 100);
        var names = metrics.NamesSince(arrival - 3_600_000_000_000);
        var result = new MeterWindow(
            input.Counts(length, names.In), output.Counts(length, names.Out), checksum.ToString("x32", null), ledger.Close(), guarded.Close(),
            metrics.Top(options.Top), untracked + input.Untracked + output.Untracked)
        {
            LongestInterval = intervals.Longest,
            Flow = Flow(),
        };
        ledger.Forget(window++);
        ledger.BeginWindow();
        input.BeginWindow();
        output.BeginWindow();
        metrics.BeginWindow();
        flow?.BeginWindow();
        intervals.Clear();
        (checksum, untracked, windowFrom) = (0, 0, unixNanos);
        return result;
    }

    /// <summary>The window that is open, by metric, service and namespace; null where nothing is counted by them.</summary>
    public FlowResult? Flow() => flow?.Result(
        metrics, new FlowShare("", input.Active.Classic, output.Active.Classic, input.Samples, output.Samples),
        input.IsActiveApproximate || output.IsActiveApproximate, options.FlowRows);

    private void AdvanceTo(long unixNanos)
    {
        arrival = Math.Max(0, unixNanos);
        windowFrom = windowFrom == 0 ? arrival : windowFrom;
        input.AdvanceTo(arrival);
        output.AdvanceTo(arrival);
    }

    private void Observe(scoped in DecodedBatch batch, IdentitySlab<StreamRecord> streams, SeriesMeter meter, bool isInput)
    {
        var reader = batch.Read();
        var ahead = new Ahead(streams, batch.Points);
        while (reader.NextResource())
        {
            var place = flow?.PlaceOf(reader.Resource) ?? default;
            if (SeriesProjection.HasTargetInfo(reader.Resource))
            {
                var activated = ObserveTargetInfo((reader.ResourceIdentity * 3) + 1, streams, meter);
                flow?.AddTarget(place, activated, isInput);
            }

            while (reader.NextScope())
            {
                while (reader.NextMetric())
                    ObserveMetric(ref reader, ref ahead, streams, meter, place, isInput);
            }
        }
    }

    /// <returns>Classic series that became active in the window.</returns>
    private int ObserveTargetInfo(UInt128 identity, IdentitySlab<StreamRecord> streams, SeriesMeter meter)
    {
        var number = Track(identity, streams, meter);
        if (number >= 0)
            return meter.Observe(ref streams[number], SeriesShape.TargetInfo, 1);
        meter.ObserveUntracked(identity, SeriesShape.TargetInfo, 1);
        return 0;
    }

    private void ObserveMetric(
        ref BatchReader reader, ref Ahead ahead, IdentitySlab<StreamRecord> streams, SeriesMeter meter, in FlowPlace place, bool isInput)
    {
        var metric = metrics.Find(reader);
        if (isInput)
            metric.SeenIn = arrival;
        else
            metric.SeenOut = arrival;
        var type = reader.Type;
        var shape = SeriesProjection.ShapeOf(type);
        long activated = 0;
        var samplesBefore = meter.Samples;
        while (reader.NextPoint())
        {
            ahead.Step();
            ref readonly var decoded = ref reader.Decoded;
            var point = new LedgerPoint { Type = type, UnixNanos = decoded.UnixNanos, StartUnixNanos = decoded.StartUnixNanos, NoRecordedValue = decoded.NoRecordedValue };
            var classic = 1;
            if (shape == SeriesShape.Number)
            {
                (point.Bits, point.IsInteger, point.HasValue) = (decoded.ValueBits, decoded.IsInteger, (decoded.Flags & PointFlags.Value) != 0);
            }
            else
            {
                point.Bytes = reader.Point;
                point.Fields = reader.ReadPoint();
                (point.Bits, point.IsInteger, point.HasValue) = (point.Fields.Count, true, true);
                classic = SeriesProjection.Classic(type, point.Fields);
            }

            meter.Points++;
            meter.Samples += classic;
            var observation = isInput || metric.Protected ? Identity.OfObservation(decoded.Identity, point) : 0;
            checksum += isInput ? observation : 0;
            if (metric.Protected)
                Guard(decoded.Identity, observation, metric, isInput);
            activated += ObservePoint(reader, point, decoded.Identity, metric, streams, meter, shape, classic, isInput);
        }

        var samples = meter.Samples - samplesBefore;
        if (isInput)
            (metric.SeriesIn, metric.SamplesIn) = (metric.SeriesIn + activated, metric.SamplesIn + samples);
        else
            (metric.SeriesOut, metric.SamplesOut) = (metric.SeriesOut + activated, metric.SamplesOut + samples);
        place.Add(activated, samples, isInput);
    }

    private int ObservePoint(
        scoped in BatchReader reader, scoped in LedgerPoint point, UInt128 identity, MeteredMetric metric, IdentitySlab<StreamRecord> streams,
        SeriesMeter meter, SeriesShape shape, int classic, bool isInput)
    {
        var number = Track(identity, streams, meter);
        if (number < 0)
        {
            meter.ObserveUntracked(identity, shape, classic);
            ledger.Void(reader, metric);
            return 0;
        }

        ref var stream = ref streams[number];
        if (isInput && point.UnixNanos > stream.LastTime && stream.LastTime != 0)
            intervals.Add(point.UnixNanos - stream.LastTime);
        untracked += ledger.Observe(reader, point, ref stream, metric, arrival, isInput) ? 0 : 1;
        return meter.Observe(ref stream, shape, classic);
    }

    private void Guard(UInt128 identity, UInt128 observation, MeteredMetric metric, bool isInput)
    {
        if (isInput)
            guarded.Expect(identity, observation, metric.Name);
        else
            guarded.Retain(identity, observation);
    }

    private int Track(UInt128 identity, IdentitySlab<StreamRecord> streams, SeriesMeter meter)
    {
        var number = streams.Find(identity);
        if (number >= 0)
            return number;
        number = meter.Track(identity);
        if (number >= 0 || forgotIn == window)
            return number;

        // What the ledger could forget by now would make room, but is looked for at the end of a window only.
        forgotIn = window;
        ledger.Forget(window);
        return meter.Track(identity);
    }

    /// <summary>Asks memory for the records of points that come soon.</summary>
    private ref struct Ahead(IdentitySlab<StreamRecord> streams, ReadOnlySpan<DecodedPoint> points)
    {
        private readonly ReadOnlySpan<DecodedPoint> points = points;
        private int next;

        public void Step()
        {
            var at = next++;
            if (at + SlotAhead < points.Length)
                streams.PrefetchSlot(points[at + SlotAhead].Identity);
            if (at + RecordAhead < points.Length)
                streams.PrefetchRecord(points[at + RecordAhead].Identity);
        }
    }
}
