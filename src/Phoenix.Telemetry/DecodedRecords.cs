namespace Phoenix.Telemetry;

/// <summary>A run of bytes in a batch.</summary>
internal readonly record struct ByteRange(int At, int Length)
{
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> batch) => batch.Slice(At, Length);
}

/// <summary>One <c>ResourceMetrics</c> of a batch.</summary>
internal struct DecodedResource
{
    public UInt128 Identity;

    /// <summary>Content of the <c>ResourceMetrics</c>.</summary>
    public ByteRange Whole;

    /// <summary>Content of its <c>Resource</c>; empty where there is none.</summary>
    public ByteRange Resource;
    public int FirstScope;
    public int EndOfScopes;
}

/// <summary>One <c>ScopeMetrics</c> of a batch.</summary>
internal struct DecodedScope
{
    /// <summary>Identity of resource and scope together.</summary>
    public UInt128 Around;

    /// <summary>Content of the <c>ScopeMetrics</c>.</summary>
    public ByteRange Whole;

    /// <summary>Content of its <c>InstrumentationScope</c>; empty where there is none.</summary>
    public ByteRange Scope;
    public int FirstMetric;
    public int EndOfMetrics;
}

/// <summary>One <c>Metric</c> of a batch.</summary>
internal struct DecodedMetric
{
    /// <summary>Name, unit, type, temporality and monotonicity.</summary>
    public UInt128 Identity;

    /// <summary>The metric with its tag.</summary>
    public ByteRange Raw;

    /// <summary>Content of the metric.</summary>
    public ByteRange Whole;
    public ByteRange Name;
    public ByteRange Unit;

    /// <summary>Content of its <c>Gauge</c>, <c>Sum</c>, … .</summary>
    public ByteRange Data;
    public int FirstPoint;
    public int EndOfPoints;
    public MetricType Type;
    public Temporality Temporality;
    public bool Monotonic;
}

/// <summary>
/// One data point of a batch, 64 bytes: what a counter or level needs. Of distributions the fields are read from the bytes
/// by who needs them.
/// </summary>
internal struct DecodedPoint
{
    /// <summary>Identity of the whole stream: resource, scope, metric and attributes.</summary>
    public UInt128 Identity;
    public ulong UnixNanos;
    public ulong StartUnixNanos;

    /// <summary>Number points: the raw bits of the double or the integer.</summary>
    public ulong ValueBits;

    /// <summary>Where the point with its tag begins.</summary>
    public int RawAt;

    /// <summary>Where its content begins.</summary>
    public int At;

    /// <summary>Bytes of its content.</summary>
    public int Length;
    public PointFlags Flags;

    public readonly ulong KnownStart => StartUnixNanos == UnixNanos ? 0 : StartUnixNanos;

    public readonly bool IsInteger => (Flags & PointFlags.Integer) != 0;

    public readonly bool NoRecordedValue => (Flags & PointFlags.NoRecordedValue) != 0;

    public readonly double Number => IsInteger ? (long)ValueBits : BitConverter.UInt64BitsToDouble(ValueBits);

    /// <inheritdoc cref="PointFields.IsEmptyNumber"/>
    public readonly bool IsEmptyNumber =>
        (Flags & (PointFlags.NoRecordedValue | PointFlags.Value)) != PointFlags.Value || (!IsInteger && double.IsNaN(Number));
}

[Flags]
internal enum PointFlags : byte
{
    None = 0,

    /// <summary>The value is an integer.</summary>
    Integer = 1,

    /// <summary>There is a value.</summary>
    Value = 2,

    /// <summary>The sender says that there was nothing to record.</summary>
    NoRecordedValue = 4,
}
