using System.Text.Json.Serialization;

namespace Phoenix.Contracts;

[JsonConverter(typeof(CamelCaseEnum<LoadKind>))]
public enum LoadKind
{
    /// <summary>A few services with routes, status codes and latency histograms, busy in unequal parts.</summary>
    Realistic,

    /// <summary>One label with as many values as there are series.</summary>
    HighCardinality,

    /// <summary>Instances that live for a few intervals and come back under another name.</summary>
    HighChurn,

    /// <summary>A tenth of the series, and all of them for the middle fifth of the time.</summary>
    Spike,

    /// <summary>The same series with the same increments all the time.</summary>
    Steady,
}

/// <param name="Collector">The production collector that gets the load at its OTLP endpoint.</param>
/// <param name="Series">Series alive at a time, or at the height of a spike.</param>
public sealed record LoadOrder(string Collector, LoadKind Profile, int Series, double IntervalSeconds, double DurationSeconds);

/// <summary>What came of a simulated load. Every resource of it carries the attribute <c>phoenix.loadsim</c>.</summary>
/// <param name="Seconds">How long it ran.</param>
/// <param name="Whole">False where it was ended before its time.</param>
/// <param name="Requests">OTLP requests that were answered or given up.</param>
/// <param name="PointsAccepted">Data points that the collector took.</param>
/// <param name="PointsRefused">Data points that it refused (429, 503) after the sender's retries.</param>
/// <param name="PointsFailed">Data points of requests that failed otherwise.</param>
/// <param name="StreamsMade">Distinct OTLP streams that were made up.</param>
/// <param name="IntervalsMissed">Intervals left out because the one before was still being sent.</param>
/// <param name="P50Ms">Median time until a request was answered.</param>
/// <param name="P99Ms">99th percentile of it.</param>
/// <param name="FirstError">Why the first request failed; null where none did.</param>
public sealed record LoadReport(
    LoadKind Profile, double Seconds, bool Whole, long Requests, long PointsAccepted, long PointsRefused, long PointsFailed, long StreamsMade,
    long IntervalsMissed, double P50Ms, double P99Ms, string? FirstError);
