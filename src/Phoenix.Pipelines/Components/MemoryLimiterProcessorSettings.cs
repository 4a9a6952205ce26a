namespace Phoenix.Pipelines.Components;

/// <summary>
/// <c>memory_limiter</c>: refuses input, with an answer that asks senders to come again, while the process holds more memory
/// than the limit less the spike. It stands first in the pipeline and acts before the input queue.
/// </summary>
/// <param name="LimitBytes">Resident memory; null where a percentage is given.</param>
/// <param name="LimitPercentage">Of the memory that the process may have: the cgroup's limit, else the machine's.</param>
/// <param name="SpikeBytes">What may come in between two checks; null takes the percentage, else a fifth of the limit.</param>
public sealed record MemoryLimiterProcessorSettings(
    string Id, TimeSpan CheckInterval, long? LimitBytes, double? LimitPercentage, long? SpikeBytes, double? SpikePercentage) : ProcessorSettings(Id)
{
    public const string Type = "memory_limiter";

    private const long MebiByte = 1 << 20;

    /// <summary>The limit, and the lower mark from which input is refused, in bytes.</summary>
    /// <param name="available">What the process may have at all.</param>
    public (long Hard, long Soft) Marks(long available)
    {
        var hard = LimitBytes ?? (long)(available / 100.0 * LimitPercentage!.Value);
        var spike = SpikeBytes ?? (SpikePercentage is { } percentage ? (long)(available / 100.0 * percentage) : hard / 5);
        return (hard, Math.Max(hard - spike, 0));
    }

    internal static MemoryLimiterProcessorSettings Read(string id, SectionReader section)
    {
        const long largest = 1L << 24;
        // How often memory is looked at. Default 1s.
        var interval = section.Duration("check_interval", TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        // Resident memory that the process should not exceed, in MiB. Wins over limit_percentage.
        var limit = Optional(section, "limit_mib", () => section.Integer("limit_mib", 1, 1, largest)) * MebiByte;
        // Part of it that may come in between two checks, in MiB. Default a fifth of the limit.
        var spike = Optional(section, "spike_limit_mib", () => section.Integer("spike_limit_mib", 1, 1, largest)) * MebiByte;
        // The same as percentages of the memory that the process may have.
        var limitPercentage = Optional(section, "limit_percentage", () => section.Number("limit_percentage", 1, 1, 100));
        var spikePercentage = Optional(section, "spike_limit_percentage", () => section.Number("spike_limit_percentage", 1, 0, 100));
        if (limit is null && limitPercentage is null)
        {
            section.Error("limit_mib", "is missing", "write limit_mib, or limit_percentage");
        }

        if (spike >= limit)
        {
            section.Error("spike_limit_mib", "is not below limit_mib, so that everything would be refused", "choose a fifth of limit_mib");
        }

        if (limit is null && spikePercentage >= limitPercentage)
        {
            section.Error("spike_limit_percentage", "is not below limit_percentage, so that everything would be refused", "choose a fifth of limit_percentage");
        }

        section.RejectUnknown();
        return new(id, interval, limit, limitPercentage, spike, spikePercentage);
    }

    private static T? Optional<T>(SectionReader section, string key, Func<T> read) where T : struct => section.Has(key) ? read() : null;
}
