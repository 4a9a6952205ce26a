using Phoenix.Collector.Exporters;
using Phoenix.Contracts;

namespace Phoenix.Collector.Control;

/// <summary>Whether an arm does its work: healthy means that data flows through, not that a process exists.</summary>
internal static class ArmHealth
{
    private static readonly TimeSpan ShortestPatience = TimeSpan.FromSeconds(15);

    // OpenTelemetry SDKs export every 60 s by default; two missed exports and a late third are still no failure.
    private static readonly TimeSpan PatienceWithSenders = TimeSpan.FromSeconds(150);

    /// <summary>How long an arm may go without input.</summary>
    /// <param name="longestInterval">Of the receivers; null where senders alone decide.</param>
    public static TimeSpan Patience(TimeSpan? longestInterval) =>
        longestInterval is not { } interval ? PatienceWithSenders : interval * 3 > ShortestPatience ? interval * 3 : ShortestPatience;

    /// <param name="lastInput">Unix nanoseconds; 0 where nothing came yet.</param>
    /// <param name="longestInterval">Of the receivers; null where senders alone decide.</param>
    /// <returns>Why the arm is not healthy; null where it is.</returns>
    public static string? Unhealthy(
        CollectorArm arm, long now, long lastInput, TimeSpan? longestInterval, bool teeConnected, IReadOnlyList<ExporterCounters> exporters)
    {
        if (arm == CollectorArm.Candidate && !teeConnected)
        {
            return "the tee of the production arm is not connected";
        }

        if (lastInput == 0)
        {
            return "no input has come in yet";
        }

        if (now - lastInput > Clock.Nanos(Patience(longestInterval)))
        {
            return $"no input for {(now - lastInput) / 1_000_000_000} s";
        }

        foreach (var exporter in exporters)
        {
            if (exporter.Failure is { } failure)
            {
                return $"the last export failed: {failure}";
            }

            if (exporter.LastSuccess == 0)
            {
                return "nothing has been exported yet";
            }
        }

        return null;
    }
}
