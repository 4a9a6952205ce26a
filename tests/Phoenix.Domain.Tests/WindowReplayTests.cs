using System.Text.Json;
using CsCheck;
using JasperFx.Events;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Pricing;

namespace Phoenix.Domain.Tests;

public sealed class WindowReplayTests
{
    static readonly string[] Hosts = ["h1"];

    static List<IEvent> Stream(params IEnumerable<object> events) => [.. events.Select((e, i) =>
    {
        var wrapped = (IEvent)Activator.CreateInstance(typeof(Event<>).MakeGenericType(e.GetType()), e)!;
        (wrapped.Version, wrapped.Timestamp) = (i + 1, Given.Now.AddSeconds(i));
        return wrapped;
    })];

    static IEnumerable<object> Started => [Given.Draft(), new ExperimentStarted(Hosts, Given.Now.AddHours(1)), new VariantsApplied(Hosts)];

    [Fact]
    public void every_window_stands_as_the_experiment_stood_when_it_was_recorded() =>
        // A number: a window with so many hundreds of series; 0: one that no host measured; the warm-up ends at any place between.
        Gen.Select(Gen.Int[0, 9].Array[0, 60], Gen.Int[0, 20]).Sample((windows, warmUp) =>
        {
            List<object> events = [.. Started];
            List<(int Number, string Claims, Evidence Evidence)> expected = [];
            for (var i = 0; i < windows.Length; i++)
            {
                if (i == warmUp) events.Add(new WarmUpEnded());
                // Every seventh is closed late, after the one that follows it.
                var number = i % 7 == 3 ? i + 2 : i % 7 == 4 ? i : i + 1;
                if (windows[i] == 0 || i % 5 == 0) events.Add(new WindowVoided(number, "h2", "incomplete"));
                if (windows[i] > 0) events.Add(Given.Window(number, candidateSeries: 100 * windows[i]));
                var then = Given.Experiment([.. events]);
                expected.Add((number, JsonSerializer.Serialize(Verdicts.Claims(then)), then.Evidence));
            }
            var replayed = WindowReplay.Over(Stream(events)).ToList();
            replayed.Select(w => (w.Number, JsonSerializer.Serialize(Verdicts.Claims(w.After)), Same(w.After.Evidence)))
                .ShouldBe(expected.Select(e => (e.Number, e.Claims, Same(e.Evidence))));
            replayed.Count(w => w.Counts).ShouldBe(expected.Count == 0 ? 0 : expected[^1].Evidence.Windows);
        });

    static string Same(Evidence e) => JsonSerializer.Serialize(e);

    [Fact]
    public void hosts_without_a_window_are_one_row_with_the_window_they_lack()
    {
        var windows = WindowReplay.Over(Stream([.. Started, new WarmUpEnded(), new WindowVoided(2, "h2", "incomplete"), Given.Window(2), new WindowVoided(3, "h1", "incomplete"), new WindowVoided(3, "h2", "incomplete")])).ToList();
        windows.Select(w => (w.Number, w.Measured is null, w.VoidHosts, w.LastVersion)).ShouldBe([(2, false, 1, 6), (3, true, 2, 8)]);
        windows[1].After.Evidence.Windows.ShouldBe(1);
    }

    static List<IEvent> Long(int windows) => Stream(Recorded(windows));

    /// <summary>Every fifth window is one that a host lacks, every seventh one that nobody has; something else happens between.</summary>
    static IEnumerable<object> Recorded(int windows)
    {
        foreach (var e in Started) yield return e;
        yield return new WarmUpEnded();
        for (var n = 2; n < windows + 2; n++)
        {
            if (n % 5 == 0 || n % 7 == 0) yield return new WindowVoided(n, "h2", n % 2 == 0 ? Guardrails.InputMismatch : "incomplete");
            if (n % 7 != 0) yield return Given.Window(n, candidateSeries: 300 + n % 17);
            if (n % 11 == 0) yield return new ExperimentExtended(TimeSpan.FromMinutes(1), Given.Now.AddHours(2), 1);
        }
    }

    static WindowHistory History(IEnumerable<IEvent> events, int most)
    {
        var history = new WindowHistory(most);
        foreach (var e in events) history.Add(e);
        return history;
    }

    [Fact]
    public void a_history_holds_few_windows_of_any_number_and_leads_to_all() =>
        Gen.Select(Gen.Int[0, 200], Gen.Int[1, 10].Select(n => 2 * n), Gen.Int[0, 400]).Sample((windows, most, after) =>
        {
            var events = Long(windows);
            var all = WindowReplay.Over(events).ToList();
            var history = History(events, most);
            (history.Count, history.Version).ShouldBe((windows, events.Count));
            history.Kept.ShouldBeLessThanOrEqualTo(most);
            history.Newest?.Number.ShouldBe(all[^1].Number);
            Say(history.Guardrails.ByGravity).ShouldBe(Say(all.Aggregate(GuardrailStandings.None, (s, w) => s.And(w.Number, w.Measured, w.MismatchedHosts, Given.Draft().Criteria)).ByGravity));

            // From the kept one before, every window after an event is reached as it was, and soon.
            var before = history.Before(after);
            var replay = WindowReplay.After(before?.Window);
            // And the guardrails stood there as every window up to it stood to them.
            Say((before?.Guardrails ?? GuardrailStandings.None).ByGravity).ShouldBe(Say(History(events.Take((int)replay.Version), most).Guardrails.ByGravity));
            List<ReplayedWindow> reached = [];
            foreach (var e in events.Skip((int)replay.Version))
                if (replay.Add(e) is { } window) reached.Add(window);
            if (replay.Open is { } open) reached.Add(open);
            reached.Where(w => w.LastVersion > after).Select(Say).ShouldBe(all.Where(w => w.LastVersion > after).Select(Say));
            reached.Count(w => w.LastVersion <= after).ShouldBeLessThanOrEqualTo(1 + 2 * windows / most);
        });

    [Fact]
    public void a_chart_gets_as_many_windows_as_it_asks_for_evenly_and_the_last() =>
        Gen.Select(Gen.Int[0, 300], Gen.Int[2, 10]).Sample((windows, points) =>
        {
            var history = History(Long(windows), 20);
            var chart = history.Spread(points).Select(w => w.Number).ToList();
            chart.Count.ShouldBe(Math.Min(windows, points));
            chart.ShouldBe(chart.Distinct().Order());
            if (windows == 0) return;
            (chart[0], chart[^1]).ShouldBe((2, windows + 1));
            // As even as what is kept allows.
            var steps = chart.Zip(chart.Skip(1), (a, b) => b - a).ToList();
            if (steps.Count > 1) (steps.Max() - steps.Min()).ShouldBeLessThanOrEqualTo(2 + 2 * Math.Max(1, windows / 10));
            // While all are kept each stands exactly at its place.
            if (windows is > 10 and <= 20) chart.ShouldBe(Enumerable.Range(0, points).Select(i => 2 + i * (windows - 1) / (points - 1)));
        });

    static string Say(object said) => JsonSerializer.Serialize(said);

    [Fact]
    public void a_window_does_not_look_at_all_that_were_before_it()
    {
        var price = Price.List(ListPrices.Find("datadog-pro-custom-metrics")!);
        // What is allocated does not depend on what else the machine does, as time would.
        long Cost(int windows)
        {
            var events = Stream([.. Started, new WarmUpEnded(), .. Enumerable.Range(2, windows).Select(n => (object)Given.Window(n, candidateSeries: 300 + n % 17))]);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var savings = WindowReplay.Over(events).Select(w => MeasuredCost.Saving(price, w.After.Evidence, 1, Verdicts.Claims(w.After)[1]).Saving).ToList();
            var took = GC.GetAllocatedBytesForCurrentThread() - before;
            savings.Count.ShouldBe(windows);
            savings[^1]!.Lower.ShouldNotBeNull();
            return took;
        }
        // Past the first, which makes what is made once.
        Cost(500);
        var (some, many) = (Cost(500), Cost(4000));
        // Eight times the windows: 64 times where each looked at all before it, and a little over eight where blocks are merged as they grow.
        ((double)many / some).ShouldBeInRange(6, 24);
    }
}
