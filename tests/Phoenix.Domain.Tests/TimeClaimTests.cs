using System.Text.Json;
using CsCheck;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Statistics;

namespace Phoenix.Domain.Tests;

public sealed class TimeClaimTests
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void what_was_observed_is_exact()
    {
        var observed = ObservedReduction.None.Add(3, 2).Add(long.MaxValue, 0).Add(long.MaxValue, 0);
        observed.Baseline.ShouldBe((Int128)long.MaxValue * 2 + 3);
        // A third cannot be written, and is neither reached nor missed by rounding.
        var third = new ObservedReduction(3, 2);
        third.Meets(0.3333333333333333333333333333m).ShouldBeTrue();
        third.Meets(0.3333333333333333333333333334m).ShouldBeFalse();
        new ObservedReduction(10, 7).Meets(0.3m).ShouldBeTrue();
        new ObservedReduction(10, 12).Meets(-0.2m).ShouldBeTrue();
        new ObservedReduction(10, 12).Meets(-0.19m).ShouldBeFalse();
    }

    [Fact]
    public void nothing_observed_meets_nothing()
    {
        ObservedReduction.None.Share.ShouldBeNull();
        ObservedReduction.None.Meets(-1).ShouldBeFalse();
        Should.Throw<ArgumentOutOfRangeException>(() => ObservedReduction.None.Add(-1, 0));
    }

    [Fact]
    public void observations_merge_in_any_order() =>
        Gen.Select(Gen.Int[0, 1000], Gen.Int[0, 1000]).Array[0, 20].Sample(pairs =>
        {
            var forward = pairs.Aggregate(ObservedReduction.None, (sum, p) => sum.Add(p.Item1, p.Item2));
            var merged = pairs.Reverse().Select(p => ObservedReduction.None.Add(p.Item1, p.Item2)).Aggregate(ObservedReduction.None, (a, b) => b + a);
            return forward == merged;
        });

    [Fact]
    public void the_boundary_is_that_of_the_paper()
    {
        // By hand: −2 ln 0.05 = 5.991465, ln of it 1.790336, so ρ² = 8.781801 ÷ (20 · 0.0001) = 4390.90.
        // t = 100, σ = 0.05: tσ²ρ² + 1 = 0.25 · 4390.90 + 1 = 1098.725; its logarithm 7.001906; with 5.991465 that is 12.993371.
        // √(1098.725 ÷ 4390.90 · 12.993371) ÷ 100 = √3.251301 ÷ 100 = 0.0180314.
        AsymptoticConfidenceSequence.HalfWidth(100, 0.0025, 0.05).ShouldBe(0.0180314, 1e-6);
        // Without variance √(5.991465 ÷ 4390.90) ÷ 20 remains.
        AsymptoticConfidenceSequence.HalfWidth(20, 0, 0.05).ShouldBe(0.0018470, 1e-6);
    }

    [Fact]
    public void intervals_narrow_with_time_and_widen_with_variance_and_certainty() =>
        Gen.Select(Gen.Int[20, 100_000], Gen.Double[0, 1], Gen.Double[0.001, 0.2]).Sample((count, variance, alpha) =>
        {
            var half = AsymptoticConfidenceSequence.HalfWidth(count, variance, alpha);
            return half > AsymptoticConfidenceSequence.HalfWidth(count + 1, variance, alpha)
                && half < AsymptoticConfidenceSequence.HalfWidth(count, variance + 0.01, alpha)
                && half < AsymptoticConfidenceSequence.HalfWidth(count, variance, alpha / 2);
        });

    [Fact]
    public void a_level_knows_the_variance_and_correlation_of_its_blocks() =>
        Gen.Double[-1, 0.99].Array[2, 70].Sample(values =>
        {
            var level = values.Aggregate(BlockLevel.Empty, (l, v) => l.Add(new(1, 1 - v)));
            var (mean, n) = (values.Average(), values.Length);
            var squares = values.Sum(v => (v - mean) * (v - mean));
            var lagged = values.Zip(values.Skip(1), (a, b) => (a - mean) * (b - mean)).Sum();
            return Close(level.Variance, squares / (n - 1)) && (level.Variance == 0 || Close(level.Correlation, lagged / squares)) &&
                (level.Coarser?.Count ?? 0) == n / 2;
        });

    [Fact]
    public void a_block_is_the_ratio_of_sums_over_its_windows() =>
        Gen.Select(Gen.Double[1, 100], Gen.Double[0, 100]).Array[4, 4].Sample(windows =>
        {
            var level = windows.Aggregate(BlockLevel.Empty, (l, w) => l.Add(new(w.Item1, w.Item2)));
            return Close(level.Coarser!.Coarser!.Mean, 1 - windows.Sum(w => w.Item2) / windows.Sum(w => w.Item1));
        });

    [Fact]
    public void independent_windows_make_short_blocks_and_correlated_ones_long_blocks()
    {
        Blocks(2000, correlation: 0).WindowsPerBlock.ShouldBe(8);
        var correlated = Blocks(8000, correlation: 0.9); // (1 + 0.9) ÷ (1 − 0.9) = 19 windows
        correlated.AutocorrelationTime.ShouldBeInRange(12, 40);
        correlated.WindowsPerBlock.ShouldBeInRange(32, 128);
    }

    [Fact]
    public void blocks_are_the_same_after_they_were_stored()
    {
        var blocks = Blocks(777, correlation: 0.5).Add(new(0, 3), HoursOfDay.Of(4));
        JsonSerializer.Deserialize<TimeBlocks>(JsonSerializer.Serialize(blocks)).ShouldBe(blocks);
    }

    [Fact]
    public void blocks_never_become_shorter_again()
    {
        var blocks = TimeBlocks.None;
        var level = 0;
        foreach (var window in Windows(3000, 0.9, seed: 4).Concat(Windows(3000, 0, seed: 5)))
        {
            blocks = blocks.Add(window, HoursOfDay.None);
            blocks.Level.ShouldBeGreaterThanOrEqualTo(level);
            level = blocks.Level;
        }
    }

    [Fact]
    public void constant_data_is_decided_at_twenty_blocks_of_eight_windows_and_not_before()
    {
        var blocks = Enumerable.Repeat(new ArmSums(300, 200), 159).Aggregate(TimeBlocks.None, (b, w) => b.Add(w, HoursOfDay.Of(9)));
        var early = HostsClaim.Of(blocks, 1).Judge(0.2, Minute);
        early.Outcome.ShouldBe(VerdictOutcome.Inconclusive);
        early.Missing.ShouldHaveSingleItem().ShouldBe(new(ShortfallKind.Blocks, "19 of 20 blocks of 8 windows: at least 8 minutes more"));

        blocks = blocks.Add(new(300, 200), HoursOfDay.Of(10));
        blocks.Variance.ShouldBe(0);
        var claim = HostsClaim.Of(blocks, 1);
        claim.Judge(0.2, Minute).Outcome.ShouldBe(VerdictOutcome.Promote);
        claim.Judge(0.2, Minute).Scope.ShouldBe("this host, hours of the day (UTC): 09–10");
        claim.Judge(0.4, Minute).Outcome.ShouldBe(VerdictOutcome.Reject);
        claim.Judge(1.0 / 3, Minute).Missing.ShouldHaveSingleItem().Kind.ShouldBe(ShortfallKind.Variance);
    }

    [Fact]
    public void two_hosts_count_by_what_they_send()
    {
        var window = default(ArmSums).Add(900, 450).Add(100, 100);
        window.Reduction!.Value.ShouldBe(0.45, 1e-12);
        var claim = HostsClaim.Of(Enumerable.Repeat(window, 160).Aggregate(TimeBlocks.None, (b, w) => b.Add(w, HoursOfDay.All)), 2);
        claim.Judge(0.4, Minute).ShouldSatisfyAllConditions(
            j => j.Outcome.ShouldBe(VerdictOutcome.Promote),
            j => j.Scope.ShouldBe("these 2 hosts, hours of the day (UTC): all day"));
    }

    [Fact]
    public void windows_without_a_baseline_are_counted_with_the_next_that_has_one()
    {
        var blocks = TimeBlocks.None.Add(new(0, 0), HoursOfDay.None).Add(new(0, 5), HoursOfDay.None);
        blocks.ShouldSatisfyAllConditions(b => b.Count.ShouldBe(0), b => b.Windows.ShouldBe(2), b => b.Carried.Candidate.ShouldBe(5));
        HostsClaim.Of(blocks, 1).ShouldSatisfyAllConditions(c => c.Estimate.ShouldBeNull(), c => c.Judge(0, Minute).Outcome.ShouldBe(VerdictOutcome.Inconclusive));
        blocks = blocks.Add(new(10, 1), HoursOfDay.None);
        blocks.Finest.Mean.ShouldBe(0.4, 1e-12);
        blocks.Windows.ShouldBe(3);
    }

    [Theory]
    [InlineData(double.NaN, 1)]
    [InlineData(1, double.NaN)]
    [InlineData(double.PositiveInfinity, 1)]
    [InlineData(1, double.NegativeInfinity)]
    [InlineData(-1, 1)]
    [InlineData(1, -1)]
    [InlineData(1e-300, 1e300)]
    public void what_is_no_count_is_refused(double baseline, double candidate)
    {
        Measured.Refusal(baseline, candidate)!.Code.ShouldBe("measurement-invalid");
        Should.Throw<ArgumentException>(() => default(ArmSums).Add(baseline, candidate));
        Should.Throw<ArgumentException>(() => TimeBlocks.None.Add(new(baseline, candidate), HoursOfDay.None)).Message.ShouldContain("Void the window");
        Should.Throw<ArgumentException>(() => FleetClaim.Of(new(5), 9, [new("a", 0.1, baseline, candidate)], HostsClaim.Of(TimeBlocks.None, 1, 0.025)));
    }

    [Fact]
    public void an_outlier_widens_the_interval_and_cannot_promote()
    {
        var calm = Windows(400, 0, seed: 3).ToList();
        var before = HostsClaim.Of(calm.Aggregate(TimeBlocks.None, (b, w) => b.Add(w, HoursOfDay.All)), 1).Interval!.Value;
        calm[200] = new(1000, 50_000); // 49 times as much as before
        var after = HostsClaim.Of(calm.Aggregate(TimeBlocks.None, (b, w) => b.Add(w, HoursOfDay.All)), 1);
        after.Judge(0.3, Minute).Outcome.ShouldNotBe(VerdictOutcome.Promote);
        (after.Interval is not { } wide || wide.Width > 5 * before.Width).ShouldBeTrue();
    }

    [Fact]
    public void hours_that_were_asked_for_and_not_seen_are_missing()
    {
        var blocks = Enumerable.Repeat(new ArmSums(2, 1), 170).Aggregate(TimeBlocks.None, (b, w) => b.Add(w, HoursOfDay.Of(8, 9)));
        var judgement = HostsClaim.Of(blocks, 1).Judge(0.2, Minute, HoursOfDay.Of(8, 9, 22, 23));
        judgement.Outcome.ShouldBe(VerdictOutcome.Inconclusive);
        judgement.Missing.ShouldHaveSingleItem().ShouldBe(new(ShortfallKind.HoursOfDay, "the hours 22–23 (UTC) were not seen"));
    }

    [Fact]
    public void a_wide_interval_says_how_much_time_is_missing()
    {
        var claim = HostsClaim.Of(Windows(400, 0, seed: 8).Aggregate(TimeBlocks.None, (b, w) => b.Add(w, HoursOfDay.All)), 3);
        var minimum = claim.Estimate!.Value - 0.001;
        var missing = claim.Judge(minimum, Minute).Missing.ShouldHaveSingleItem();
        missing.Kind.ShouldBe(ShortfallKind.Variance);
        missing.Text.ShouldContain("more would decide");
        claim.Judge(claim.Estimate.Value, Minute).Missing.ShouldHaveSingleItem().Text.ShouldContain("too near the minimum");
    }

    [Theory]
    [InlineData("2025-03-01T09:00:00Z", "2025-03-01T10:00:00Z", "09")]
    [InlineData("2025-03-01T09:59:00Z", "2025-03-01T10:00:01Z", "09–10")]
    [InlineData("2025-03-01T23:30:00Z", "2025-03-02T00:30:00Z", "00, 23")]
    [InlineData("2025-03-01T01:30:00+02:00", "2025-03-01T01:40:00+02:00", "23")]
    [InlineData("2025-03-01T00:00:00Z", "2025-03-02T00:00:00Z", "all day")]
    [InlineData("2025-03-01T05:00:00Z", "2025-03-01T05:00:00Z", "05")]
    public void a_window_has_seen_the_hours_that_it_touches(string from, string to, string expected) =>
        HoursOfDay.Between(DateTimeOffset.Parse(from), DateTimeOffset.Parse(to)).ToString().ShouldBe(expected);

    [Fact]
    public void hours_are_a_set() =>
        Gen.Select(Gen.Int[0, 23].Array[0, 24], Gen.Int[0, 23].Array[0, 24]).Sample((a, b) =>
            HoursOfDay.Of(a).With(HoursOfDay.Of(b)).Hours.SequenceEqual(a.Union(b).Order()) &&
            HoursOfDay.Of(a).Without(HoursOfDay.Of(b)).Hours.SequenceEqual(a.Except(b).Order()));

    /// <summary>Nobody who looks all the time is fooled in more than one of twenty experiments: the benchmark asks it of a whole grid.</summary>
    [Fact]
    public void looking_at_every_window_promotes_what_is_just_the_minimum_rarely()
    {
        var promoted = Enumerable.Range(0, 300).Count(run =>
        {
            var blocks = TimeBlocks.None;
            return Windows(800, 0.5, run).Any(w =>
            {
                blocks = blocks.Add(w, HoursOfDay.All);
                return HostsClaim.Of(blocks, 1).Judge(0.4, Minute).Outcome == VerdictOutcome.Promote;
            });
        });
        promoted.ShouldBeLessThan(15);
    }

    static TimeBlocks Blocks(int windows, double correlation) => Windows(windows, correlation, seed: 1).Aggregate(TimeBlocks.None, (b, w) => b.Add(w, HoursOfDay.All));

    /// <summary>Reductions of 0.4 on average with a standard deviation of 0.05.</summary>
    static IEnumerable<ArmSums> Windows(int count, double correlation, int seed)
    {
        var random = new Random(seed);
        double Draw() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        var noise = Draw();
        for (var i = 0; i < count; i++)
        {
            noise = correlation * noise + Math.Sqrt(1 - correlation * correlation) * Draw();
            yield return new(1000, 1000 * (0.6 - 0.05 * noise));
        }
    }

    static bool Close(double a, double b) => Math.Abs(a - b) <= 1e-9 * Math.Max(1, Math.Max(Math.Abs(a), Math.Abs(b)));
}
