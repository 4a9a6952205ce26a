using Phoenix.Contracts;
using static Phoenix.Agent.Tests.Samples;

namespace Phoenix.Agent.Tests;

/// <summary>Windows of production collectors, added up to what is reported of them.</summary>
public sealed class UsagePeriodTests
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(60);

    private static ArmWindow Begun(long number, DateTimeOffset at, string epoch = "p1") =>
        Window(number, epoch, epoch) with { StartedAt = at, EndedAt = at.AddSeconds(10) };

    private static List<ArmWindow> Run(int count, string epoch = "p1", long first = 1) =>
        [.. Enumerable.Range(0, count).Select(i => Begun(first + i, Noon.AddSeconds(10 * (first + i)), epoch))];

    private static UsagePeriod Sum(IEnumerable<UsagePeriod> periods) => periods.Aggregate((a, b) => a with
    {
        Seconds = a.Seconds + b.Seconds, WireBytes = a.WireBytes + b.WireBytes,
        Input = new(a.Input.Points + b.Input.Points, a.Input.Samples + b.Input.Samples, a.Input.Bytes + b.Input.Bytes, a.Input.SeriesSeconds + b.Input.SeriesSeconds),
    });

    [Fact]
    public void windows_are_counted_once_however_they_are_asked_for()
    {
        var windows = Run(50);
        var (whole, all) = UsagePeriods.Advance(null, windows, "p1", "h1", Length);
        all.Count.ShouldBe(8);
        whole!.Open!.FirstWindow.ShouldBe(49);
        foreach (var step in new[] { 1, 3, 7, 49 })
        {
            UsageCursor? cursor = null;
            List<UsagePeriod> closed = [];
            for (var seen = step; seen < windows.Count + step; seen += step)
            {
                // The collector keeps the last 20 and tells some of them again.
                var (next, more) = UsagePeriods.Advance(cursor, [.. windows.Take(seen).TakeLast(Math.Max(20, step))], "p1", "h1", Length);
                cursor = next;
                closed.AddRange(more);
            }
            closed.ShouldBe(all);
            cursor.ShouldBe(whole);
        }
        Sum([.. all, whole.Open!]).Input.ShouldBe(new UsageCounts(50, 50, 50, 500));
    }

    [Fact]
    public void a_period_ends_with_its_day()
    {
        var midnight = new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero);
        var (next, closed) = UsagePeriods.Advance(null, [Begun(1, midnight.AddSeconds(-15)), Begun(2, midnight.AddSeconds(-5)), Begun(3, midnight.AddSeconds(5))], "p1", "h1", Length);
        var yesterday = closed.ShouldHaveSingleItem();
        (yesterday.FirstWindow, yesterday.LastWindow).ShouldBe((1, 2));
        next!.Open!.StartedAt.UtcDateTime.Day.ShouldBe(2);
    }

    [Fact]
    public void after_a_restart_numbers_begin_anew_and_nothing_is_left_out()
    {
        var (cursor, _) = UsagePeriods.Advance(null, Run(3), "p1", "h1", Length);
        var (next, closed) = UsagePeriods.Advance(cursor, Run(2, "p2"), "p2", "h2", Length);
        var before = closed.ShouldHaveSingleItem();
        (before.Epoch, before.ConfigurationHash, before.LastWindow).ShouldBe(("p1", "h1", 3));
        (next!.Open!.Epoch, next.Open.ConfigurationHash, next.Open.FirstWindow, next.LastWindow).ShouldBe(("p2", "h2", 1, 2));
    }

    [Fact]
    public void after_a_reload_each_window_belongs_to_what_ran()
    {
        var (cursor, _) = UsagePeriods.Advance(null, Run(3), "p1", "h1", Length);
        // The fourth was closed by the reload; what ran between two reloads is not known.
        var (next, closed) = UsagePeriods.Advance(cursor, [.. Run(4), Begun(5, Noon.AddSeconds(50), "px"), Begun(6, Noon.AddSeconds(60), "p2")], "p2", "h2", Length);
        closed.Select(p => (p.ConfigurationHash, p.FirstWindow, p.LastWindow)).ShouldBe([("h1", 1L, 4L), ("", 5L, 5L)]);
        next!.Open!.ConfigurationHash.ShouldBe("h2");
    }

    [Fact]
    public void windows_that_are_gone_before_they_were_asked_for_are_counted_as_missed()
    {
        var (cursor, _) = UsagePeriods.Advance(null, Run(2), "p1", "h1", Length);
        var (next, _) = UsagePeriods.Advance(cursor, [Begun(5, Noon.AddSeconds(50))], "p1", "h1", Length * 10);
        next!.Open!.MissedWindows.ShouldBe(2);
        next.Open.Seconds.ShouldBe(30);
    }

    [Fact]
    public void windows_missed_between_two_periods_are_told_by_the_one_that_begins()
    {
        var (cursor, closed) = UsagePeriods.Advance(null, Run(6), "p1", "h1", Length);
        closed.ShouldHaveSingleItem().MissedWindows.ShouldBe(0);
        UsagePeriods.Advance(cursor, [Begun(9, Noon.AddSeconds(90))], "p1", "h1", Length).Next!.Open!.MissedWindows.ShouldBe(2);
        // Of another epoch nobody knows how many there were.
        UsagePeriods.Advance(cursor, [Begun(9, Noon.AddSeconds(90), "p2")], "p2", "h2", Length).Next!.Open!.MissedWindows.ShouldBe(0);
    }

    [Fact]
    public void live_series_are_those_of_twenty_minutes_where_the_collector_tells_them()
    {
        var window = Begun(1, Noon);
        var series = new SeriesByBackend(70, 60, 50);
        var told = window with { Input = window.Input with { Counts = window.Input.Counts with { Meters = new(new(1, 1, 1), series, series, series, series, series) } } };
        UsagePeriods.Advance(null, [told], "p1", "h1", Length).Next!.Open!.Input.SeriesSeconds.ShouldBe(700);
        UsagePeriods.Advance(null, [window], "p1", "h1", Length).Next!.Open!.Input.SeriesSeconds.ShouldBe(10);
    }
}
