namespace Phoenix.Telemetry;

/// <summary>
/// Counts the streams of one side of an arm: active in the window, distinct in the measurement. Exact up to a bound; beyond
/// it the streams that were silent for longest are forgotten, and what can then no longer be told is in <see cref="Untracked"/>.
/// </summary>
internal sealed class StreamTally(int maxStreams)
{
    private readonly IdentityTable index = new();
    private readonly Slab<Entry> entries = new();
    private int window = 1;
    private int measurement = 1;
    private int sweeps;
    private bool forgetful;
    private long streamsActive, seriesActive, streamsDistinct, seriesDistinct;

    public long Points { get; set; }

    public long Samples { get; set; }

    public long Bytes { get; set; }

    /// <summary>
    /// Points in this window of streams that found no place among those active in it, and first points of streams that this
    /// measurement may have counted already and forgotten.
    /// </summary>
    public long Untracked { get; private set; }

    /// <returns>Series that became active in the window by this point.</returns>
    public int Observe(UInt128 identity, int series) => Observe(identity, series, streams: 1);

    public void ObserveTargetInfo(UInt128 resource) => Observe(resource * 3 + 1, series: 1, streams: 0);

    public MeterCounts Counts() => new(streamsActive, seriesActive, streamsDistinct, seriesDistinct, Points, Samples, Bytes);

    public void BeginMeasurement()
    {
        measurement++;
        forgetful = false;
        (streamsDistinct, seriesDistinct) = (0, 0);
    }

    public void BeginWindow()
    {
        // What only an earlier measurement saw is needed no more.
        if (index.Count > maxStreams / 2)
            Forget(entry => entry.Measurement != measurement);
        window++;
        sweeps = 0;
        (streamsActive, seriesActive, Points, Samples, Bytes, Untracked) = (0, 0, 0, 0, 0, 0);
    }

    private int Observe(UInt128 identity, int series, int streams)
    {
        var number = index.Find(identity);
        if (number < 0)
        {
            if (index.Count >= maxStreams && !MakeRoom())
            {
                Untracked++;
                return 0;
            }

            if (forgetful)
                Untracked++;

            number = entries.Take();
            entries[number].Identity = identity;
            entries[number].InUse = true;
            index.Add(identity, number);
        }

        ref var entry = ref entries[number];
        var activeBefore = entry.Window == window ? entry.Series : 0;
        var distinctBefore = entry.Measurement == measurement ? entry.Series : 0;
        var now = Math.Max(series, Math.Max(activeBefore, distinctBefore));
        streamsActive += entry.Window == window ? 0 : streams;
        streamsDistinct += entry.Measurement == measurement ? 0 : streams;
        seriesActive += now - activeBefore;
        seriesDistinct += now - distinctBefore;
        (entry.Window, entry.Measurement, entry.Series) = (window, measurement, now);
        return now - activeBefore;
    }

    // Each sweep walks the whole table: at most three a window, the least missed first.
    private bool MakeRoom()
    {
        while (index.Count >= maxStreams && sweeps < 3)
        {
            var sweep = sweeps++;
            Forget(entry => sweep switch
            {
                0 => entry.Measurement != measurement && entry.Window != window,
                1 => entry.Window < window - 1,
                _ => entry.Window != window,
            });
        }

        return index.Count < maxStreams;
    }

    private void Forget(Predicate<Entry> isOld)
    {
        for (var i = 0; i < entries.End; i++)
        {
            if (!entries[i].InUse || !isOld(entries[i]))
                continue;
            forgetful |= entries[i].Measurement == measurement;
            index.Remove(entries[i].Identity);
            entries.Free(i);
        }
    }

    private struct Entry
    {
        public UInt128 Identity;
        public int Window;
        public int Measurement;
        public int Series;
        public bool InUse;
    }
}
