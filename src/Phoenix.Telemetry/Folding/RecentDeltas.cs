using System.Runtime.CompilerServices;

namespace Phoenix.Telemetry;

/// <summary>Start and time of the last eight delta points of a stream: one of them that comes again is the same point.</summary>
internal struct RecentDeltas
{
    private Windows windows;
    private int next;

    public readonly bool Holds(ulong start, ulong time) => ((ReadOnlySpan<ulong>)windows).Contains(WindowOf(start, time));

    public void Add(ulong start, ulong time)
    {
        windows[next] = WindowOf(start, time);
        next = (next + 1) % Windows.Count;
    }

    private static ulong WindowOf(ulong start, ulong time) => (start * 0x9E3779B97F4A7C15) ^ ulong.RotateLeft(time * 0xC2B2AE3D27D4EB4F, 31);

    [InlineArray(Count)]
    private struct Windows
    {
        public const int Count = 8;

        private ulong first;
    }
}
