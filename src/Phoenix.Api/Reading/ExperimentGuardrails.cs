using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Experiments;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <summary>How far a guardrail is from ending the candidate.</summary>
/// <param name="Window">Number of the window that <paramref name="Value"/> is of.</param>
/// <param name="Value">As the window that was recorded last had it.</param>
/// <param name="Limit">Which the value may not exceed, or where <paramref name="IsFloor"/> not fall below.</param>
/// <param name="UsedPct">Value ÷ limit; null where nothing is allowed, so that it holds or is broken and there is nothing between.</param>
/// <param name="WorstValue">Of all windows so far, warm-up included.</param>
/// <param name="WindowsInARow">That break it, up to the last.</param>
/// <param name="NeedsInARow">So many end the candidate.</param>
/// <param name="Breached">It has ended the candidate.</param>
public sealed record GuardrailView(
    Guardrail Guardrail, int Window, double Value, double Limit, bool IsFloor, string Unit, double? UsedPct, double WorstValue, double WorstLimit, double? WorstUsedPct,
    int WorstWindow, int WindowsInARow, int NeedsInARow, bool Breached, string Detail);

public static class ExperimentGuardrailsEndpoint
{
    /// <summary>
    /// Every guardrail with what the newest window measured, the worst so far and how many windows in a row break it; the gravest first. Empty before a window was recorded. Where a
    /// past moment is given as <c>at</c>, of the windows that were recorded then.
    /// </summary>
    [WolverineGet("/api/v2/experiments/{id}/guardrails"), Tags("Experiments"), ProducesResponseType<IReadOnlyList<GuardrailView>>(200), ProducesResponseType(404), ProducesResponseType(422)]
    public static async Task<IResult> Get(Guid id, DateTimeOffset? at, IQuerySession session, ExperimentHistories histories, CancellationToken cancellation)
    {
        if (AsOf.Refused(at) is { } refused) return refused;
        if (await histories.Load(session, id, at, cancellation) is not { } x) return Problems.NotFound("experiment", id);
        if (await (at is not null ? histories.GuardrailsAt(id, x.Version, cancellation) : histories.Read(id, h => h.Guardrails, cancellation)) is not { } guardrails) return Problems.NotFound("experiment", id);
        return TypedResults.Ok<IReadOnlyList<GuardrailView>>([.. guardrails.ByGravity.Select(s => new GuardrailView(
            s.Latest.Guardrail, s.Window, s.Latest.Value, s.Latest.Limit, s.Latest.IsFloor, s.Latest.Unit, s.Latest.UsedPct, s.Worst.Value, s.Worst.Limit, s.Worst.UsedPct,
            s.WorstWindow, s.InARow, s.Latest.NeedsInARow, x.Breach?.Guardrail == s.Latest.Guardrail,
            x.Breach is { } breach && breach.Guardrail == s.Latest.Guardrail ? breach.Detail : s.Latest.Detail))]);
    }
}
