namespace Phoenix.Telemetry;

/// <summary>The groups of label values per metric, their weights, and which of them are kept.</summary>
/// <remarks>
/// Weights of counters slide over the window by two half-open spans, the older one counted by the share of it that is
/// still inside. Membership has buffer zones, as a stock index with a fixed number of members has: who ranks within
/// K · Enter is in, who ranks beyond K · Leave is out, between them who is in stays in, and what is then missing or too
/// many is settled by rank. Ranks, not weights, so that it holds at any scale.
/// </remarks>
internal sealed class Ranking(TopKOptions options)
{
    private readonly Slab<Member> members = new();
    private readonly IdentityTable index = new();
    private readonly List<Ranked> order = [];
    private readonly long windowNanos = Math.Max(1, (long)(options.Window.TotalSeconds * 1e9));
    private readonly int surelyIn = Math.Max(1, (int)Math.Floor(options.K * options.Enter));
    private readonly int surelyOut = (int)Math.Ceiling(options.K * options.Leave);

    /// <summary>A group has just become one of the kept, or has left them; its streams have to move.</summary>
    public delegate void Moved(int member);

    public ref Member this[int number] => ref members[number];

    public int FindOrAdd(UInt128 metric, UInt128 tuple)
    {
        var key = metric * 3 + tuple;
        var number = index.Find(key);
        if (number >= 0)
            return number;
        number = members.Take();
        ref var member = ref members[number];
        (member.Key, member.Metric, member.InUse, member.FirstStream) = (key, metric, true, -1);
        index.Add(key, number);
        return number;
    }

    public void Forget(int number)
    {
        index.Remove(members[number].Key);
        members.Free(number);
    }

    public void Save(StateWriter state) => members.Save(state);

    public void Restore(StateReader state)
    {
        members.Restore(state);
        for (var i = 0; i < members.End; i++)
        {
            if (members[i].InUse)
                index.Add(members[i].Key, i);
        }
    }

    public void AddWeight(int number, double increment, long unixNanos)
    {
        ref var member = ref members[number];
        Slide(ref member, unixNanos);
        member.Current += increment;
        member.Total += increment;
    }

    public void ClearLevels()
    {
        for (var i = 0; i < members.End; i++)
            members[i].Level = 0;
    }

    public void Decide(long unixNanos, Moved moved)
    {
        order.Clear();
        for (var i = 0; i < members.End; i++)
        {
            ref var member = ref members[i];
            if (!member.InUse)
                continue;
            Slide(ref member, unixNanos);
            order.Add(new Ranked(i, member.Metric, Weight(member, unixNanos), member.Kept, member.Key));
        }

        order.Sort();
        for (int from = 0, to; from < order.Count; from = to)
        {
            to = from + 1;
            while (to < order.Count && order[to].Metric == order[from].Metric)
                to++;
            Decide(from, to - from, moved);
        }
    }

    private void Decide(int from, int count, Moved moved)
    {
        if (count <= options.K)
        {
            for (var i = from; i < from + count; i++)
                Set(i, true, moved);
            return;
        }

        // First those who are in by rank or by staying; then from the bottom those too many, or from the top those missing.
        var kept = 0;
        for (var rank = 0; rank < count; rank++)
        {
            if (Enters(from, rank) || Stays(from, rank))
                kept++;
        }

        var tooMany = kept - options.K;
        for (var rank = count - 1; rank >= 0; rank--)
        {
            if (Enters(from, rank))
                continue;
            var stays = Stays(from, rank);
            if (stays && tooMany > 0)
            {
                stays = false;
                tooMany--;
            }

            if (!stays && order[from + rank].Kept)
                Set(from + rank, false, moved);
        }

        for (var rank = 0; rank < count; rank++)
        {
            if (Enters(from, rank))
            {
                Set(from + rank, true, moved);
            }
            else if (tooMany < 0 && !members[order[from + rank].Number].Kept && order[from + rank].Weight > 0)
            {
                Set(from + rank, true, moved);
                tooMany++;
            }
        }
    }

    private bool Enters(int from, int rank) => rank < surelyIn && order[from + rank].Weight > 0;

    private bool Stays(int from, int rank) => order[from + rank].Kept && rank < surelyOut;

    private void Set(int at, bool kept, Moved moved)
    {
        var number = order[at].Number;
        if (members[number].Kept == kept)
            return;
        members[number].Kept = kept;
        moved(number);
    }

    private void Slide(ref Member member, long unixNanos)
    {
        var span = unixNanos / windowNanos;

        // A clock that was set back counts on in the span it had reached.
        if (span <= member.Span)
            return;
        member.Previous = span == member.Span + 1 ? member.Current : 0;
        member.Current = 0;
        member.Span = span;
    }

    private double Weight(in Member member, long unixNanos)
    {
        if (options.By == TopKBy.Value)
            return member.Level + member.Total;
        var passed = (unixNanos % windowNanos) / (double)windowNanos;
        return member.Level + member.Current + member.Previous * (1 - passed);
    }

    /// <summary>One group. A metric is either counted or a level, so that only one of the weights is ever not 0.</summary>
    internal struct Member
    {
        public UInt128 Key;
        public UInt128 Metric;
        public double Current;
        public double Previous;
        public double Total;
        public double Level;
        public long Span;
        public int FirstStream;
        public bool Kept;
        public bool InUse;
    }

    private readonly record struct Ranked(int Number, UInt128 Metric, double Weight, bool Kept, UInt128 Key) : IComparable<Ranked>
    {
        // Heaviest first; of equals who is in, then an order that two arms share.
        public int CompareTo(Ranked other)
        {
            var byMetric = Metric.CompareTo(other.Metric);
            if (byMetric != 0)
                return byMetric;
            var byWeight = other.Weight.CompareTo(Weight);
            if (byWeight != 0)
                return byWeight;
            return Kept != other.Kept ? (Kept ? -1 : 1) : Key.CompareTo(other.Key);
        }
    }
}
