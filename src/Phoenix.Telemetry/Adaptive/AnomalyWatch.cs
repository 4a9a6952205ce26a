namespace Phoenix.Telemetry;

/// <summary>
/// Follows the series that are folded and finds those that leave the range of their own history: of counters the increments
/// of a control interval, of histograms the observations, of gauges and UpDownCounters the last value. Bounded: of series
/// beyond <see cref="AnomalyOptions.MaxWatched"/> there is no history.
/// </summary>
internal sealed class AnomalyWatch(AnomalyOptions options)
{
    // A change of a level that is this small beside the metric's other series does not matter, whatever its own history.
    private const double LeastShareOfLevels = 0.1;

    // A series that is silent for as long as its history remembers has none.
    private const int RememberedIntervals = 12;

    private readonly IdentityTable index = new();
    private readonly Slab<Watched> slots = new();
    private readonly Dictionary<UInt128, (double Sum, int Count)> ofMetric = [];
    private readonly long holdNanos = (long)(options.Hold.TotalSeconds * 1e9);
    private int shown;

    public bool IsOn { get; } = options.Deviations > 0 && options.MaxWatched > 0;

    /// <summary>Series with a history.</summary>
    public int Count => index.Count;

    /// <summary>Points of series that are not followed, since there are too many.</summary>
    public long Unwatched { get; private set; }

    /// <summary>Whether a series is shown by itself.</summary>
    public bool IsShown(UInt128 identity) => index.Find(identity) is >= 0 and var number && slots[number].Shown;

    /// <summary>Takes a point of a series; a cumulative one that comes late says nothing.</summary>
    public Finding Observe(UInt128 identity, UInt128 metric, ulong time, in Amount amount)
    {
        var number = index.Find(identity);
        if (number < 0)
        {
            if (index.Count >= options.MaxWatched)
            {
                Unwatched++;
                return default;
            }

            number = slots.Take();
            ref var added = ref slots[number];
            (added.Identity, added.Metric, added.InUse, added.IsNew) = (identity, metric, true, true);
            index.Add(identity, number);
        }

        ref var slot = ref slots[number];
        if (time > slot.Time || amount.IsDelta)
            Take(ref slot, amount);
        slot.Time = Math.Max(slot.Time, time);
        var finding = new Finding(slot.News, slot.Median, slot.Range, slot.Last);
        slot.News = FindingNews.None;
        return finding;
    }

    /// <summary>Judges what each series did in the interval that ends now.</summary>
    public void Close(long unixNanos)
    {
        ofMetric.Clear();
        for (var i = 0; i < slots.End; i++)
        {
            ref var slot = ref slots[i];
            if (!slot.InUse || !slot.Seen)
                continue;
            var (sum, count) = ofMetric.GetValueOrDefault(slot.Metric);
            ofMetric[slot.Metric] = (sum + Math.Abs(slot.Now), count + 1);
        }

        for (var i = 0; i < slots.End; i++)
        {
            ref var slot = ref slots[i];
            if (!slot.InUse)
                continue;
            Judge(ref slot, unixNanos);
            if (slot.Silent < RememberedIntervals)
                continue;
            shown -= slot.Shown ? 1 : 0;
            index.Remove(slot.Identity);
            slots.Free(i);
        }
    }

    public void Save(StateWriter state)
    {
        state.Value(Unwatched);
        slots.Save(state);
    }

    /// <summary>Takes on saved histories. The interval that was open then is not whole and is not judged.</summary>
    public void Restore(StateReader state)
    {
        Unwatched = state.Value<long>();
        slots.Restore(state);
        for (var i = 0; i < slots.End; i++)
        {
            ref var slot = ref slots[i];
            if (!slot.InUse)
                continue;
            index.Add(slot.Identity, i);
            shown += slot.Shown ? 1 : 0;
            (slot.Seen, slot.IsNew, slot.Now) = (false, true, slot.IsLevel ? slot.Now : 0);
        }
    }

    private static void Take(ref Watched slot, in Amount amount)
    {
        if (!double.IsFinite(amount.Value))
            return;
        slot.Seen = true;
        slot.IsLevel = amount.IsLevel;
        slot.IsCount = amount.IsCount;
        if (amount.IsLevel || amount.IsDelta)
            slot.Now = amount.IsDelta ? slot.Now + amount.Value : amount.Value;
        else if (slot.HasBase)
            slot.Now += amount.Value >= slot.Base ? amount.Value - slot.Base : amount.Value;
        (slot.Base, slot.HasBase) = (amount.Value, true);
    }

    private void Judge(ref Watched slot, long unixNanos)
    {
        slot.Silent = slot.Seen ? (byte)0 : (byte)(slot.Silent + 1);
        if (slot.Seen && !slot.IsNew)
        {
            var (sum, count) = ofMetric[slot.Metric];
            var leastChange = sum / count * (slot.IsLevel ? LeastShareOfLevels : 1);
            var isOut = slot.History.IsOutOfRange(slot.Now, options.Deviations, slot.IsCount, leastChange, out var median, out var range);
            slot.History.Add(slot.Now);
            if (isOut)
            {
                slot.Until = unixNanos + holdNanos;
                (slot.Median, slot.Range, slot.Last) = (median, range, slot.Now);
                Show(ref slot);
            }
        }

        // The first interval began before the series did.
        slot.IsNew &= !slot.Seen;
        slot.Seen = false;
        slot.Now = slot.IsLevel ? slot.Now : 0;
        if (!slot.Shown || unixNanos < slot.Until)
            return;
        slot.Shown = false;
        slot.News = FindingNews.Over;
        shown--;
    }

    private void Show(ref Watched slot)
    {
        if (slot.Shown)
            return;
        if (shown >= options.MaxShown)
        {
            slot.News = FindingNews.NoRoom;
            return;
        }

        slot.Shown = true;
        slot.News = FindingNews.Begins;
        shown++;
    }

    private struct Watched
    {
        public UInt128 Identity;
        public UInt128 Metric;
        public SeriesHistory History;
        public ulong Time;
        public double Base;
        public double Now;
        public double Median;
        public double Range;
        public double Last;
        public long Until;
        public byte Silent;
        public FindingNews News;
        public bool InUse;
        public bool IsNew;
        public bool HasBase;
        public bool IsLevel;
        public bool IsCount;
        public bool Seen;
        public bool Shown;
    }
}

/// <summary>What a point says about how much its series does.</summary>
/// <param name="Value">Of a counter its value, of a histogram its count, of a level the level.</param>
/// <param name="IsDelta">The value is an increment.</param>
/// <param name="IsLevel">A gauge or UpDownCounter.</param>
/// <param name="IsCount">The value counts events, whose chance is that of a Poisson process at least.</param>
internal readonly record struct Amount(double Value, bool IsDelta, bool IsLevel, bool IsCount);

internal enum FindingNews : byte
{
    None,

    /// <summary>It has left its range and is shown from now on.</summary>
    Begins,

    /// <summary>It has left its range, and as many as may be are shown already.</summary>
    NoRoom,

    /// <summary>It is folded again.</summary>
    Over,
}

/// <param name="Median">Of its history when it left its range.</param>
/// <param name="Range">How far from it is still in range.</param>
/// <param name="Last">What it did in the interval.</param>
internal readonly record struct Finding(FindingNews News, double Median, double Range, double Last);
