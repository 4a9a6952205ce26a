using CsCheck;
using Phoenix.Contracts;
using static Phoenix.Agent.Tests.Samples;

namespace Phoenix.Agent.Tests;

public sealed class WindowPairingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly PairingCursor Measuring = PairingCursor.New(Guid.NewGuid()) with { MeasuringSince = Noon.AddHours(-1) };

    /// <summary>A cursor that has paired window 1 of production epoch p1 with candidate epoch c1.</summary>
    private static readonly PairingCursor AfterFirst = Measuring with
    {
        LastReport = 1, SourceEpoch = "p1", LastWindow = 1, LastEndedAt = Noon.AddSeconds(10), CandidateEpoch = "c1",
    };

    [Fact]
    public void windows_over_the_same_input_count()
    {
        var (cursor, reports) = Advance(AfterFirst, [Window(2, "p1"), Window(3, "p1")], [Window(2, "c1"), Window(3, "c1")]);
        reports.Select(r => (r.Number, r.VoidReason)).ShouldBe([(2, null), (3, null)]);
        cursor.LastWindow.ShouldBe(3);
    }

    [Fact]
    public void windows_before_the_candidates_first_are_nobodys()
    {
        var (_, reports) = Advance(Measuring, [Window(1, "p1"), Window(2, "p1"), Window(3, "p1")], [Window(3, "c1", complete: false)]);
        var report = reports.ShouldHaveSingleItem();
        (report.Number, report.VoidReason, report.Baseline!.Number).ShouldBe((1, VoidReasons.Incomplete, 3));
    }

    [Theory]
    [InlineData("sum-other", 0, 0, VoidReasons.InputMismatch)]
    [InlineData(null, 5, 0, VoidReasons.InputMismatch)]
    [InlineData(null, 0, 1, VoidReasons.TeeDropped)]
    public void a_pair_that_does_not_match_is_void(string? checksum, long first, long missed, string reason) =>
        Advance(AfterFirst, [Window(2, "p1")], [Window(2, "c1", checksum: checksum, first: first, missed: missed)])
            .Reports.ShouldHaveSingleItem().VoidReason.ShouldBe(reason);

    [Fact]
    public void a_window_that_began_before_both_arms_knew_what_to_measure_is_void() =>
        Advance(Measuring with { MeasuringSince = Noon.AddSeconds(15) }, [Window(2, "p1"), Window(3, "p1")], [Window(2, "c1"), Window(3, "c1")])
            .Reports.Select(r => r.VoidReason).ShouldBe([VoidReasons.Incomplete, null]);

    [Fact]
    public void a_window_waits_for_its_other_half_and_its_turn() =>
        Advance(AfterFirst, [Window(2, "p1"), Window(3, "p1")], [], now: 31).Reports.ShouldBeEmpty();

    [Fact]
    public void a_window_whose_other_half_does_not_come_in_time_is_void()
    {
        var (cursor, reports) = WindowPairing.Advance(AfterFirst, Production(Window(2, "p1")), null, Noon.AddSeconds(51), Patience);
        reports.ShouldHaveSingleItem().VoidReason.ShouldBe(VoidReasons.ArmMissing);
        cursor.LastWindow.ShouldBe(2);
    }

    [Fact]
    public void a_half_that_the_candidate_has_passed_over_is_not_waited_for() =>
        Advance(AfterFirst, [Window(2, "p1"), Window(3, "p1")], [Window(3, "c1")], now: 31)
            .Reports.Select(r => r.VoidReason).ShouldBe([VoidReasons.ArmMissing, null]);

    [Fact]
    public void after_a_candidate_restarts_windows_are_void_until_a_complete_one()
    {
        var (cursor, reports) = Advance(
            AfterFirst,
            [Window(2, "p1"), Window(3, "p1"), Window(4, "p1"), Window(5, "p1")],
            [Window(3, "c2", complete: false), Window(4, "c2"), Window(5, "c2")]);
        reports.Select(r => r.VoidReason).ShouldBe([VoidReasons.ArmRestarted, VoidReasons.ArmRestarted, null, null]);
        cursor.CandidateEpoch.ShouldBe("c2");
        cursor.Restarting.ShouldBeFalse();
    }

    [Fact]
    public void after_production_restarts_numbers_begin_anew_and_the_orphaned_half_is_reported_void()
    {
        var (cursor, reports) = WindowPairing.Advance(
            AfterFirst,
            Production([Window(1, "p2", "p2", endsAt: 3), Window(2, "p2", "p2", endsAt: 4)]),
            Candidate([Window(2, "c1"), Window(1, "c1", "p2", complete: false, endsAt: 3), Window(2, "c1", "p2", endsAt: 4)]),
            Noon.AddSeconds(41), Patience);
        reports.Select(r => (r.Number, r.VoidReason, r.Baseline is null)).ShouldBe(
            [(2, VoidReasons.ArmRestarted, true), (3, VoidReasons.ArmRestarted, false), (4, null, false)]);
        (cursor.SourceEpoch, cursor.LastWindow).ShouldBe(("p2", 2));
    }

    [Fact]
    public void a_window_that_an_arm_reports_in_pieces_is_void_and_the_next_counts() =>
        Advance(AfterFirst, [Window(2, "p1"), Window(3, "p1")], [Window(2, "c1"), Window(2, "c1"), Window(3, "c1")])
            .Reports.Select(r => r.VoidReason).ShouldBe([VoidReasons.Incomplete, null]);

    [Fact]
    public void windows_whose_distinct_counts_span_different_times_are_void() =>
        Advance(AfterFirst, [Window(2, "p1", generation: 1), Window(3, "p1", generation: 2)], [Window(2, "c1", generation: 2), Window(3, "c1", generation: 2)])
            .Reports.Select(r => r.VoidReason).ShouldBe([VoidReasons.GenerationMismatch, null]);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    public void a_window_that_an_arm_could_not_wholly_track_is_void(long production, long candidate) =>
        Advance(AfterFirst, [Window(2, "p1", untracked: production)], [Window(2, "c1", untracked: candidate)])
            .Reports.ShouldHaveSingleItem().VoidReason.ShouldBe(VoidReasons.Untracked);

    [Fact]
    public void a_generation_rises_when_either_arm_begins_an_epoch_and_only_then()
    {
        var first = Measuring.ForEpochs("p1", "c1");
        first.ForEpochs("p1", "c1").ShouldBe(first);
        var second = first.ForEpochs("p1", "c2");
        var third = second.ForEpochs("p2", "c2");
        new[] { first, second, third }.Select(cursor => cursor.Generation).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public void windows_already_reported_are_not_reported_again()
    {
        var (cursor, _) = Advance(AfterFirst, [Window(2, "p1")], [Window(2, "c1")]);
        Advance(cursor, [Window(1, "p1"), Window(2, "p1")], [Window(1, "c1"), Window(2, "c1")]).Reports.ShouldBeEmpty();
    }

    [Fact]
    public void however_the_halves_arrive_every_window_is_reported_once_in_order_and_counts() =>
        Gen.Select(Gen.Int[0, 12], Gen.Int[0, 12]).Array[0, 20].Sample(looks =>
        {
            const int Total = 12;
            var cursor = AfterFirst;
            var reports = new List<WindowReport>();
            foreach (var (production, candidate) in looks.Append((Total, Total)))
            {
                var seen = Math.Max(production, candidate);
                // Within patience of the newest window, as it is when the agent looks every second.
                var step = WindowPairing.Advance(
                    cursor,
                    Production([.. Enumerable.Range(2, seen).Select(n => Window(n, "p1"))]),
                    Candidate([.. Enumerable.Range(2, candidate).Select(n => Window(n, "c1"))]),
                    Noon, Patience);
                cursor = step.Cursor;
                reports.AddRange(step.Reports);
            }
            reports.Select(r => r.Number).ShouldBe(Enumerable.Range(2, Total));
            reports.ShouldAllBe(r => r.VoidReason == null && r.Baseline!.Number == r.Number);
        });

    private static (PairingCursor Cursor, IReadOnlyList<WindowReport> Reports) Advance(
        PairingCursor cursor, ArmWindow[] production, ArmWindow[] candidate, double now = 60) =>
        WindowPairing.Advance(cursor, Production(production), Candidate(candidate), Noon.AddSeconds(now), Patience);

    private static CollectorWindows Production(params ArmWindow[] windows) => new(windows.LastOrDefault()?.Epoch ?? "p1", windows);

    private static CollectorWindows Candidate(params ArmWindow[] windows) => new(windows.LastOrDefault()?.Epoch ?? "c1", windows);
}
