using System.Globalization;

namespace Phoenix.Demo;

/// <summary>What the scenes left to report.</summary>
/// <param name="Promoted">Null where the verdict did not earn a promotion.</param>
internal sealed record Story(
    Experiment NullTest, Experiment TopK, Experiment Discarding, Experiment? Promoted, Arrivals Before, Arrivals After,
    IReadOnlyList<AuditEntry> Audit);

/// <summary>
/// The demo's four scenes. Every figure in them comes from the control plane's evidence, but for what arrives at the
/// backend, which the demo counts itself.
/// </summary>
internal sealed class Scenes(ControlPlane api, Backend backend, DemoPipelines pipelines, string hostId, Narrator tell)
{
    private const string PriceEntry = "signoz-cloud-samples";

    // Longer than any input's interval, so that every live stream has arrived once.
    private static readonly TimeSpan ArrivalSpan = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ReducerSettles = TimeSpan.FromSeconds(20);

    private readonly ExperimentRun _run = new(api, tell);

    public async Task<Story> PlayAsync(CancellationToken cancel)
    {
        var known = await api.AuditAsync(0, cancel);
        var before = known.Count == 0 ? 0 : known[^1].Sequence;
        await SettleAsync(cancel);

        var suffix = pipelines.HasScrapes ? $" ({hostId})" : "";
        var baseline = await api.PublishAsync("demo-everything" + suffix, "All that comes in is exported.", pipelines.Baseline, "the demo's baseline", cancel);
        var topK = await api.PublishAsync("demo-topk" + suffix, "The heaviest by name, the rest folded into __other__.", pipelines.TopK, "fewer series, same totals", cancel);
        var discarding = await api.PublishAsync("demo-discard" + suffix, "The light ones thrown away.", pipelines.Discarding, "looks as cheap, and is wrong", cancel);

        tell.Scene("(a) A/A: the baseline against itself. Anything but 0 would be an error of the measurement.");
        var nullTest = await _run.ToTheEndAsync(
            Draft("A/A", "The same pipeline in both arms shows no difference.", baseline, baseline, warmUp: 5, duration: 20, "how wrong is the measurement itself?"), cancel);

        tell.Scene("(b) Top-K in shadow: production goes on unchanged while the candidate sees the same input.");
        // A reducer that has just begun folds almost all, which flatters it: the warm-up lasts until it has seen who is heavy.
        var candidate = await _run.ToTheEndAsync(
            Draft("Top-K", "Folding light customers and processes saves series and loses nothing.", baseline, topK, warmUp: 25, duration: 40, "what would folding save, and is it true?"), cancel);

        tell.Scene("(c) A bad candidate: it discards the light customers instead of folding them.");
        var bad = await _run.ToTheEndAsync(
            Draft("Discard", "Throwing light customers away is as good as folding them.", baseline, discarding, warmUp: 5, duration: 30, "will the guardrail notice?"), cancel);

        var (arrivedBefore, arrivedAfter, promoted) = await PromoteAsync(candidate, cancel);
        var audit = await api.AuditAsync(before, cancel);
        return new(nullTest, candidate, bad, promoted, arrivedBefore, arrivedAfter, audit);
    }

    private ExperimentDraft Draft(string name, string hypothesis, PipelineRef baseline, PipelineRef candidate, int warmUp, int duration, string reason) => new(
        name, hypothesis, baseline, candidate, [hostId], new(warmUp, duration, WindowSeconds: 5),
        new(MinSeriesReductionPct: 10, MaxConservationErrorPct: 0.1), DemoPipelines.Protected, PriceEntry, reason);

    /// <summary>Leads back what an earlier run left on this host: an unfinished experiment, or a promoted pipeline.</summary>
    private async Task SettleAsync(CancellationToken cancel)
    {
        foreach (var experiment in await api.ExperimentsOfAsync(hostId, cancel))
        {
            switch (experiment.State)
            {
                case "starting" or "warmingUp" or "running":
                    tell.Say($"an earlier run left '{experiment.Name}' unfinished: stopping it");
                    await _run.CommandAsync(experiment.Id, "stop", "the demo begins again", "stopped", cancel);
                    break;
                case "promoting" or "promoted":
                    tell.Say($"an earlier run promoted '{experiment.Name}': rolling it back");
                    await _run.CommandAsync(experiment.Id, "rollback", "the demo begins again with the baseline", "rolledBack", cancel);
                    break;
                case "completing" or "rollingBack" or "stopping":
                    await _run.UntilAsync(
                        experiment.Id, "over", e => e.State is "completed" or "rolledBack" or "stopped", TimeSpan.FromSeconds(90), cancel);
                    break;
                default:
                    break;
            }
        }
    }

    private async Task<(Arrivals Before, Arrivals After, Experiment? Promoted)> PromoteAsync(Experiment candidate, CancellationToken cancel)
    {
        var before = backend.Last(ArrivalSpan);
        if (candidate.Verdict?.Outcome != "promote")
        {
            tell.Scene("(b) is not promoted: its verdict did not earn it.");
            return (before, before, null);
        }

        tell.Scene("(b) is promoted: its pipeline becomes the production one.");
        tell.Say($"reaching the backend before: {before.Series} series, {before.PointsPerSecond:0} points a second");
        var promoted = await _run.CommandAsync(candidate.Id, "promote", "reduction measured, nothing lost", "promoted", cancel);
        // A promoted reducer begins with nothing: all goes into __other__ until it has seen who is heavy. Only then, and with
        // what the old pipeline sent out of the span, is the count what will reach the backend from now on.
        await Task.Delay(ReducerSettles + ArrivalSpan, cancel);
        var after = backend.Last(ArrivalSpan);
        tell.Say($"reaching the backend after: {after.Series} series, {after.PointsPerSecond:0} points a second");
        return (before, after, promoted);
    }

    /// <summary>True where the guardrail did what the demo says it does.</summary>
    public static bool WasCaught(Experiment bad) => bad is { State: "rolledBack", Breach: not null };

    /// <summary>How many windows the bad candidate lived, for the table.</summary>
    public static string BreachWindow(Experiment bad) =>
        bad.Breach is { } breach ? breach.Window.ToString(CultureInfo.InvariantCulture) : "-";
}
