namespace Phoenix.Telemetry;

/// <summary>The NaN by which Prometheus says that a series has ended (<c>model/value</c>, <c>StaleNaN</c>).</summary>
internal static class StaleMarker
{
    public const ulong Bits = 0x7FF0_0000_0000_0002;

    /// <summary>Kept as bits: arithmetic may turn a signalling NaN into a quiet one.</summary>
    public static bool Is(double value) => BitConverter.DoubleToUInt64Bits(value) == Bits;
}
