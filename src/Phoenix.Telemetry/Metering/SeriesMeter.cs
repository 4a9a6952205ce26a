namespace Phoenix.Telemetry;

/// <summary>
/// Counts the streams and series of one side of an arm, all from one last-seen minute per stream. Exact while there is room
/// for every stream; past that the sketches, which have seen all of them, stand in, and the counts say so.
/// </summary>
/// <remarks>
/// A stream is last seen in one minute and one hour: it is counted there, and moves when it is seen again. Sums over the
/// last minutes and hours are then the series active and distinct in them, without looking at any stream.
/// </remarks>
internal sealed class SeriesMeter(IdentitySlab<StreamRecord> streams, int maxStreams)
{
    private const int Minutes = 64;
    private const int Hours = 32;
    private const int OverflowMinutes = 10;
    private const int OverflowSlots = 7;

    private readonly SeriesCount[] lastSeenInMinute = new SeriesCount[Minutes];
    private readonly SeriesCount[] lastSeenInHour = new SeriesCount[Hours];
    private readonly SeriesSketches?[] hourSketches = new SeriesSketches?[Hours];
    private readonly SeriesSketches measurementSketch = new();
    private SeriesSketches[]? overflow;
    private SeriesSketches? windowOverflow;
    private readonly SeriesSketches merged = new();
    private SeriesCount active, distinct;
    private int window = 1;
    private int minute = 1;
    private int sweeps;
    private int lossMinute = int.MinValue / 2;
    private bool lossInMeasurement, overflowInWindow;
    private byte[]? endedHour;

    public long Points { get; set; }

    public long Samples { get; set; }

    public long Bytes { get; set; }

    /// <summary>Points in this window of streams that found no place.</summary>
    public long Untracked { get; private set; }

    private int Hour => minute / 60;

    /// <summary>Time goes on, never back.</summary>
    public void AdvanceTo(long unixNanos)
    {
        var now = (int)(unixNanos / 60_000_000_000);
        if (now <= minute)
            return;
        var hour = Hour;
        for (var m = Math.Max(minute + 1, now - Minutes + 1); m <= now; m++)
        {
            lastSeenInMinute[m % Minutes] = default;
            if (m % OverflowMinutes == 0)
                overflow?[m / OverflowMinutes % OverflowSlots].Clear();
        }

        minute = now;
        if (Hour == hour)
            return;
        if (hourSketches[hour % Hours] is { } ended && !ended.Classic.IsEmpty)
            endedHour = ended.Classic.ToBytes();
        for (var h = Math.Max(hour + 1, Hour - Hours + 1); h <= Hour; h++)
        {
            lastSeenInHour[h % Hours] = default;
            hourSketches[h % Hours]?.Clear();
        }
    }

    /// <returns>The stream's number, or -1 where there is no place for it.</returns>
    public int Track(UInt128 identity)
    {
        if (streams.Count >= maxStreams && !MakeRoom())
            return -1;
        return streams.Add(identity);
    }

    /// <returns>Classic series that became active in the window by this point.</returns>
    public int Observe(ref StreamRecord stream, SeriesShape shape, int classic)
    {
        if (stream.Window == window && stream.Minute == minute && stream.Classic >= classic)
            return 0;
        return Move(ref stream, shape, Math.Min(classic, ushort.MaxValue));
    }

    /// <summary>Counts a stream without a place by its sketches alone.</summary>
    public void ObserveUntracked(UInt128 identity, SeriesShape shape, int classic)
    {
        Untracked++;
        Lose();
        overflowInWindow = true;
        windowOverflow ??= new SeriesSketches();
        overflow ??= [.. Enumerable.Range(0, OverflowSlots).Select(_ => new SeriesSketches())];
        windowOverflow.Add(identity, shape, classic);
        overflow[minute / OverflowMinutes % OverflowSlots].Add(identity, shape, classic);
        HourSketch().Add(identity, shape, classic);
        measurementSketch.Add(identity, shape, classic);
    }

    /// <summary>Active in the window so far.</summary>
    public SeriesCount Active => overflowInWindow ? active + windowOverflow!.Estimate() : active;

    /// <summary>Whether <see cref="Active"/> is in part an estimate.</summary>
    public bool IsActiveApproximate => overflowInWindow;

    public MeterCounts Counts(TimeSpan length, long names)
    {
        var now = Active;
        var all = lossInMeasurement ? measurementSketch.Estimate() : distinct;
        var active20 = Sum(lastSeenInMinute, minute, 20);
        var active60 = Sum(lastSeenInMinute, minute, 60);
        var hour = lastSeenInHour[Hour % Hours];
        var day = Sum(lastSeenInHour, Hour, 24);
        if (overflow is not null && minute - lossMinute < 60)
            (active20, active60) = (active20 + Overflow(20), active60 + Overflow(60));
        var (lossInHour, lossInDay) = (lossMinute / 60 == Hour, Hour - (lossMinute / 60) < 24);
        if (lossInHour)
            hour = HourSketch().Estimate();
        if (lossInDay)
            day = Day();
        return new MeterCounts(now.Streams, now.Classic, all.Streams, all.Classic, Points, Samples, Bytes)
        {
            Series = new SeriesMeters(now, active20, active60, hour, day, all),
            SamplesPerMinute = length > TimeSpan.Zero ? Samples / length.TotalMinutes : 0,
            Names = names,
            Approximate = overflowInWindow || lossInMeasurement || lossInDay,
            EndedHour = endedHour,
        };
    }

    public void BeginMeasurement()
    {
        for (var i = 0; i < streams.End; i++)
            streams[i].Set(StreamState.Measured, false);
        measurementSketch.Clear();
        distinct = default;
        lossInMeasurement = overflowInWindow;
        if (overflowInWindow)
            measurementSketch.Merge(windowOverflow!);
    }

    public void BeginWindow()
    {
        window++;
        sweeps = 0;
        windowOverflow?.Clear();
        overflowInWindow = false;
        endedHour = null;
        (active, Points, Samples, Bytes, Untracked) = (default, 0, 0, 0, 0);
    }

    private int Move(ref StreamRecord stream, SeriesShape shape, int classic)
    {
        // What a stream was counted for comes off where it was counted, unless that place holds a later time by now.
        var before = stream.Minute == 0 ? default : SeriesCount.Of(stream.Shape, stream.Classic);
        (stream.Shape, stream.Classic) = (shape, (ushort)Math.Max(classic, stream.Classic));
        var now = SeriesCount.Of(shape, stream.Classic);
        var activated = stream.Window == window ? now - before : now;
        active += activated;
        var counted = stream.Has(StreamState.Measured);
        distinct += counted ? now - before : now;
        if (minute - stream.Minute < Minutes)
            lastSeenInMinute[stream.Minute % Minutes] -= before;
        lastSeenInMinute[minute % Minutes] += now;
        var hour = stream.Minute / 60;
        if (Hour - hour < Hours)
            lastSeenInHour[hour % Hours] -= before;
        lastSeenInHour[Hour % Hours] += now;
        if (hour != Hour || now != before)
            HourSketch().Add(stream.Identity, shape, stream.Classic);
        if (!counted || now != before)
            measurementSketch.Add(stream.Identity, shape, stream.Classic);
        stream.Set(StreamState.Measured, true);
        (stream.Window, stream.Minute) = (window, minute);
        return (int)activated.Classic;
    }

    private SeriesSketches HourSketch() => hourSketches[Hour % Hours] ??= new SeriesSketches();

    private SeriesCount Overflow(int last)
    {
        merged.Clear();
        for (var slot = (minute - last + 1) / OverflowMinutes; slot <= minute / OverflowMinutes; slot++)
            merged.Merge(overflow![slot % OverflowSlots]);
        return merged.Estimate();
    }

    private SeriesCount Day()
    {
        merged.Clear();
        for (var h = Hour - 23; h <= Hour; h++)
        {
            if (hourSketches[h % Hours] is { } sketch)
                merged.Merge(sketch);
        }

        return merged.Estimate();
    }

    private static SeriesCount Sum(SeriesCount[] ring, int last, int count)
    {
        SeriesCount sum = default;
        for (var i = Math.Max(0, last - count + 1); i <= last; i++)
            sum += ring[i % ring.Length];
        return sum;
    }

    private void Lose()
    {
        lossMinute = minute;
        lossInMeasurement = true;
    }

    // Each sweep walks the whole table: at most three a window, the least missed first.
    private bool MakeRoom()
    {
        while (streams.Count >= maxStreams && sweeps < 3)
        {
            sweeps++;
            for (var i = 0; i < streams.End; i++)
            {
                ref var stream = ref streams[i];
                if (!stream.InUse || stream.Group != 0 || stream.Window == window || (sweeps == 1 && stream.Has(StreamState.Measured)) || (sweeps <= 2 && minute - stream.Minute < 60))
                    continue;
                if (stream.Has(StreamState.Measured) || minute - stream.Minute < 24 * 60)
                    Lose();
                streams.Remove(i);
            }
        }

        return streams.Count < maxStreams;
    }
}
