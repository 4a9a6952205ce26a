namespace Phoenix.Telemetry;

/// <summary>
/// Counts everything that goes into and comes out of an arm, and keeps the ledger that compares the two. Not thread-safe.
/// Every input batch is observed before the output that it causes.
/// </summary>
public sealed class ArmMeter
{
    private readonly ArmMeterOptions options;
    private readonly MeteredMetrics metrics;
    private readonly StreamTally input;
    private readonly StreamTally output;
    private readonly Ledger ledger;
    private readonly ProtectedStreams guarded = new();
    private readonly BatchDecoder outputDecoder = new();
    private UInt128 checksum;
    private long arrival;

    public ArmMeter(ArmMeterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        metrics = new MeteredMetrics(options);
        input = new StreamTally(options.MaxStreams);
        output = new StreamTally(options.MaxStreams);
        ledger = new Ledger(options);
    }

    /// <param name="unixNanos">When the batch arrived, the same that the processors are told.</param>
    public void ObserveInput(scoped in DecodedBatch batch, long unixNanos)
    {
        arrival = unixNanos;
        input.Bytes += batch.Bytes.Length;
        Observe(batch, input, isInput: true);
    }

    /// <summary>Takes what leaves, as bytes: it is decoded here, apart from the processors that wrote it.</summary>
    /// <exception cref="OtlpFormatException">The batch is malformed; nothing of it is counted.</exception>
    public void ObserveOutput(ReadOnlySpan<byte> batch)
    {
        var decoded = outputDecoder.Decode(batch);
        output.Bytes += batch.Length;
        Observe(decoded, output, isInput: false);
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

    /// <summary>Closes the window. The processors have to be flushed and their output observed before.</summary>
    public MeterWindow Cut()
    {
        var window = new MeterWindow(
            input.Counts(), output.Counts(), checksum.ToString("x32", null), ledger.Close(), guarded.Close(), metrics.Top(options.Top),
            input.Untracked + output.Untracked + ledger.Untracked);
        input.BeginWindow();
        output.BeginWindow();
        ledger.BeginWindow();
        metrics.BeginWindow();
        checksum = 0;
        return window;
    }

    private void Observe(scoped in DecodedBatch batch, StreamTally tally, bool isInput)
    {
        var reader = batch.Read();
        while (reader.NextResource())
        {
            if (ClassicSeries.HasTargetInfo(reader.Resource))
                tally.ObserveTargetInfo(reader.ResourceIdentity);
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                    ObserveMetric(ref reader, tally, isInput);
            }
        }
    }

    private void ObserveMetric(ref BatchReader reader, StreamTally tally, bool isInput)
    {
        var metric = metrics.Find(reader, reader.MetricIdentity);
        while (reader.NextPoint())
        {
            var point = reader.ReadPoint();
            var identity = reader.StreamIdentity;
            var series = ClassicSeries.Of(reader.Type, point);
            tally.Points++;
            tally.Samples += series;
            var activated = tally.Observe(identity, series);
            if (isInput)
            {
                metric.SeriesIn += activated;
                var observation = Identity.OfObservation(identity, reader, point);
                checksum += observation;
                ledger.ObserveInput(reader, point, identity, metric, arrival);
                if (metric.Protected)
                    guarded.Expect(identity, observation, metric.Name);
            }
            else
            {
                metric.SeriesOut += activated;
                ledger.ObserveOutput(reader, point, identity, metric, arrival);
                if (metric.Protected)
                    guarded.Retain(identity, Identity.OfObservation(identity, reader, point));
            }
        }
    }
}
