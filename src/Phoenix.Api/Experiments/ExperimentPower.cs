using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Statistics;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

/// <summary>How long the experiment will take until a verdict on these hosts from now on, and how probable the right one is within its plan.</summary>
/// <param name="ExpectedReductionPct">Reduction that is expected.</param>
/// <param name="WindowDeviationPct">Standard deviation of one window's reduction, in points.</param>
/// <param name="AutocorrelationWindows">1 where windows are independent.</param>
/// <param name="Basis">Where those that were not given are from: <c>this experiment</c>, or <c>experiment NAME</c>, the latest one with the same pipelines and length of windows; <c>given</c> where all were.</param>
/// <param name="Windows">Windows that were measured for it; 0 where all was given.</param>
/// <param name="EarliestSeconds">Measuring time before which there is no verdict: what was planned, or what the claim takes at least.</param>
/// <param name="ExpectedSeconds">Measuring time until a verdict, the median; null where the effect is too near the minimum for any time to tell.</param>
/// <param name="Power">Probability of the right verdict before the deadline, which is twice the planned duration.</param>
/// <param name="Fleet">For an experiment on drawn hosts, where it was said how far hosts differ; else null.</param>
public sealed record PowerView(
    double ExpectedReductionPct, double WindowDeviationPct, double AutocorrelationWindows, string Basis, long Windows, long WindowsPerBlock, long PlannedBlocks,
    double EarliestSeconds, double? ExpectedSeconds, double Power, FleetPowerView? Fleet);

/// <summary>What the drawn hosts are worth for a claim on the fleet, as if time added nothing to the error.</summary>
/// <param name="Power">Probability that the claim promotes.</param>
/// <param name="HostsForHalf">Hosts at whose look half of the simulated experiments had promoted; null where they had not with all that are drawn.</param>
public sealed record FleetPowerView(int DrawnHosts, int FleetHosts, double HostDeviationPct, double Power, int? HostsForHalf);

public static class ExperimentPowerEndpoint
{
    /// <summary>
    /// What is left out is taken from what was measured, by this experiment or the latest one with the same pipelines and length of windows. With
    /// <c>hostDeviationPct</c>, the standard deviation of the reduction between hosts in points, also what the drawn hosts are worth for a claim on the fleet.
    /// </summary>
    [WolverineGet("/api/v2/experiments/{id}/power"), Tags("Experiments"), ProducesResponseType<PowerView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(
        Guid id, IQuerySession session, double? expectedReductionPct, double? windowDeviationPct, double? autocorrelationWindows, double? hostDeviationPct, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Experiment>(id, cancellation) is not { } x) return Problems.NotFound("experiment", id);
        var (basis, pilot) = ("given", (TimeBlocks?)null);
        if (expectedReductionPct is null || windowDeviationPct is null || autocorrelationWindows is null)
        {
            var before = Tells(x) ? x : await Before(x, session, cancellation);
            if (before is not null) (basis, pilot) = (before.Id == x.Id ? "this experiment" : $"experiment {before.Name}", before.Evidence.OverTime());
        }
        if ((expectedReductionPct ?? 100 * pilot?.Finest.Mean) is not { } expected)
            return Missing("expectedReductionPct", "Say what reduction is expected, in per cent");
        if ((windowDeviationPct ?? (pilot is null ? null : 100 * Math.Sqrt(pilot.Finest.Variance))) is not { } deviation)
            return Missing("windowDeviationPct", "Say by how many points the reduction of a window varies (standard deviation)");
        if ((autocorrelationWindows ?? pilot?.AutocorrelationTime) is not { } autocorrelation)
            return Missing("autocorrelationWindows", "Say over how many windows the reduction goes on as it was; 1 where each is independent of those before");
        if (expected is not (>= -1000 and <= 100)) return Problems.Of(422, "power-question-invalid", "An expected reduction is -1000 to 100 per cent.", "expectedReductionPct");
        if (deviation is not (>= 0 and <= 1000)) return Problems.Of(422, "power-question-invalid", "A standard deviation is 0 to 1,000 points.", "windowDeviationPct");
        if (autocorrelation is not (>= 1 and <= 100_000)) return Problems.Of(422, "power-question-invalid", "An autocorrelation time is 1 to 100,000 windows.", "autocorrelationWindows");
        var question = new PowerQuestion(x.Plan.Window, deviation / 100, autocorrelation, x.Criteria.MinSeriesReductionPct / 100, expected / 100, x.Plan.Duration, Deadline: x.Plan.Deadline);
        if (question.Refusal() is { } refusal) return refusal.ToProblem();
        if (hostDeviationPct is not (null or (>= 0 and <= 1000))) return Problems.Of(422, "power-question-invalid", "A standard deviation between hosts is 0 to 1,000 points.", "hostDeviationPct");
        FleetPowerView? fleet = null;
        if (x.SampleHosts is { } drawn && hostDeviationPct is { } spread)
        {
            if (expected < x.Criteria.LowestHostReductionPct) return Problems.Of(422, "power-question-invalid", "Less is expected than criteria.lowestHostReductionPct takes for possible.", "expectedReductionPct");
            var hosts = x.Sample?.FleetHosts ?? x.Hosts.Count;
            var (power, half) = PowerAnalysis.Fleet(new(drawn, x.Criteria.LowestHostReductionPct / 100), hosts, x.Criteria.MinSeriesReductionPct / 100, expected / 100, spread / 100);
            fleet = new(drawn, hosts, spread, power, half);
        }
        var answer = PowerAnalysis.Hosts(question);
        return TypedResults.Ok(new PowerView(expected, deviation, question.AutocorrelationTime, basis, pilot?.Windows ?? 0, answer.WindowsPerBlock, answer.PlannedBlocks,
            answer.Earliest.TotalSeconds, answer.ExpectedDuration?.TotalSeconds, answer.Power, fleet));
    }

    static async Task<Experiment?> Before(Experiment x, IQuerySession session, CancellationToken cancellation) =>
        (await session.Query<Experiment>().Where(e => e.Candidate.PipelineId == x.Candidate.PipelineId && e.Candidate.Version == x.Candidate.Version && e.Baseline.ConfigurationHash == x.Baseline.ConfigurationHash
                && e.Plan.Window == x.Plan.Window && e.Id != x.Id && e.Evidence.Windows >= LeastWindows)
            .OrderByDescending(e => e.DraftedAt).Take(5).ToListAsync(cancellation)).FirstOrDefault(Tells);

    const int LeastWindows = AsymptoticConfidenceSequence.MinCount;

    static bool Tells(Experiment x) => x.Evidence.OverTime().Finest.Count >= LeastWindows;

    static IResult Missing(string field, string what) => Problems.Of(422, "power-question-incomplete",
        $"{what}: neither this experiment nor another with the same pipelines and length of windows has measured {LeastWindows} windows yet.", field);
}
