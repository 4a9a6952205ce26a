using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Experiments;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

/// <param name="Pattern">A metric's name; <c>*</c> matches any run of characters.</param>
/// <param name="Note">What it is needed for; nothing where left out.</param>
public sealed record ProtectedMetricRequest(string? Pattern, string? Note);

/// <param name="Patterns">All of them: what is left out is protected no more.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record SetProtectedMetrics(ProtectedMetricRequest?[]? Patterns, string? Reason);

/// <param name="Version">0 before the first change; the <c>ETag</c>.</param>
public sealed record ProtectedMetricsView(int Version, IReadOnlyList<ProtectedMetric> Patterns);

public static class ProtectedMetricsEndpoints
{
    /// <summary>Metrics that the whole organisation protects: every experiment and preview does, in addition to its own.</summary>
    [WolverineGet("/api/v2/protected-metrics"), Tags("Experiments")]
    public static async Task<ProtectedMetricsView> Get(IQuerySession session, HttpContext http, CancellationToken cancellation) =>
        View(await session.Protection(cancellation), http);

    /// <summary>
    /// Sets the list, in full. Experiments that start from now on keep to it; those that have started keep to what was in force then. With <c>If-Match</c>,
    /// the <c>ETag</c> of what was read, only where nobody has changed it since.
    /// </summary>
    [WolverinePut("/api/v2/protected-metrics"), Tags("Experiments"), ProducesResponseType<ProtectedMetricsView>(200), ProducesResponseType(412)]
    public static async Task<IResult> Put(SetProtectedMetrics command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        if (command.Patterns is null) return Problems.Of(422, "protected-metrics-invalid", "Give 'patterns', an empty list to protect nothing.", "patterns");
        var stream = await session.Events.FetchForExclusiveWriting<MetricProtection>(StreamIds.MetricProtection, cancellation);
        var now = stream.Aggregate ?? MetricProtection.None;
        if (http.Request.Outdated("The list", now.Version) is { } outdated) return outdated;
        var wanted = new ProtectedMetricsSet([.. command.Patterns.Select(p => p is null ? null! : new ProtectedMetric(p.Pattern ?? "", p.Note ?? ""))]);
        var decision = MetricProtectionDecisions.Set(now, wanted.Patterns);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        session.Stamp(http, command.Reason);
        stream.AppendMany(decision.Events);
        return TypedResults.Ok(View(decision.Events.Count == 0 ? now : now.Apply(wanted) with { Version = now.Version + 1 }, http));
    }

    /// <summary>What the organisation protects now.</summary>
    public static async Task<MetricProtection> Protection(this IQuerySession session, CancellationToken cancellation) =>
        await session.LoadAsync<MetricProtection>(StreamIds.MetricProtection, cancellation) ?? MetricProtection.None;

    static ProtectedMetricsView View(MetricProtection protection, HttpContext http)
    {
        http.Response.Headers.ETag = $"\"{protection.Version}\"";
        return new(protection.Version, protection.Patterns);
    }
}
