using JasperFx.Events;

namespace Phoenix.Domain.Experiments;

/// <summary>A window, and how the guardrails stood with it and all recorded before it.</summary>
public sealed record WindowStanding(ReplayedWindow Window, GuardrailStandings Guardrails);

/// <summary>
/// The windows of an experiment so far, in a memory that does not grow with their number: a quarter of a year of minutes is 130,000. Every window is kept until there are too many,
/// then every second, and so on; how the guardrails stand is carried along. Whoever wants a window between goes on from the kept one before it.
/// </summary>
/// <param name="most">Windows that are kept; an even number. At least half of them are there as soon as there were that many.</param>
public sealed class WindowHistory(int most)
{
    readonly WindowReplay _replay = new();
    readonly List<WindowStanding> _kept = [];
    int _stride = 1, _closed;
    ReplayedWindow? _last;
    GuardrailStandings _guardrails = GuardrailStandings.None;

    /// <summary>Number of the last event that was added; 0 before the first.</summary>
    public long Version => _replay.Version;

    /// <summary>Windows recorded so far.</summary>
    public int Count => _closed + (_replay.Open is null ? 0 : 1);

    /// <summary>The window that was recorded last; null before the first.</summary>
    public ReplayedWindow? Newest => _replay.Open ?? _last;

    /// <summary>How many windows are held.</summary>
    public int Kept => _kept.Count;

    /// <summary>As every window so far stood to them.</summary>
    public GuardrailStandings Guardrails => _replay.Open is { } open ? _guardrails.With(open) : _guardrails;

    /// <summary>Adds the next event of the stream.</summary>
    public void Add(IEvent e)
    {
        if (_replay.Add(e) is not { } window) return;
        _guardrails = _guardrails.With(window);
        if (_closed % _stride == 0)
        {
            if (_kept.Count == most)
            {
                for (var i = 0; i < most / 2; i++) _kept[i] = _kept[2 * i];
                _kept.RemoveRange(most / 2, most - most / 2);
                _stride *= 2;
            }
            // Its place is an even number of strides, since as many as are kept is even: it is one of every second too.
            _kept.Add(new(window, _guardrails));
        }
        (_last, _closed) = (window, _closed + 1);
    }

    /// <summary>
    /// So many windows of all, the first and the last among them, and all where there are no more. They are chosen evenly; of a history longer than is kept, each is the kept one
    /// at or before its place.
    /// </summary>
    /// <param name="points">2 to half of what is kept.</param>
    public IReadOnlyList<ReplayedWindow> Spread(int points)
    {
        var count = Count;
        if (Newest is not { } newest) return [];
        if (count <= points) return [.. _kept.Select(k => k.Window), .. _replay.Open is { } open ? [open] : (ReplayedWindow[])[]];
        return [.. Enumerable.Range(0, points - 1).Select(i => _kept[(int)((long)i * (count - 1) / (points - 1)) / _stride].Window), newest];
    }

    /// <summary>The kept window from which those after an event are reached soonest; null where that is the beginning of the stream.</summary>
    /// <param name="version">Number of the event.</param>
    public WindowStanding? Before(long version)
    {
        var (low, high) = (0, _kept.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_kept[middle].Window.LastVersion <= version) low = middle + 1;
            else high = middle;
        }
        return low == 0 ? null : _kept[low - 1];
    }
}
