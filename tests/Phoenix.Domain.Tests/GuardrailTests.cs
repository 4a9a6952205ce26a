using CsCheck;
using Phoenix.Domain.Experiments;

namespace Phoenix.Domain.Tests;

public sealed class GuardrailTests
{
    static readonly SuccessCriteria Criteria = Given.Draft().Criteria;

    static readonly Gen<WindowMeasured> Window =
        Gen.Select(Gen.Long[3, 5], Gen.Double[0, 0.2], Gen.Long[0, 1], Gen.Long[0, 2], Gen.Double[0, 3000], Gen.Double[0, 90_000]).Select((retained, error, lost, errors, cpuMs, delayMs) =>
            Given.Window(1, retained: retained, worstErrorPct: error, lost: lost, cpuMs: cpuMs) is var w
                ? w with { Candidate = w.Candidate with { ExportErrors = errors, MaxDelayMs = delayMs }, Baseline = w.Baseline with { ExportErrors = 1 } } : w);

    static List<GuardrailStanding> Over(params IEnumerable<WindowMeasured> windows) => [.. windows.Aggregate(GuardrailStandings.None, (standings, w) => standings.And(w.Number, w, 0, Criteria)).ByGravity];

    [Fact]
    public void what_ends_the_candidate_is_the_first_that_is_broken_as_often_in_a_row_as_it_needs() =>
        Window.Array[1, 12].Sample(windows =>
        {
            windows = [.. windows.Select((w, i) => w with { Number = i + 1 })];
            for (var n = 1; n <= windows.Length; n++)
            {
                var standing = Over(windows.Take(n));
                var breach = Guardrails.Check(windows[n - 1], Criteria, n > 1 ? windows[n - 2] : null);
                var first = standing.FirstOrDefault(s => s.InARow >= s.Latest.NeedsInARow);
                (breach?.Guardrail, breach?.Measured, breach?.Limit, breach?.Detail).ShouldBe((first?.Latest.Guardrail, first?.Latest.Value, first?.Latest.Limit, first?.Latest.Detail));
            }
        });

    [Fact]
    public void the_worst_stays_and_the_latest_is_the_last()
    {
        var cpu = Over(Given.Window(1, cpuMs: 500), Given.Window(2, cpuMs: 2000), Given.Window(3, cpuMs: 1000)).Single(s => s.Latest.Guardrail == Guardrail.CandidateCpu);
        (cpu.Latest.Value, cpu.Latest.Limit, cpu.Latest.UsedPct, cpu.Window).ShouldBe((20, 50, 40, 3));
        (cpu.Worst.Value, cpu.WorstWindow, cpu.InARow).ShouldBe((40, 2, 0));
        var retention = Over(Given.Window(1, retained: 4), Given.Window(2)).Single(s => s.Latest.Guardrail == Guardrail.ProtectedRetention);
        (retention.Latest.Value, retention.Worst.Value, retention.WorstWindow, retention.Latest.UsedPct).ShouldBe((100, 80, 1, null));
    }

    [Fact]
    public void a_window_between_that_was_not_measured_begins_the_row_anew()
    {
        static WindowMeasured Bad(int n) => Given.Window(n) with { Candidate = Given.Window(n).Candidate with { ExportErrors = 9 } };
        static int Row(params IEnumerable<WindowMeasured> windows) => Over(windows).Single(s => s.Latest.Guardrail == Guardrail.ExportErrors).InARow;
        Row(Bad(1), Bad(2), Bad(3)).ShouldBe(3);
        Row(Bad(1), Bad(3)).ShouldBe(1);
        Row(Bad(1), Bad(2), Given.Window(3)).ShouldBe(0);
    }

    [Fact]
    public void windows_of_which_no_host_saw_the_same_input_are_counted_too()
    {
        var input = GuardrailStandings.None.And(1, Given.Window(1), 0, Criteria).And(2, null, 3, Criteria).And(3, null, 2, Criteria).ByGravity.Single(s => s.Latest.Guardrail == Guardrail.InputMismatch);
        (input.Latest.Value, input.Latest.Limit, input.InARow, input.Worst.Value, input.WorstWindow).ShouldBe((2, 0, 2, 3, 2));
    }
}
