using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Phoenix.Contracts;
using Phoenix.Pipelines;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Parity;

/// <param name="Before">Base URL of the Prometheus-compatible server that has what went out before; perhaps the same as after.</param>
/// <param name="BeforeMatch">Matchers that tell that arm's series, such as <c>arm="production"</c>; empty for all.</param>
/// <param name="At">When to evaluate.</param>
internal sealed record ParityOptions(
    Uri Before, string BeforeMatch, Uri After, string AfterMatch, TimeSpan Range, DateTimeOffset At, IReadOnlyList<string> Metrics,
    double TolerancePct, bool Json);

/// <summary><c>phoenix-collector parity</c>: asks Prometheus-compatible servers whether both arms give the same answers.</summary>
internal static partial class ParityCommand
{
    /// <summary>The Authorization header of both servers: a secret does not belong into arguments, which every user can list.</summary>
    public const string AuthorizationVariable = "PHOENIX_PARITY_AUTHORIZATION";

    private static readonly string[] CounterEndings = ["_total", "_count", "_sum", "_bucket"];

    /// <exception cref="InvalidDataException">A server cannot be asked.</exception>
    public static async Task<ParityReport> RunAsync(ParityOptions options)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
        var authorization = Authorization(Environment.GetEnvironmentVariable(AuthorizationVariable));
        var before = new PrometheusApi(client, options.Before, options.BeforeMatch, authorization);
        var after = new PrometheusApi(client, options.After, options.AfterMatch, authorization);
        var selector = new MetricSelector(options.Metrics);
        var from = options.At - options.Range;
        var types = await before.TypesAsync();
        var names = (await before.MetricsAsync(from, options.At)).Where(n => selector.Matches(Encoding.UTF8.GetBytes(n))).Order(StringComparer.Ordinal).ToList();
        var (counters, kept) = (names.Where(n => Classic().IsMatch(n) && IsCounter(n, types)).ToList(), (await after.MetricsAsync(from, options.At)).ToHashSet());
        var ignored = MatchedLabels().Matches($"{options.BeforeMatch},{options.AfterMatch}").Select(m => m.Groups[1].Value).Append("__name__").ToHashSet();
        var metrics = new List<MetricParity>();
        var missing = new List<string>();
        foreach (var name in counters)
        {
            if (!kept.Contains(name))
            {
                missing.Add(name);
                continue;
            }

            var labels = (await after.LabelsAsync(name, from, options.At)).Where(l => !ignored.Contains(l) && Classic().IsMatch(l)).ToList();
            metrics.Add(ParityGroups.Compare(
                name, labels, await Increases(before, name, labels), await Increases(after, name, labels),
                await before.CountAsync($"count({before.Select(name)})", options.At), await after.CountAsync($"count({after.Select(name)})", options.At),
                await before.CountAsync($"count({before.Select(name)} unless {before.Select(name)} offset {Seconds(options.Range)}s)", options.At)));
        }

        var error = ParityGroups.ErrorPct(metrics.Sum(m => m.ErrorPct / 100 * Math.Abs(m.Before)), metrics.Sum(m => Math.Abs(m.Before)));
        return new(
            options.At, options.Range.TotalSeconds, options.TolerancePct, error,
            metrics.Count > 0 && missing.Count == 0 && metrics.TrueForAll(m => m.ErrorPct <= options.TolerancePct),
            [.. metrics.OrderByDescending(m => m.ErrorPct).ThenBy(m => m.Metric, StringComparer.Ordinal)], missing, names.Count - counters.Count);

        Task<IReadOnlyList<LabelledValue>> Increases(PrometheusApi arm, string name, IReadOnlyList<string> labels) =>
            arm.QueryAsync($"sum by ({string.Join(", ", labels)}) (increase({arm.Select(name)}[{Seconds(options.Range)}s]))", options.At);
    }

    public static string Text(ParityReport report)
    {
        var text = new StringBuilder();
        Line($"increase() over {Duration.Format(TimeSpan.FromSeconds(report.RangeSeconds))} at {report.At:yyyy-MM-dd HH:mm:ss}Z, equal within {report.TolerancePct:0.###} %");
        Line($"{"error",10}{"before",16}{"after",16}{"series",16}{"new",7}  metric");
        foreach (var metric in report.Metrics)
        {
            Line($"{metric.ErrorPct,8:0.0000} %{metric.Before,16:0.##}{metric.After,16:0.##}{$"{metric.SeriesBefore} -> {metric.SeriesAfter}",16}{metric.Newcomers,7}  {metric.Metric}{(metric.ErrorPct > report.TolerancePct ? $" {metric.WorstGroup}" : "")}");
        }

        foreach (var name in report.Missing)
        {
            Line($"   missing  {name}: not there after");
        }

        Line($"{(report.Equal ? "equal" : report.Metrics.Count + report.Missing.Count == 0 ? "nothing to compare: no counter has samples in this time" : "not equal")}; error {report.ErrorPct:0.0000} % over {report.Metrics.Count} metrics; {report.NotCompared} without increase() not compared");
        return text.ToString();

        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    /// <exception cref="ArgumentException">It is no header value; it is not repeated, since it holds a secret.</exception>
    internal static AuthenticationHeaderValue? Authorization(string? value) =>
        string.IsNullOrEmpty(value) ? null
        : AuthenticationHeaderValue.TryParse(value, out var header) ? header
        : throw new ArgumentException($"{AuthorizationVariable} is no Authorization header: write scheme and credentials, such as Bearer TOKEN");

    /// <summary>By its type where the server knows it, else by its name.</summary>
    private static bool IsCounter(string name, IReadOnlyDictionary<string, string> types)
    {
        var ending = CounterEndings.FirstOrDefault(e => name.EndsWith(e, StringComparison.Ordinal));
        var type = types.GetValueOrDefault(name) ?? (ending is null ? null : types.GetValueOrDefault(name[..^ending.Length]));
        return type is null or "unknown" ? ending is not null : type is "counter" || (type is "histogram" or "summary" && ending is not null);
    }

    private static string Seconds(TimeSpan time) => ((long)time.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    // Other names, as servers may have them since Prometheus 3, need a syntax that older ones do not know.
    [GeneratedRegex("^[A-Za-z_:][A-Za-z0-9_:]*$")]
    private static partial Regex Classic();

    [GeneratedRegex("""([A-Za-z_][A-Za-z0-9_]*)\s*(?:=~|!~|!=|=)\s*""")]
    private static partial Regex MatchedLabels();
}
