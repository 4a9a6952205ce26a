using System.Globalization;

namespace Phoenix.Domain.Backends;

/// <summary>What Phoenix counted of one host: live series that left the production arm in its latest window.</summary>
/// <param name="Window">The window's number.</param>
/// <param name="Series">As a Prometheus without native histograms stores them.</param>
/// <param name="NativeSeries">As one with native histograms does; null from a collector that does not tell.</param>
/// <param name="Series20Minutes">As <paramref name="Series"/>, over the last 20 minutes; null from a collector that does not tell.</param>
/// <param name="StandardErrorPct">More than 0 where the count is an estimate.</param>
/// <param name="DroppedPoints">Points of the window that were lost before they reached the backend.</param>
public sealed record OwnCount(
    int Window, DateTimeOffset From, DateTimeOffset To, long Series, long? NativeSeries, long? Series20Minutes, double StandardErrorPct, long DroppedPoints, long ExportErrors);

/// <summary>What the backend counted: series with the host's label that have a sample in the time.</summary>
public sealed record BackendCount(DateTimeOffset From, DateTimeOffset To, long Series);

/// <summary>Series under the host's label that a backend or its scraper makes, and those that tell of the target; null where nobody asked.</summary>
/// <param name="OfTheBackend"><c>up</c>, <c>scrape_…</c>, <c>ALERTS…</c>.</param>
public sealed record AddedSeries(long OfTheBackend, long TargetInfo);

public enum ComparisonOutcome
{
    Agrees,
    Differs,

    /// <summary>One of the two figures is missing; the reasons say why.</summary>
    NotComparable,
}

/// <param name="Code">Stable.</param>
public sealed record ComparisonReason(string Code, string Detail);

/// <param name="DifferencePct">100 · (backend − Phoenix) ÷ Phoenix; null where Phoenix counted nothing.</param>
/// <param name="Reasons">What was found that can explain a difference.</param>
public sealed record HostComparison(
    string HostId, OwnCount? Phoenix, BackendCount? Backend, double? DifferencePct, ComparisonOutcome Outcome, IReadOnlyList<ComparisonReason> Reasons);

/// <summary>Over the hosts for which there are both figures.</summary>
public sealed record ComparisonTotal(int Hosts, int HostsDiffering, int HostsNotComparable, long Phoenix, long Backend, double? DifferencePct, ComparisonOutcome Outcome);

/// <summary>Holds Phoenix's counts of live series against a backend's.</summary>
public static class BackendComparison
{
    /// <summary>
    /// A series whose sample falls on the edge of a window is in the one count and not in the other: with two samples a window, which is the fewest a
    /// window has, and points that are on their way for a second or two, that is a few in a hundred.
    /// </summary>
    public const double DefaultTolerancePct = 5;

    /// <summary>A queue in a collector holds what is younger.</summary>
    static readonly TimeSpan Settles = TimeSpan.FromSeconds(30);

    /// <summary>Of what is older a backend may keep nothing any more.</summary>
    static readonly TimeSpan Old = TimeSpan.FromHours(24);

    public static HostComparison Of(
        string hostId, OwnCount? own, BackendCount? backend, AddedSeries? added, string hostLabel, double tolerancePct, DateTimeOffset now)
    {
        if (own is null)
            return new(hostId, null, backend, null, ComparisonOutcome.NotComparable,
                [new("no-window", "The host has reported no window that counts, so that there is nothing of Phoenix to compare. The backend's figure is of the last five minutes.")]);
        if (backend is null)
            return new(hostId, own, null, null, ComparisonOutcome.NotComparable, [new("backend-incomplete", "The backend said that its answer is incomplete. Ask again once all of its parts are there.")]);
        var difference = Difference(own.Series, backend.Series);
        var agrees = Within(own.Series, backend.Series, tolerancePct);
        return new(hostId, own, backend, difference, agrees ? ComparisonOutcome.Agrees : ComparisonOutcome.Differs, agrees ? [] : [.. Reasons(own, backend, added, hostLabel, tolerancePct, now)]);
    }

    public static ComparisonTotal Total(IReadOnlyList<HostComparison> hosts, double tolerancePct)
    {
        var both = hosts.Where(h => h.Outcome != ComparisonOutcome.NotComparable).ToList();
        var (own, backend) = (both.Sum(h => h.Phoenix!.Series), both.Sum(h => h.Backend!.Series));
        return new(hosts.Count, both.Count(h => h.Outcome == ComparisonOutcome.Differs), hosts.Count - both.Count, own, backend, both.Count == 0 ? null : Difference(own, backend),
            both.Count == 0 ? ComparisonOutcome.NotComparable : Within(own, backend, tolerancePct) ? ComparisonOutcome.Agrees : ComparisonOutcome.Differs);
    }

    static IEnumerable<ComparisonReason> Reasons(OwnCount own, BackendCount backend, AddedSeries? added, string hostLabel, double tolerancePct, DateTimeOffset now)
    {
        if (backend.Series == 0)
            yield return new("host-unknown",
                $"The backend has no series with {hostLabel} of this host in the window. It may be another backend or tenant, or its series do not carry the label: set external_labels in the exporter, or name the label that they carry as hostLabel.");
        if (now - own.To < Settles)
            yield return new("window-fresh", $"The window ended {(now - own.To).TotalSeconds:0} s ago: what is queued on its way is not in the backend yet. Ask again in half a minute.");
        if (now - own.To > Old)
            yield return new("window-old", "The window ended more than a day ago: the backend may have dropped it, or thinned it out.");
        if (own.DroppedPoints > 0 || own.ExportErrors > 0)
            yield return new("export-failed", Text($"{own.DroppedPoints} points of the window were lost and {own.ExportErrors} exports failed: the backend cannot have them all."));
        if (own.StandardErrorPct > 0)
            yield return new("count-estimated", Text($"Phoenix's count is an estimate with a standard error of {own.StandardErrorPct:0.##} %."));
        if (own.NativeSeries is { } native && native != own.Series && Within(native, backend.Series, tolerancePct))
            yield return new("native-histograms", Text($"Counted with native histograms Phoenix has {native} series, which agrees: the backend stores a histogram as one series."));
        if (own.Series20Minutes is { } longer && longer != own.Series && Within(longer, backend.Series, tolerancePct))
            yield return new("longer-time", Text($"Over 20 minutes Phoenix has {longer} series, which agrees: the backend counts series that ended before the window."));
        if (added is { OfTheBackend: > 0 } && Within(own.Series, backend.Series - added.OfTheBackend, tolerancePct))
            yield return new("series-of-the-backend", Text($"{added.OfTheBackend} of the series (up, scrape_…, ALERTS…) are made by the backend or its scraper; without them it agrees."));
        if (added is { TargetInfo: 0 } && own.Series > backend.Series && backend.Series > 0)
            yield return new("target-info-missing", "Phoenix counts one target_info for each resource; the backend has none with the host's label. The exporter may have it turned off, or not give it the label.");
        if (backend.Series > own.Series)
            yield return new("other-writers", $"Something else may write series with {hostLabel} of this host, such as a second collector or the arm of an earlier experiment.");
    }

    static double? Difference(long own, long backend) => own == 0 ? backend == 0 ? 0 : null : 100.0 * (backend - own) / own;

    static bool Within(long own, long backend, double tolerancePct) => Math.Abs(backend - own) * 100.0 <= tolerancePct * own;

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
