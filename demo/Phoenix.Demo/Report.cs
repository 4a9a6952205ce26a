using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Phoenix.Demo;

/// <summary>The one line of JSON that ends the demo.</summary>
internal sealed record DemoResult(
    string? Verdict, string? Scope, double? SeriesReductionPct, double? LiveSeriesReductionPct, double? PointsReductionPct,
    double? ConservationErrorPct, long? ConservationGroups, long? IncrementsChecked, decimal? SavingPerMonth, string? Currency,
    double? ExtrapolatedFromMinutes, int Hosts, int Windows, int Events, double? AaReductionPct, BadCandidate BadCandidate, double Seconds);

/// <param name="Verdict">What became of it.</param>
/// <param name="Guardrail">The guardrail that named it; null where none did.</param>
internal sealed record BadCandidate(string? Verdict, string? Guardrail);

/// <summary>Prints the result for people, and the same once more for programs.</summary>
internal static class Report
{
    // Null is a result too: a field that is always there is easier to read than one that comes and goes.
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.Never };

    public static DemoResult Result(Story story, double seconds)
    {
        var (verdict, evidence) = (story.TopK.Verdict, story.TopK.Evidence);
        return new(
            verdict?.Outcome, verdict?.Scope, evidence?.SeriesReductionPct, evidence?.LiveSeriesReductionPct, evidence?.PointsReductionPct,
            evidence?.ConservationErrorPct, evidence?.ConservationGroups, evidence?.IncrementsChecked,
            evidence?.Saving?.PerMonth, evidence?.Saving?.Currency, evidence?.Saving?.ExtrapolatedFromMinutes, story.TopK.Hosts.Count,
            story.TopK.Windows, story.Audit.Count, story.NullTest.Evidence?.SeriesReductionPct,
            new(story.Discarding.Verdict?.Outcome, story.Discarding.Breach?.Guardrail), Math.Round(seconds, 1));
    }

    public static void PrintTables(Story story)
    {
        PrintExperiments(story);
        PrintBackend(story);
        Console.WriteLine();
        Console.WriteLine("The audit log of all that:");
        TextTable.Print(["when", "who", "what", "which", "why"], AuditTable.Rows(story));
    }

    public static void PrintJson(DemoResult result) => Console.WriteLine(JsonSerializer.Serialize(result, Json));

    private static void PrintExperiments(Story story)
    {
        Experiment[] all = [story.NullTest, story.TopK, story.Discarding];
        TextTable.Print(
            ["", .. all.Select(e => e.Name)],
            [
                Row("state", e => (e.Id == story.TopK.Id ? story.Promoted ?? e : e).State),
                Row("verdict", e => e.Verdict?.Outcome),
                Row("scope", e => e.Verdict?.Scope),
                Row("guardrail", e => e.Breach is { } b ? $"{b.Guardrail} (window {b.Window})" : "all held"),
                Row("windows counted / void", e => $"{e.Windows} / {e.VoidWindows}"),
                Row("series, baseline", e => Number(e.Evidence?.BaselineSeries, "0")),
                Row("series, candidate", e => Number(e.Evidence?.CandidateSeries, "0")),
                Row("reduction of series %", e => Number(e.Evidence?.SeriesReductionPct, "0.00")),
                Row("reduction of live series %", e => Number(e.Evidence?.LiveSeriesReductionPct, "0.00")),
                Row("reduction of points %", e => Number(e.Evidence?.PointsReductionPct, "0.00")),
                Row("reduction of bytes sent %", e => Number(e.Evidence?.BytesReductionPct, "0.00")),
                Row("conservation error %", e => Number(e.Evidence?.ConservationErrorPct, "0.0000")),
                Row("  over groups", e => Number(e.Evidence?.ConservationGroups, "0")),
                Row("  over increments", e => Number(e.Evidence?.IncrementsChecked, "0")),
                Row("protected kept", e => e.Evidence is { } v ? $"{v.ProtectedRetained} of {v.ProtectedExpected}" : null),
                Row("saving a month", e => e.Evidence?.Saving is { } s ? $"{Number((double)s.PerMonth, "0.00")} {s.Currency}" : null),
                Row("  by price entry", e => e.Evidence?.Saving?.PriceEntry),
                Row("  extrapolated from minutes", e => Number(e.Evidence?.Saving?.ExtrapolatedFromMinutes, "0.0")),
            ]);
        Console.WriteLine();
        Console.WriteLine("Series and points count what leaves each arm over the same input; live means active within a window.");
        Console.WriteLine("The scope is one host in the measured minutes: nothing here speaks of other hosts or other hours.");

        string[] Row(string name, Func<Experiment, string?> value) => [name, .. all.Select(e => value(e) ?? "-")];
    }

    private static void PrintBackend(Story story)
    {
        Console.WriteLine();
        if (story.Promoted is null)
        {
            Console.WriteLine($"Reaching the backend: {story.Before.Series} series in 10 s. Nothing was promoted.");
            return;
        }

        TextTable.Print(
            ["reaching the backend in 10 s", "before", "after promotion", "change %"],
            [
                Change("streams", story.Before.Streams, story.After.Streams),
                Change("series", story.Before.Series, story.After.Series),
                Change("points a second", story.Before.PointsPerSecond, story.After.PointsPerSecond),
            ]);
        Console.WriteLine();
        Console.WriteLine("Counted by the demo's own endpoint from the bytes that arrived, apart from everything above.");

        static string[] Change(string name, double before, double after) =>
            [name, Number(before, "0"), Number(after, "0"), before == 0 ? "-" : Number(100 * (after - before) / before, "+0.0;-0.0;0.0")];
    }

    private static string Number(double? value, string format) => value is { } v ? v.ToString(format, CultureInfo.InvariantCulture) : "-";
}
