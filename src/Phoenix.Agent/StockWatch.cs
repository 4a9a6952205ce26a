namespace Phoenix.Agent;

/// <summary>
/// What was seen of one stock collector over time: whether its data flows, and when its copy for Phoenix lost points. Its
/// counters say how many, not when; a rise lies between two looks.
/// </summary>
internal sealed class StockWatch
{
    /// <summary>OpenTelemetry SDKs export every 60 s by default; two missed exports and a late third are still no failure.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    /// <summary>What is lost may be counted later than it came in, by the link's timeout and a little more.</summary>
    public static readonly TimeSpan Lag = TimeSpan.FromSeconds(5);

    private const int KeptLosses = 1000;

    private readonly Queue<(DateTimeOffset From, DateTimeOffset To)> _losses = [];
    private readonly Dictionary<string, (DateTimeOffset? Sent, DateTimeOffset? Lost)> _exporters = [];
    private ProcessIdentity? _process;
    private DateTimeOffset _firstLook;
    private DateTimeOffset _since;
    private DateTimeOffset _lastLook;
    private DateTimeOffset? _lastInput;
    private StockMetrics? _last;

    public DateTimeOffset? LastInput => _lastInput;

    /// <summary>When an exporter of production last sent points.</summary>
    public DateTimeOffset? LastExport => Production().Select(exporter => exporter.Value.Sent).Max();

    /// <summary>Takes a look at the process's counters into account.</summary>
    public void Observe(StockMetrics seen, ProcessIdentity process, DateTimeOffset now)
    {
        var first = _last is null;
        var restarted = !first && process != _process;
        if (first)
            _since = now;
        if (first || restarted)
        {
            _firstLook = now;
            _lastInput = null;
            _exporters.Clear();
        }
        // What an ended process lost since the last look is not known, and a new one begins at 0.
        var before = first || restarted ? null : _last;
        if (restarted || seen.LostOnLink > (before ?? seen).LostOnLink)
            Lose(_lastLook, now);

        if (seen.Accepted > (before?.Accepted ?? 0))
            _lastInput = now;
        foreach (var (id, points) in seen.Exporters)
        {
            var earlier = before?.Exporters.GetValueOrDefault(id) ?? new ExporterPoints(0, 0);
            var known = _exporters.GetValueOrDefault(id);
            _exporters[id] = (points.Sent > earlier.Sent ? now : known.Sent, points.Lost > earlier.Lost ? now : known.Lost);
        }
        (_last, _process, _lastLook) = (seen, process, now);
    }

    /// <summary>Why data does not flow; null where it does.</summary>
    public string? Unhealthy(DateTimeOffset now)
    {
        if (_lastInput is not { } input)
            return now - _firstLook > Patience ? $"no metric points for {(now - _firstLook).TotalSeconds:0} s" : "no metric points have come in yet";
        if (now - input > Patience)
            return $"no metric points for {(now - input).TotalSeconds:0} s";
        foreach (var (id, seen) in Production())
        {
            if (seen.Lost is { } lost && !(seen.Sent >= lost))
                return $"exporter {id} loses metric points";
        }
        return LastExport switch
        {
            null => "no metric points have been exported yet",
            { } export when now - export > Patience => $"no metric points exported for {(now - export).TotalSeconds:0} s",
            _ => null,
        };
    }

    /// <summary>Whether a look late enough tells what was lost until then.</summary>
    public bool Covers(DateTimeOffset end) => _last is not null && _lastLook >= end + Lag;

    /// <summary>Why nothing can be concluded from what Phoenix heard in this time; null where it heard everything.</summary>
    public string? VoidReason(DateTimeOffset start, DateTimeOffset end)
    {
        if (!Covers(end) || start < _since)
            return VoidReasons.StockUnobserved;
        return _losses.Any(loss => loss.From - Lag <= end && loss.To + Lag >= start) ? VoidReasons.TeeDropped : null;
    }

    /// <summary>The exporter into Phoenix is production's only where there is no other: in the chain.</summary>
    private IEnumerable<KeyValuePair<string, (DateTimeOffset? Sent, DateTimeOffset? Lost)>> Production() =>
        _exporters.Keys.All(id => id == StockMetrics.LinkExporter) ? _exporters : _exporters.Where(exporter => exporter.Key != StockMetrics.LinkExporter);

    private void Lose(DateTimeOffset from, DateTimeOffset to)
    {
        _losses.Enqueue((from, to));
        if (_losses.Count > KeptLosses)
            _since = _losses.Dequeue().To;
    }
}
