namespace Phoenix.Telemetry;

/// <summary>
/// <c>batch</c>: gathers batches into larger ones and splits those that are too large. The requests of OTLP are lists of
/// resources, so that two of them one behind the other are one: gathering copies bytes and decodes nothing.
/// </summary>
public sealed class BatchGatherer : IMetricProcessor
{
    private readonly ProtoBuffer gathered = new();
    private readonly BatchSubset piece = new();
    private readonly BatchDecoder decoder = new();
    private readonly int enough;
    private readonly int most;
    private readonly long timeoutNanos;
    private int points;
    private int pointsInPiece;
    private long oldest;

    /// <param name="enough">Points from which a batch goes on; 0 lets time alone decide.</param>
    /// <param name="most">Points of the largest batch that goes on; 0 for no bound.</param>
    public BatchGatherer(string name, int enough, TimeSpan timeout, int most)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(enough);
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        (Name, this.enough, this.most) = (name, enough, most);
        timeoutNanos = timeout.Ticks * 100;
    }

    public string Name { get; }

    public IReadOnlyList<FoldRule> Folds => [];

    public IReadOnlyList<DroppedPoints> Dropped => [];

    public ProcessorCounters Counters { get; } = new();

    /// <summary>Unix nanoseconds by which what is gathered must go on; the largest value where nothing is.</summary>
    public long Due => gathered.Length == 0 ? long.MaxValue : oldest + timeoutNanos;

    public void Process(scoped in DecodedBatch batch, long unixNanos, IBatchSink output)
    {
        ArgumentNullException.ThrowIfNull(output);
        Counters.PointsIn += batch.PointCount;
        if (batch.IsFolded)
        {
            // Large already, and a reducer behind has to tell it from what only passed.
            Emit(batch, output);
            return;
        }

        if (gathered.Length == 0)
        {
            if ((batch.PointCount >= enough && enough > 0) || timeoutNanos == 0)
            {
                Emit(batch, output);
                return;
            }

            oldest = unixNanos;
        }

        gathered.Append(batch.Bytes);
        points += batch.PointCount;
        if ((enough > 0 && points >= enough) || timeoutNanos == 0)
            Flush(unixNanos, output);
    }

    public void Flush(long unixNanos, IBatchSink output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (gathered.Length == 0)
            return;
        if (most > 0 && points > most)
        {
            Split(gathered.Span, output);
        }
        else
        {
            Counters.PointsOut += points;
            output.Write(gathered.Span);
        }

        gathered.Clear();
        points = 0;
    }

    private void Emit(scoped in DecodedBatch batch, IBatchSink output)
    {
        if (most > 0 && batch.PointCount > most)
        {
            Split(batch.Bytes, output);
            return;
        }

        Counters.PointsOut += batch.PointCount;
        output.Write(batch);
    }

    private void Split(ReadOnlySpan<byte> batch, IBatchSink output)
    {
        piece.Clear();
        pointsInPiece = 0;
        var reader = decoder.Decode(batch).Read();
        while (reader.NextResource())
        {
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                {
                    if (reader.PointCount == 0)
                        piece.AddMetric(reader);
                    while (reader.NextPoint())
                    {
                        if (pointsInPiece == most)
                            EmitPiece(output);
                        piece.AddPoint(reader);
                        pointsInPiece++;
                    }

                    piece.EndMetric();
                }

                piece.EndScope();
            }

            piece.EndResource();
        }

        EmitPiece(output);
    }

    private void EmitPiece(IBatchSink output)
    {
        piece.EndMetric();
        piece.EndScope();
        piece.EndResource();
        if (!piece.IsEmpty)
        {
            Counters.PointsOut += pointsInPiece;
            output.Write(piece.Span);
        }

        piece.Clear();
        pointsInPiece = 0;
    }
}
