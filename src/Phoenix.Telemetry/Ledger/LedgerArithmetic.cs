namespace Phoenix.Telemetry;

/// <summary>What each point adds to its group.</summary>
/// <remarks>
/// <para>Input: the first sample of a stream is a base and contributes nothing (as with <c>increase()</c>), but for a known start
/// inside our watch where the metric's reducer is told to count from there; a reset shows by a
/// later start time, then by a falling value, count or bucket, never by a falling sum. A stream that returns after the
/// staleness limit sets a new base.</para>
/// <para>Output: a stream whose identity and start time are an input's is passed through, and the input's rule holds. Any other
/// with a known start inside our watch counts from zero; with an unknown or older start it begins at a base.</para>
/// <para>A cumulative point or a level that is not later than the one before is ignored. A delta point counts whenever it
/// comes, and once.</para>
/// </remarks>
internal sealed class LedgerArithmetic(ulong stalenessNanos, IdentitySlab<StreamRecord> inputs)
{
    // Clocks of a counter and of its sender differ a little; a counter as old as our first point is ours.
    private const ulong WatchTolerance = 1_000_000_000;

    private readonly Numbered<LastDistribution> lastPoints = new();
    private readonly Numbered<DistributionBalance> balances = new();
    private readonly LedgerExponential exponential = new();

    // Starts that inputs had until lately: what passes through may be older than the input that came last.
    private HashSet<(UInt128, ulong)> pastStarts = [], olderStarts = [];
    private ulong watchedFrom = ulong.MaxValue;
    private ulong firstArrival;

    /// <summary>The watch begins with the first input.</summary>
    public void Watch(ulong unixNanos, long arrival)
    {
        if (firstArrival == 0)
            firstArrival = (ulong)arrival;
        if (unixNanos != 0)
            watchedFrom = Math.Min(watchedFrom, Math.Min(unixNanos, (ulong)arrival));
    }

    public DistributionBalance BalanceOf(in LedgerGroup group) => balances[group.Distribution - 1];

    public void BeginWindow()
    {
        (pastStarts, olderStarts) = (olderStarts, pastStarts);
        pastStarts.Clear();
    }

    public void Forget(ref StreamRecord stream)
    {
        if (stream.Distribution != 0)
            lastPoints.Free(stream.Distribution - 1);
        (stream.Distribution, stream.LastTime, stream.Start, stream.Bits, stream.Ahead) = (0, 0, 0, 0, 0);
        stream.State &= ~(StreamState.HasValue | StreamState.Integer | StreamState.Own);
    }

    public void Forget(in LedgerGroup group)
    {
        if (group.Distribution != 0)
            balances.Free(group.Distribution - 1);
    }

    /// <param name="time">The point's time within the bound on the sender's clock.</param>
    /// <param name="countsFirst">A first value counts where its start lies inside the watch.</param>
    /// <returns>False where the point says nothing about now: it is late.</returns>
    public bool Take(
        ref StreamRecord stream, ref LedgerGroup group, scoped in LedgerPoint point, LedgerKind kind, bool isInput, ulong time, bool countsFirst = false)
    {
        if (kind == LedgerKind.Delta)
        {
            TakeDelta(ref stream, ref group, point, isInput, time);
            return true;
        }

        if (stream.LastTime != 0 && point.UnixNanos <= stream.LastTime)
            return false;
        if (!point.IsCountable(kind))
        {
            // A level that ends is no longer fresh; a counter may go on from where it was.
            if (kind == LedgerKind.Level)
            {
                stream.Set(StreamState.HasValue, false);
                SetTime(ref stream, point, time);
            }

            return true;
        }

        if (kind == LedgerKind.Cumulative)
            TakeCumulative(ref stream, ref group, point, isInput, countsFirst);
        SetTime(ref stream, point, time);
        stream.Bits = point.Bits;
        stream.Set(StreamState.Integer, point.IsInteger);
        stream.Set(StreamState.HasValue, true);
        return true;
    }

    private static void SetTime(ref StreamRecord stream, scoped in LedgerPoint point, ulong time)
    {
        stream.LastTime = point.UnixNanos;
        stream.Ahead = point.UnixNanos <= time ? 0 : (uint)Math.Min(uint.MaxValue, (point.UnixNanos - time + 999_999_999) / 1_000_000_000);
    }

    private void TakeDelta(ref StreamRecord stream, ref LedgerGroup group, scoped in LedgerPoint point, bool isInput, ulong time)
    {
        if (!LastOf(ref stream).IsNew(point.StartUnixNanos, point.UnixNanos))
            return;
        if (point.UnixNanos >= stream.LastTime)
            SetTime(ref stream, point, time);
        if (!point.IsCountable(LedgerKind.Delta))
            return;
        group.Increments += isInput ? 1 : 0;
        if (point.IsInteger)
            group.Add(isInput, (long)point.Bits);
        else
            group.Add(isInput, point.Number);
        if (point.IsNumber)
            return;
        var balance = BalanceFor(ref group);
        balance.AddSum(isInput, point.Fields.HasSum ? point.Fields.Sum : null);
        if (point.Type == MetricType.ExponentialHistogram && exponential.Read(point.Bytes))
            balance.Exponential.Add(exponential, isInput ? 1 : -1);
        if (point.Type == MetricType.Histogram && !point.Fields.Irregular)
            AddBuckets(balance, point.Fields, Identity.OfBytes(point.Fields.ExplicitBounds), last: null, isInput);
    }

    private void TakeCumulative(ref StreamRecord stream, ref LedgerGroup group, scoped in LedgerPoint point, bool isInput, bool countsFirst)
    {
        var own = !isInput && IsOwn(stream, point);
        var startedAgain = point.KnownStart != 0 && stream.Start != 0 && point.KnownStart > stream.Start;
        var follows = stream.Has(StreamState.HasValue);

        // Our own counters say when they began; a later start is a new counter, even where its value is not lower.
        var fromZero = startedAgain || (own && (!follows || !stream.Has(StreamState.Own)));
        var counts = own || (follows && !stream.Has(StreamState.Own) && point.UnixNanos - stream.LastTime <= stalenessNanos);
        if (countsFirst && !follows && point.KnownStart != 0 && point.KnownStart >= firstArrival)
            counts = fromZero = true;
        if (point.IsNumber)
        {
            if (counts)
                AddNumber(stream, ref group, point, fromZero || Falls(stream, point), isInput);
        }
        else
        {
            TakeDistribution(ref stream, ref group, point, counts, fromZero, isInput);
        }

        stream.Set(StreamState.Own, own);
        if (point.KnownStart == 0 || point.KnownStart == stream.Start)
            return;
        if (isInput && stream.Start != 0)
            pastStarts.Add((stream.Identity, stream.Start));
        stream.Start = point.KnownStart;
    }

    private static bool Falls(in StreamRecord stream, scoped in LedgerPoint point) => stream.Has(StreamState.HasValue) &&
        (point.IsInteger && stream.Has(StreamState.Integer) ? (long)point.Bits < (long)stream.Bits : point.Number < stream.Number);

    private static void AddNumber(in StreamRecord stream, ref LedgerGroup group, scoped in LedgerPoint point, bool fromZero, bool isInput)
    {
        group.Increments += isInput ? 1 : 0;
        if (point.IsInteger && (fromZero || stream.Has(StreamState.Integer)))
            group.Add(isInput, Math.Max(0, (long)point.Bits - (fromZero ? 0 : (long)stream.Bits)));
        else
            group.Add(isInput, Math.Max(0, point.Number - (fromZero ? 0 : stream.Number)));
    }

    private void TakeDistribution(ref StreamRecord stream, ref LedgerGroup group, scoped in LedgerPoint point, bool counts, bool fromZero, bool isInput)
    {
        var isNew = stream.Distribution == 0;
        var last = LastOf(ref stream);
        var isExplicit = point.Type == MetricType.Histogram && !point.Fields.Irregular;
        var isExponential = point.Type == MetricType.ExponentialHistogram && exponential.Read(point.Bytes);
        var bounds = isExplicit ? Identity.OfBytes(point.Fields.ExplicitBounds) : 0;
        if (counts)
        {
            fromZero |= isNew || Falls(stream, point)
                || (isExplicit && last.FallsTo(point.Fields, bounds))
                || (isExponential && (last.Exponential is null || ExponentialBalance.Falls(last.Exponential, exponential)));
            AddNumber(stream, ref group, point, fromZero, isInput);
            var balance = BalanceFor(ref group);
            balance.AddSum(isInput, !point.Fields.HasSum ? null : fromZero ? point.Fields.Sum : last.HasSum ? point.Fields.Sum - last.Sum : null);
            if (isExplicit)
                AddBuckets(balance, point.Fields, bounds, fromZero ? null : last, isInput);
            if (isExponential)
            {
                balance.Exponential.Add(exponential, isInput ? 1 : -1);
                if (!fromZero)
                    balance.Exponential.Add(last.Exponential!, isInput ? -1 : 1);
            }
        }

        last.Set(point.Fields, bounds, isExponential ? exponential : null);
    }

    private static void AddBuckets(DistributionBalance balance, scoped in PointFields fields, UInt128 bounds, LastDistribution? last, bool isInput)
    {
        var difference = balance.Buckets(bounds, fields.BucketCounts.Length / 8);
        for (var i = 0; i < difference.Length; i++)
        {
            var gained = (long)(fields.Bucket(i) - (last?.Bucket(i) ?? 0));
            difference[i] += isInput ? gained : -gained;
        }
    }

    // Whether an output is a counter of the pipeline's own: begun inside our watch, and not with the start of the input of
    // the same identity. Looked at when its start changes.
    private bool IsOwn(in StreamRecord stream, scoped in LedgerPoint point)
    {
        var start = point.KnownStart;
        if (start == 0 || start + WatchTolerance < watchedFrom)
            return false;
        if (stream.Has(StreamState.HasValue) && start == stream.Start)
            return stream.Has(StreamState.Own);
        var number = inputs.Find(stream.Identity);
        return number < 0 || (inputs[number].Start != start && !pastStarts.Contains((stream.Identity, start)) && !olderStarts.Contains((stream.Identity, start)));
    }

    private LastDistribution LastOf(ref StreamRecord stream)
    {
        if (stream.Distribution == 0)
            stream.Distribution = lastPoints.Take() + 1;
        return lastPoints[stream.Distribution - 1];
    }

    private DistributionBalance BalanceFor(ref LedgerGroup group)
    {
        if (group.Distribution == 0)
            group.Distribution = balances.Take() + 1;
        return balances[group.Distribution - 1];
    }
}

/// <summary>Objects by number; freed numbers are used again.</summary>
internal sealed class Numbered<T> where T : class, new()
{
    private readonly List<T?> items = [];
    private readonly Stack<int> free = new();

    public T this[int number] => items[number]!;

    public int Take()
    {
        if (free.TryPop(out var number))
        {
            items[number] = new T();
            return number;
        }

        items.Add(new T());
        return items.Count - 1;
    }

    public void Free(int number)
    {
        items[number] = null;
        free.Push(number);
    }
}
