namespace Phoenix.Contracts;

/// <summary>
/// GET <see cref="CollectorControl.Flow"/>: what went through a production arm in its last window of full length, by metric, service and namespace.
/// Before the first one has ended: in the window that is open.
/// </summary>
/// <param name="EndedAt">When the window was closed or, where it is open, looked at; by the host's clock.</param>
/// <param name="Seconds">Length of the window so far.</param>
/// <param name="Total">Everything, also what no row names.</param>
/// <param name="Metrics">By metric name; <c>target_info</c> is the series that resources become.</param>
/// <param name="Services">By the resource's <c>service.name</c>; empty where it has none.</param>
/// <param name="Namespaces">By the resource's <c>service.namespace</c>, else its <c>k8s.namespace.name</c>; empty where it has neither.</param>
/// <param name="Approximate">Some streams found no place in the arm's table: the series of the total are an estimate, and theirs are in no row.</param>
public sealed record FlowWindow(
    DateTimeOffset EndedAt, double Seconds, FlowCounts Total, FlowTable Metrics, FlowTable Services, FlowTable Namespaces, bool Approximate = false);

/// <summary>Of one window.</summary>
/// <param name="SeriesIn">Classic Prometheus series that came in.</param>
/// <param name="SeriesOut">The same of what left.</param>
/// <param name="SamplesIn">What the points that came in are as classic samples.</param>
/// <param name="SamplesOut">The same of what left.</param>
public sealed record FlowCounts(long SeriesIn, long SeriesOut, long SamplesIn, long SamplesOut);

/// <summary>
/// The rows with most series, at most <see cref="MaxRows"/>, as columns of equal length: a row is then 25 to 60 bytes beside its key, and the database can
/// add the columns of ten thousand hosts up as they are.
/// </summary>
/// <param name="Keys">Each once, cut at <see cref="MaxKeyLength"/> characters.</param>
public sealed record FlowTable(
    IReadOnlyList<string> Keys, IReadOnlyList<long> SeriesIn, IReadOnlyList<long> SeriesOut, IReadOnlyList<long> SamplesIn, IReadOnlyList<long> SamplesOut)
{
    public const int MaxRows = 50;

    public const int MaxKeyLength = 200;

    public static readonly FlowTable Empty = new([], [], [], [], []);
}

/// <summary>
/// <c>POST /api/v2/flow</c>: what goes through the production collectors of the calling host now. The latest one replaces the one before; it is never an
/// event. Answered with <see cref="FlowAccepted"/>.
/// </summary>
public sealed record FlowReport(IReadOnlyList<ReportedFlow> Collectors)
{
    public const int MaxCollectors = 100;
}

/// <param name="Collector">Name of the production collector.</param>
public sealed record ReportedFlow(string Collector, FlowWindow Window);

/// <param name="NextInSeconds">When the control plane wants to hear again, where there is a new window by then; already spread at random.</param>
public sealed record FlowAccepted(double NextInSeconds);
