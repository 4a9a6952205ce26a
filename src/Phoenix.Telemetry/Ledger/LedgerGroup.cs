namespace Phoenix.Telemetry;

internal enum LedgerKind : byte
{
    /// <summary>Cumulative: compared by increments.</summary>
    Cumulative,

    /// <summary>Delta: every point is an increment.</summary>
    Delta,

    /// <summary>Compared by a function of the fresh values at the cut.</summary>
    Level,
}

/// <summary>
/// One surviving label group: what went in, and how far what came out is from it. Integers have to agree exactly; sums of
/// doubles are compensated (Neumaier 1974) and compared within <see cref="Tolerance"/> of the absolute values they add up.
/// </summary>
internal struct LedgerGroup : IIdentified
{
    /// <summary>Sums of doubles in another order differ in the last digits.</summary>
    public const double Tolerance = 1e-9;

    private double fraction, compensation, magnitude;
    private long whole;

    public UInt128 Identity { get; set; }

    /// <summary>Sum of increments in, or the level in.</summary>
    public double In { get; private set; }

    /// <summary>Times of the newest points: what levels are fresh against.</summary>
    public ulong NewestIn, NewestOut;

    /// <summary>Number of the metric.</summary>
    public int Metric;

    public int StreamsIn, StreamsOut;

    /// <summary>Number of the <see cref="DistributionBalance"/>, plus one; 0 for none.</summary>
    public int Distribution;

    public int Increments;

    public GroupState State;

    private byte infiniteIn, infiniteOut;

    public bool InUse
    {
        readonly get => (State & GroupState.InUse) != 0;
        set => State = value ? State | GroupState.InUse : State & ~GroupState.InUse;
    }

    /// <summary>Sum of increments out.</summary>
    public readonly double Out => In - Difference;

    /// <summary>A group that never came out is excused where a named rule drops every stream that went into it.</summary>
    public readonly bool IsExcused => (State & (GroupState.SeenOut | GroupState.HasToComeOut)) == 0;

    /// <summary>|in − out|, as far as it is more than rounding.</summary>
    public readonly double Error
    {
        get
        {
            if (infiniteIn != 0 || infiniteOut != 0)
                return infiniteIn == infiniteOut || infiniteIn == 3 ? 0 : double.MaxValue;
            var difference = Math.Abs(Difference);
            return magnitude > 0 && difference <= Tolerance * (Math.Abs(In) + magnitude) ? 0 : difference;
        }
    }

    /// <summary>Error as a share of what came in; 1 where something came out of nothing.</summary>
    public readonly double RelativeError => Error switch
    {
        0 => 0,
        var error => In == 0 ? 1 : Math.Min(error / Math.Abs(In), double.MaxValue),
    };

    private readonly double Difference => whole + (fraction + compensation);

    public void Add(bool isInput, long increment)
    {
        if (isInput)
            In += increment;
        whole += isInput ? increment : -increment;
    }

    public void Add(bool isInput, double increment)
    {
        if (!double.IsFinite(increment))
        {
            ref var infinite = ref isInput ? ref infiniteIn : ref infiniteOut;
            infinite |= (byte)(increment > 0 ? 1 : 2);
            return;
        }

        if (isInput)
            In += increment;
        magnitude += Math.Abs(increment);
        var added = isInput ? increment : -increment;
        var next = fraction + added;
        compensation += Math.Abs(fraction) >= Math.Abs(added) ? fraction - next + added : added - next + fraction;
        fraction = next;
    }

    /// <summary>Nothing is counted any more; its streams stay.</summary>
    public void Clear()
    {
        ClearLevel();
        (Distribution, Increments) = (0, 0);
    }

    /// <summary>Levels are added up anew at each cut.</summary>
    public void ClearLevel()
    {
        (whole, fraction, compensation, magnitude, In) = (0, 0, 0, 0, 0);
        (infiniteIn, infiniteOut) = (0, 0);
    }
}

[Flags]
internal enum GroupState : byte
{
    None = 0,
    InUse = 1,
    SeenOut = 2,

    /// <summary>Some stream of it came in that no named rule drops.</summary>
    HasToComeOut = 4,

    /// <summary>A stream of it could not be followed: the group cannot be compared any more.</summary>
    Void = 8,

    /// <summary>It is wrong and has no name yet: its next point gives one.</summary>
    WantsName = 16,
}
