using System.Collections.Immutable;
using JasperFx.Events;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Pipelines;

namespace Phoenix.Domain.Tests;

/// <summary>Given events that happened; the aggregate is folded with its own Create and Apply methods.</summary>
static class Given
{
    public static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly PipelineReference Baseline = new(Guid.NewGuid(), 1, "everything", "aa");
    public static readonly PipelineReference Candidate = new(Guid.NewGuid(), 1, "topk", "bb");

    public static readonly Guid Deployment = Guid.NewGuid();

    public static ExperimentDrafted Draft(int hosts = 1, int windows = 3, string[]? protectedMetrics = null) => new(
        "e", "", Baseline, Candidate, [.. Enumerable.Range(1, hosts).Select(n => $"h{n}")],
        new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5 * windows), TimeSpan.FromSeconds(5)),
        new(20, 0.1, 50, 256 << 20), protectedMetrics ?? ["up"], "signoz-cloud-samples");

    public static Experiment Experiment(params object[] events)
    {
        var x = Experiments.Experiment.Create(new Event<ExperimentDrafted>((ExperimentDrafted)events[0]) { StreamId = Guid.NewGuid(), Timestamp = Now });
        return events.Skip(1).Aggregate(x, Apply);
    }

    public static readonly Dictionary<string, string> NothingLive = [];

    public static Experiment Running(int hosts = 1, int windows = 3)
    {
        var names = Enumerable.Range(1, hosts).Select(n => $"h{n}").ToArray();
        return Experiment(Draft(hosts, windows), new ExperimentStarted(names, Now.AddHours(1)), new VariantsApplied(names), new WarmUpEnded());
    }

    public static Experiment And(this Experiment x, params object[] events) => events.Aggregate(x, Apply);

    public static Experiment And(this Experiment x, Decision decision)
    {
        decision.Rejection.ShouldBeNull();
        return decision.Events.Aggregate(x, Apply);
    }

    public static WindowMeasured Window(
        int number, long candidateSeries = 300, double worstErrorPct = 0, long retained = 5, double cpuMs = 50, long lost = 0, long increments = 1000,
        string epoch = "e1") => new(
        number, 1, 5, new(1000, 1000, 1000 + number, 1000, 1000, 10_000, 20, 20 << 20, 0),
        new(candidateSeries, candidateSeries, candidateSeries + number, candidateSeries, candidateSeries, 3000, cpuMs, 30 << 20, lost),
        new(10, ImmutableSortedDictionary<string, long>.Empty.Add(epoch, increments * number), worstErrorPct / 2, worstErrorPct > 0 ? "shop.requests{}" : null, worstErrorPct), new(5, retained, retained < 5 ? ["up"] : []));

    static Experiment Apply(Experiment x, object e) => e switch
    {
        ExperimentStarted started => x.Apply(new Event<ExperimentStarted>(started) { StreamId = x.Id, Timestamp = Now }),
        WarmUpEnded ended => x.Apply(new Event<WarmUpEnded>(ended) { StreamId = x.Id, Timestamp = Now }),
        _ => (Experiment)typeof(Experiment).GetMethod(nameof(Experiments.Experiment.Apply), [e.GetType()])!.Invoke(x, [e])!,
    };
}
