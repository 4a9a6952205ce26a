namespace Phoenix.Telemetry;

/// <summary>
/// Remembers which streams were looked at since the last <see cref="Clear"/>, in a fixed 512 KiB: a stream may push another
/// one out, which is then looked at again. Never the other way round.
/// </summary>
internal sealed class RecentlySeen
{
    private readonly ulong[] slots = new ulong[1 << 16];

    /// <returns>Whether the stream is not known to have been here.</returns>
    public bool IsNew(UInt128 identity)
    {
        ref var slot = ref slots[(int)(ulong)identity & (slots.Length - 1)];
        var tag = (ulong)(identity >> 64) | 1;
        if (slot == tag)
            return false;
        slot = tag;
        return true;
    }

    public void Clear() => slots.AsSpan().Clear();
}
