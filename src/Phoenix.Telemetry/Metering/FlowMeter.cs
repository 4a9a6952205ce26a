using System.Text;

namespace Phoenix.Telemetry;

/// <summary>
/// Counts a window by the service and the namespace of resources, beside what the metrics count for themselves. A resource is looked at once per batch and a
/// metric's points are added as one: nothing is done or allocated per point.
/// </summary>
internal sealed class FlowMeter
{
    private readonly FlowGroups services = new(), namespaces = new();

    // Series that resources become by themselves, which no metric counts.
    private long targetsIn, targetsOut;

    /// <summary>Where the points of a resource count.</summary>
    public FlowPlace PlaceOf(ReadOnlySpan<byte> resource)
    {
        ReadOnlySpan<byte> service = default, serviceNamespace = default, cluster = default;
        var attributes = new Attributes(resource, Attributes.OfResource);
        while (attributes.Next())
        {
            var key = attributes.Current.Key;
            if (key.SequenceEqual("service.name"u8))
                service = attributes.Current.Value;
            else if (key.SequenceEqual("service.namespace"u8))
                serviceNamespace = attributes.Current.Value;
            else if (key.SequenceEqual("k8s.namespace.name"u8))
                cluster = attributes.Current.Value;
        }

        return new FlowPlace(services.Find(service), namespaces.Find(serviceNamespace.IsEmpty ? cluster : serviceNamespace));
    }

    public void AddTarget(in FlowPlace place, int series, bool isInput)
    {
        if (isInput)
            targetsIn += series;
        else
            targetsOut += series;
        place.Add(series, 0, isInput);
    }

    public FlowResult Result(MeteredMetrics metrics, FlowShare total, bool approximate, int rows)
    {
        var targets = new FlowShare("target_info", targetsIn, targetsOut, 0, 0);
        return new FlowResult(
            total, Top(metrics.Flows().Append(targets), rows), Top(services.Shares(), rows), Top(namespaces.Shares(), rows), approximate);
    }

    public void BeginWindow()
    {
        services.BeginWindow();
        namespaces.BeginWindow();
        (targetsIn, targetsOut) = (0, 0);
    }

    private static IReadOnlyList<FlowShare> Top(IEnumerable<FlowShare> shares, int rows) =>
    [
        .. shares.GroupBy(share => share.Key, StringComparer.Ordinal)
            .Select(group => group.Aggregate((sum, share) => sum + share))
            .Where(share => share is not { SeriesIn: 0, SeriesOut: 0, SamplesIn: 0, SamplesOut: 0 })
            .OrderByDescending(share => Math.Max(share.SeriesIn, share.SeriesOut)).ThenByDescending(share => Math.Max(share.SamplesIn, share.SamplesOut))
            .ThenBy(share => share.Key, StringComparer.Ordinal)
            .Take(rows),
    ];
}

/// <summary>The groups of one resource; null where there is no place for its name, so that it counts in the total alone.</summary>
internal readonly struct FlowPlace(FlowGroup? service, FlowGroup? serviceNamespace)
{
    public void Add(long series, long samples, bool isInput)
    {
        service?.Add(series, samples, isInput);
        serviceNamespace?.Add(series, samples, isInput);
    }
}

internal sealed class FlowGroup(string name)
{
    private long seriesIn, seriesOut, samplesIn, samplesOut;

    public FlowShare Share => new(name, seriesIn, seriesOut, samplesIn, samplesOut);

    public void Add(long series, long samples, bool isInput)
    {
        if (isInput)
            (seriesIn, samplesIn) = (seriesIn + series, samplesIn + samples);
        else
            (seriesOut, samplesOut) = (seriesOut + series, samplesOut + samples);
    }

    public void Clear() => (seriesIn, seriesOut, samplesIn, samplesOut) = (0, 0, 0, 0);
}

/// <summary>Groups by the value of an attribute; a sender that makes up values without end finds no more place.</summary>
internal sealed class FlowGroups
{
    private const int Most = 1000;

    private readonly IdentityTable index = new();
    private readonly List<FlowGroup> groups = [];
    private readonly FlowGroup without = new("");

    /// <param name="anyValue">Empty where the resource has no such attribute.</param>
    public FlowGroup? Find(ReadOnlySpan<byte> anyValue)
    {
        if (anyValue.IsEmpty)
            return without;
        var identity = Identity.OfBytes(anyValue);
        var number = index.Find(identity);
        if (number >= 0)
            return groups[number];
        if (groups.Count >= Most)
            return null;
        var text = new ProtoBuffer();
        AnyValueText.Append(text, anyValue);
        var group = new FlowGroup(Encoding.UTF8.GetString(text.Span));
        index.Add(identity, groups.Count);
        groups.Add(group);
        return group;
    }

    public IEnumerable<FlowShare> Shares() => groups.Select(group => group.Share).Append(without.Share);

    public void BeginWindow()
    {
        without.Clear();
        if (groups.Count < Most)
        {
            foreach (var group in groups)
                group.Clear();
            return;
        }

        // Full of what may be gone: what lives is found again.
        index.Clear();
        groups.Clear();
    }
}

/// <summary>What went through an arm in a window, by metric name and by the resource's service and namespace.</summary>
/// <param name="Total">Everything, also what no row names.</param>
/// <param name="Services">By <c>service.name</c>; the empty key has none.</param>
/// <param name="Namespaces">By <c>service.namespace</c>, else <c>k8s.namespace.name</c>; the empty key has neither.</param>
/// <param name="Approximate">Streams that found no place are in the series of the total, as an estimate, and in no row.</param>
public sealed record FlowResult(
    FlowShare Total, IReadOnlyList<FlowShare> Metrics, IReadOnlyList<FlowShare> Services, IReadOnlyList<FlowShare> Namespaces, bool Approximate);

/// <param name="SeriesIn">Classic series that were active in the window on the way in.</param>
/// <param name="SamplesIn">Classic samples that came in.</param>
public sealed record FlowShare(string Key, long SeriesIn, long SeriesOut, long SamplesIn, long SamplesOut)
{
    public static FlowShare operator +(FlowShare a, FlowShare b) => Add(a, b);

    public static FlowShare Add(FlowShare a, FlowShare b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        return new(a.Key, a.SeriesIn + b.SeriesIn, a.SeriesOut + b.SeriesOut, a.SamplesIn + b.SamplesIn, a.SamplesOut + b.SamplesOut);
    }
}
