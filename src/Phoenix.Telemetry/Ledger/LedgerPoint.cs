namespace Phoenix.Telemetry;

/// <summary>A point as the ledger takes it: what every type has, and the fields of distributions.</summary>
internal ref struct LedgerPoint
{
    /// <summary>Content of the data point.</summary>
    public ReadOnlySpan<byte> Bytes;
    public MetricType Type;
    public ulong UnixNanos;
    public ulong StartUnixNanos;

    /// <summary>Number points: the raw bits; distributions: the count.</summary>
    public ulong Bits;

    /// <summary>The value is an integer; a count always is.</summary>
    public bool IsInteger;
    public bool HasValue;
    public bool NoRecordedValue;

    /// <summary>Distributions only.</summary>
    public PointFields Fields;

    public readonly bool IsNumber => Type is MetricType.Gauge or MetricType.Sum;

    public readonly ulong KnownStart => StartUnixNanos == UnixNanos ? 0 : StartUnixNanos;

    public readonly double Number => IsInteger ? (long)Bits : BitConverter.UInt64BitsToDouble(Bits);

    /// <summary>Whether there is something to add or compare: levels may be infinite, increments may not.</summary>
    public readonly bool IsCountable(LedgerKind kind) =>
        !NoRecordedValue && HasValue && (IsInteger || (kind == LedgerKind.Level ? !double.IsNaN(Number) : double.IsFinite(Number)));
}
