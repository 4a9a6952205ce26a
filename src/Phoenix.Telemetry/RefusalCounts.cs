namespace Phoenix.Telemetry;

/// <summary>Counts points that a format cannot carry, by reason.</summary>
internal sealed class RefusalCounts
{
    private readonly Dictionary<string, long> points = [];

    public IReadOnlyList<DroppedPoints> Snapshot() => [.. points.Select(reason => new DroppedPoints(reason.Key, reason.Value))];

    /// <param name="reason">One of few constant texts.</param>
    public void Add(string reason, long count = 1)
    {
        points.TryGetValue(reason, out var before);
        points[reason] = before + count;
    }
}
