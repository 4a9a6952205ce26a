using CsCheck;

namespace Phoenix.Telemetry.Tests;

/// <summary>Metrics as plain sets of label tuples, in which everything can be counted by hand.</summary>
internal sealed record World(IReadOnlyList<World.Metric> Metrics, int Others = 0)
{
    public static readonly Gen<World> Small = Gen.Select(
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 60]).SelectMany((labels, series) => Gen.Int[0, 5].Array[labels].Array[series])
            .Array[1, 3],
        Gen.Int[0, 5],
        (metrics, others) => new World([.. metrics.Select((tuples, i) => new Metric((UInt128)(i + 1), tuples))], others));

    public double Series(AdaptiveState state) => Others + Metrics.Sum(m => m.Count(state.FoldedOf(m.Id)));

    public double SeriesIn => Others + Metrics.Sum(m => m.Count(LabelSet.Empty));

    /// <summary>What a tracker that knows every subset would tell.</summary>
    public AdaptiveObservation Observe(AdaptiveState state) => new([.. Metrics.Select(m => m.Observe(state.FoldedOf(m.Id)))], Others);

    internal sealed record Metric(UInt128 Id, IReadOnlyList<int[]> Tuples)
    {
        public int Labels => Tuples[0].Length;

        public IEnumerable<LabelSet> Sets => Enumerable.Range(0, 1 << Labels).Select(bits => new LabelSet((uint)bits));

        public int Count(LabelSet folded) => Tuples
            .Select(tuple => string.Join(',', tuple.Select((value, label) => folded.Has(label) ? "" : $"{value}")))
            .Distinct().Count();

        public ObservedMetric Observe(LabelSet folded) => new(
            Id, $"m{Id}", [.. Enumerable.Range(0, Labels).Select(i => $"l{i}")], new LabelSet((1u << Labels) - 1),
            Count(LabelSet.Empty), Count(folded), 0, [.. Sets.Where(s => s != folded).Select(s => new FoldEstimate(s, Count(s), 0))]);
    }
}
