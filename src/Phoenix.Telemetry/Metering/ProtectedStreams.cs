using System.Runtime.InteropServices;

namespace Phoenix.Telemetry;

/// <summary>Protected input streams of the window, and which of them left untouched: every point with its times and value, and no more.</summary>
internal sealed class ProtectedStreams
{
    private const int NamedAtMost = 20;

    private readonly IdentityTable index = new();
    private readonly List<Stream> streams = [];

    /// <param name="observation">Hash of the point's identity, times and value; sums of it do not depend on order.</param>
    public void Expect(UInt128 identity, UInt128 observation, string metric)
    {
        var number = index.Find(identity);
        if (number < 0)
        {
            number = streams.Count;
            index.Add(identity, number);
            streams.Add(new Stream(metric));
        }

        CollectionsMarshal.AsSpan(streams)[number].In += observation;
    }

    public void Retain(UInt128 identity, UInt128 observation)
    {
        var number = index.Find(identity);
        if (number >= 0)
            CollectionsMarshal.AsSpan(streams)[number].Out += observation;
    }

    public ProtectedResult Close()
    {
        var result = new ProtectedResult(
            streams.Count,
            streams.Count(stream => stream.In == stream.Out),
            [.. streams.Where(stream => stream.In != stream.Out).Select(stream => stream.Metric).Distinct().Order(StringComparer.Ordinal).Take(NamedAtMost)]);
        Clear();
        return result;
    }

    public void Clear()
    {
        index.Clear();
        streams.Clear();
    }

    private struct Stream(string metric)
    {
        public readonly string Metric = metric;
        public UInt128 In;
        public UInt128 Out;
    }
}
