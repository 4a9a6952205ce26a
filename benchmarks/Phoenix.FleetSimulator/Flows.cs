using Phoenix.Contracts;

namespace Phoenix.FleetSimulator;

/// <summary>
/// What hosts tell of the flow through their production collectors, in shape and size: fifty metrics of two hundred, of one service of forty. It follows from the
/// host alone; none of it was measured.
/// </summary>
internal static class Flows
{
    const int Services = 40, Metrics = 200, Of = 50;

    public static FlowReport Report(string hostId, IEnumerable<CollectorHealth> collectors)
    {
        var hash = Fnv.Of(hostId);
        return new([.. collectors.Where(c => c.Arm == CollectorArm.Production).Select(c => new ReportedFlow(c.Name, Window(hash)))]);
    }

    static FlowWindow Window(uint hash)
    {
        var service = hash % Services;
        string[] metrics = [.. Enumerable.Range(0, Of).Select(n => $"service.requests.{(service * 5 + n) % Metrics}")];
        long[] series = [.. Enumerable.Range(0, Of).Select(n => 4 + (hash >> n % 16) % 40)];
        var (total, samples) = (series.Sum(), series.Select(s => s * 6).ToArray());
        return new(DateTimeOffset.UtcNow, 60, new(total, total, total * 6, total * 6), new(metrics, series, series, samples, samples),
            Single($"service-{service}", total), Single($"namespace-{service % 8}", total));
    }

    static FlowTable Single(string key, long series) => new([key], [series], [series], [series * 6], [series * 6]);
}
