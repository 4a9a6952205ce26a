using Phoenix.Telemetry;

namespace Phoenix.Collector.Pipeline;

/// <summary>Says in the log what is wrong with a closed window, once as long as it stays the same.</summary>
internal sealed class WindowWarnings
{
    private (string Group, string? Aspect)? _breach;
    private bool _approximate;
    private TimeSpan _interval;

    public void Look(long window, TimeSpan length, bool complete, MeterWindow measured)
    {
        var ledger = measured.Ledger;
        (string, string?)? breach = ledger.WorstGroup is { } group ? (group, ledger.WorstAspect) : null;
        if (breach is not null && breach != _breach)
        {
            Log.Error(
                "what left is not what came in", ("window", window), ("group", ledger.WorstGroup!), ("what", ledger.WorstAspect ?? ""),
                ("errorPct", ledger.WorstErrorPct));
        }

        var approximate = measured.Input.Approximate || measured.Output.Approximate;
        if (approximate && !_approximate)
        {
            Log.Warn(
                "more streams than service.telemetry.max_series: series are estimated and part of the ledger is void", ("window", window),
                ("untrackedPoints", measured.UntrackedPoints), ("voidGroups", ledger.VoidGroups));
        }

        // A window that ended early says nothing about the length that was asked for.
        if (complete && length < 2 * measured.LongestInterval && measured.LongestInterval > _interval)
        {
            Log.Warn(
                "the window is shorter than twice the longest input interval: it may hold none of a stream's points", ("window", window),
                ("windowSeconds", length.TotalSeconds), ("intervalSeconds", measured.LongestInterval.TotalSeconds));
            _interval = measured.LongestInterval;
        }

        (_breach, _approximate) = (breach, approximate);
    }
}
