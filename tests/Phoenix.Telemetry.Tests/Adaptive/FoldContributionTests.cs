using System.Runtime.InteropServices;
using CsCheck;

namespace Phoenix.Telemetry.Tests;

public class FoldContributionTests
{
    [Fact]
    public void what_a_set_of_labels_leaves_is_counted_exactly_while_small() =>
        Gen.Select(World.Small, Gen.UInt[0, 7]).Sample((world, folded) =>
        {
            foreach (var metric in world.Metrics)
            {
                var set = new LabelSet(folded & ((1u << metric.Labels) - 1));
                var contribution = Contribution(metric.Labels);
                contribution.BeginInterval(set, attended: true);
                foreach (var tuple in metric.Tuples)
                    Observe(contribution, tuple, width: 3);
                var seen = contribution.Close();
                seen.SeriesIn.ShouldBe(3 * metric.Count(LabelSet.Empty));
                seen.SeriesNow.ShouldBe(3 * metric.Count(set));
                seen.Estimates.ShouldAllBe(e => e.Series == 3 * metric.Count(e.Folded) && e.Error == 0);

                // Every label on top of what is folded, every pair, and every folded label given back.
                foreach (var other in metric.Sets.Where(s => set.IsWithin(s) && s.Count - set.Count is 1 or 2))
                    seen.Estimates.ShouldContain(e => e.Folded == other);
                foreach (var other in metric.Sets.Where(s => s.IsWithin(set) && set.Count - s.Count == 1))
                    seen.Estimates.ShouldContain(e => e.Folded == other);
            }
        });

    [Theory]
    [InlineData(10_000)]
    [InlineData(1_000_000)]
    public void of_a_label_with_any_number_of_values_the_estimate_stays_within_its_stated_error_and_its_memory(int values)
    {
        var contribution = Contribution(2);
        var tuple = new int[2];
        void Interval()
        {
            contribution.BeginInterval(LabelSet.Empty, attended: true);
            for (var i = 0; i < values; i++)
            {
                (tuple[0], tuple[1]) = (i, i % 7);
                Observe(contribution, tuple, width: 1);
            }
        }

        Interval();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Interval();
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(20_000, "nothing is allocated for a stream");
        var seen = contribution.Close();
        seen.SeriesNow.ShouldBe(values, 5 * seen.Error * values);
        seen.Error.ShouldBeInRange(0.01, 0.02);
        seen.Estimates.Single(e => e.Folded == LabelSet.Of(0)).ShouldBe(new FoldEstimate(LabelSet.Of(0), 7, 0));
        var most = seen.Estimates.Single(e => e.Folded == LabelSet.Of(1));
        most.Series.ShouldBe(values, 5 * most.Error * values);
    }

    [Fact]
    public void labels_that_follow_from_each_other_are_tried_together_from_the_second_interval_on()
    {
        // Ten labels, four of which name the same container: too many for pairs, and no pair would do.
        var contribution = Contribution(10);
        for (var interval = 0; interval < 2; interval++)
        {
            contribution.BeginInterval(LabelSet.Empty, attended: true);
            for (var i = 0; i < 60; i++)
                Observe(contribution, [i % 2, i, i % 3, i, 0, i, 1, i, 2, 3], width: 1);
        }

        var together = contribution.Close().Estimates.Single(e => e.Folded == new LabelSet(0b0010101010));
        together.Series.ShouldBe(6);
    }

    [Fact]
    public void labels_beyond_the_capacity_are_not_numbered()
    {
        var contribution = Contribution(FoldContribution.Capacity);
        contribution.Add("one more"u8).ShouldBe(-1);
    }

    private static FoldContribution Contribution(int labels)
    {
        var contribution = new FoldContribution(1, "m");
        for (var label = 0; label < labels; label++)
            contribution.Add([(byte)('a' + label)]);
        return contribution;
    }

    private static void Observe(FoldContribution contribution, ReadOnlySpan<int> tuple, int width)
    {
        Span<UInt128> hashes = stackalloc UInt128[tuple.Length];
        UInt128 identity = 77;
        Span<int> pair = stackalloc int[2];
        for (var label = 0; label < tuple.Length; label++)
        {
            (pair[0], pair[1]) = (label, tuple[label]);
            hashes[label] = Identity.OfBytes(MemoryMarshal.AsBytes(pair));
            identity += hashes[label];
        }

        contribution.Observe(identity, hashes, width);
    }
}
