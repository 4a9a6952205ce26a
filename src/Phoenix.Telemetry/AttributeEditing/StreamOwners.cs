using System.Runtime.InteropServices;

namespace Phoenix.Telemetry;

/// <summary>
/// Which input stream may write which output stream, where edited attributes can make several inputs one (OpenTelemetry data
/// model, §Single-Writer). The first has it until it has been silent for twice its interval.
/// </summary>
/// <remarks>
/// Both are known by 64 bits of their identity: among a million streams one pair is mistaken with a probability of 3e-8.
/// An entry costs about 48 bytes. Beyond the bound streams are not watched, which is counted.
/// </remarks>
internal sealed class StreamOwners(int maxStreams)
{
    private const long Second = 1_000_000_000;
    private const long ShortestSilence = 10 * Second;

    // Of who was seen once, nobody knows how often it comes.
    private const long SilenceOfUnknown = 300 * Second;

    private readonly Dictionary<ulong, Owner> owners = [];
    private long sweptAt;

    /// <summary>Points whose stream could not be watched for want of room.</summary>
    public long Unwatched { get; private set; }

    /// <returns>False where another input writes the output now.</returns>
    public bool MayWrite(UInt128 output, UInt128 input, long unixNanos)
    {
        if (owners.Count >= maxStreams && !owners.ContainsKey((ulong)output))
        {
            Unwatched++;
            return true;
        }

        ref var owner = ref CollectionsMarshal.GetValueRefOrAddDefault(owners, (ulong)output, out var known);
        if (known && owner.Input != (ulong)input && unixNanos - owner.SeenAt <= owner.Patience)
            return false;
        var gap = unixNanos - owner.SeenAt;
        owner = known && owner.Input == (ulong)input
            ? owner with { SeenAt = unixNanos, Gap = gap > 0 ? gap : owner.Gap }
            : new Owner((ulong)input, unixNanos, 0);
        return true;
    }

    /// <summary>Forgets, now and then, who has been silent for long.</summary>
    public void Sweep(long unixNanos)
    {
        if (unixNanos - sweptAt < SilenceOfUnknown)
            return;
        sweptAt = unixNanos;
        foreach (var (output, owner) in owners)
        {
            if (unixNanos - owner.SeenAt > Math.Max(owner.Patience, SilenceOfUnknown))
                owners.Remove(output);
        }
    }

    private readonly record struct Owner(ulong Input, long SeenAt, long Gap)
    {
        public long Patience => Gap == 0 ? SilenceOfUnknown : Math.Max(2 * Gap, ShortestSilence);
    }
}
