using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Phoenix.Telemetry.Tests;

/// <summary>
/// The second oracle: PromQL over both arms, evaluated by a real Prometheus. Equal within 0.1 % on a steady, aligned,
/// churn-free fixture; elsewhere extrapolation and first samples differ, and the difference is reported.
/// </summary>
public class PromqlParityTests(ITestOutputHelper log)
{
    private const int Interval = 10;

    [Fact]
    public async Task steady_aligned_series_answer_alike_in_both_arms()
    {
        PrometheusServer.Require();
        PrometheusServer.Require("promtool");
        const int Scrapes = 60;
        var arm = new Arm(new TopKReducer(new TopKOptions { Name = "phoenix_topk", Metrics = new MetricSelector(["*"]), Labels = ["customer"], K = 2 }));
        var raw = new List<byte[]>();
        for (var i = 0; i < Scrapes; i++)
        {
            var batch = Steady(i);
            raw.Add(batch);
            arm.Send(i * Interval, batch);
            arm.Flush(i * Interval);
        }

        arm.Cut(Scrapes * Interval).Ledger.WorstGroup.ShouldBeNull();
        using var folder = new TemporaryFolder();
        using var prometheus = await Ingested(folder, raw, arm.Output);
        var compared = 0;
        foreach (var query in new[]
        {
            "sum by (route) (increase(requests_total{arm=\"ARM\"}[2m]))",
            "sum by (route) (rate(requests_total{arm=\"ARM\"}[1m]))",
            "histogram_quantile(0.9, sum by (le, route) (rate(latency_bucket{arm=\"ARM\"}[2m])))",
            "sum by (route) (rate(latency_sum{arm=\"ARM\"}[2m])) / sum by (route) (rate(latency_count{arm=\"ARM\"}[2m]))",
        })
        {
            for (var i = 20; i < Scrapes; i += 7)
            {
                var (baseline, candidate) = await Both(prometheus, query, i * Interval);
                baseline.Count.ShouldBe(3, query);
                foreach (var (route, value) in baseline)
                {
                    value.ShouldBeGreaterThan(0);
                    candidate[route].ShouldBe(value, 0.001 * value, $"{query} of {route} at {i * Interval} s");
                    compared++;
                }
            }
        }

        compared.ShouldBe(4 * 6 * 3);
    }

    [Fact]
    public async Task recorded_processes_with_restarts_answer_within_the_stated_tolerance()
    {
        PrometheusServer.Require();
        PrometheusServer.Require("promtool");
        var folder = RecordedExpositionTests.Recordings();
        Assert.SkipWhen(folder is null, "no recorded expositions at ../shared/data/expositions beside the project's root");
        var arm = new Arm(new TopKReducer(new TopKOptions { Name = "phoenix_topk", Metrics = new MetricSelector(["namedprocess_namegroup_*"]), Labels = ["groupname", "threadname", "state", "wchan"], K = 5 }));
        var raw = new List<byte[]>();
        var times = RecordedExpositionTests.Times(folder!);
        double first = 0, last = 0;
        foreach (var (number, text) in RecordedExpositionTests.Scrapes(folder!, "process").Take(80))
        {
            var batch = RecordedExpositionTests.Batch(text, times[number]);
            raw.Add(batch);
            first = first == 0 ? times[number] : first;
            last = times[number];
            arm.Send(last - 1_700_000_000, batch);
            arm.Flush(last - 1_700_000_000);
        }

        using var target = new TemporaryFolder();
        using var prometheus = await Ingested(target, raw, arm.Output);
        foreach (var metric in new[] { "namedprocess_namegroup_cpu_seconds_total", "namedprocess_namegroup_read_bytes_total", "namedprocess_namegroup_context_switches_total" })
        {
            var query = $"sum(increase({metric}{{arm=\"ARM\"}}[{(int)(last - first)}s]))";
            var (baseline, candidate) = await Both(prometheus, query, last - 1_700_000_000);
            var (before, after) = (baseline.Values.Single(), candidate.Values.Single());
            log.WriteLine($"{metric}: {before:0.##} raw, {after:0.##} folded, {100 * (after / before - 1):+0.00;-0.00} %");
            after.ShouldBe(before, 0.05 * before, metric);
        }
    }

    private static async Task<(Dictionary<string, double> Baseline, Dictionary<string, double> Candidate)> Both(PrometheusServer prometheus, string query, double at)
    {
        async Task<Dictionary<string, double>> Of(string arm) =>
            (await prometheus.QueryAsync(query.Replace("ARM", arm, StringComparison.Ordinal), 1_700_000_000 + at)).ToDictionary(s => s.Labels.GetValueOrDefault("route", ""), s => s.Value);
        return (await Of("baseline"), await Of("candidate"));
    }

    private static byte[] Steady(int scrape) => Batches.Write(
        w =>
        {
            w.CounterPoints("requests_total", scrape * Interval, 0, [.. Streams().Select(s => ($"customer=c{s.Customer},route=/{s.Route}", (long)(scrape * (s.Customer + 1) * (s.Route + 3))))]);
            w.BeginHistogram("latency", "s", "", Temporality.Cumulative);
            foreach (var (customer, route) in Streams())
            {
                w.BeginPoint(0, Batches.At(scrape * Interval));
                w.Labels($"customer=c{customer},route=/{route}");
                ulong n = (ulong)scrape;
                w.EndHistogramPoint(n * (ulong)(4 + customer + route), n * 0.25 * (customer + 1), [n, n * (ulong)(1 + customer), n * (ulong)(1 + route), n], [0.1, 0.5, 1]);
            }

            w.EndMetric();
        },
        ("service.name", "shop"));

    private static IEnumerable<(int Customer, int Route)> Streams() =>
        from customer in Enumerable.Range(0, 12) from route in Enumerable.Range(0, 3) select (customer, route);

    private static async Task<PrometheusServer> Ingested(TemporaryFolder folder, List<byte[]> baseline, List<byte[]> candidate)
    {
        var text = new OpenMetricsText();
        text.Add("baseline", baseline);
        text.Add("candidate", candidate);
        var file = Path.Combine(folder.Path, "both.om");
        await File.WriteAllTextAsync(file, text.ToString());
        using var promtool = Process.Start(new ProcessStartInfo("promtool")
        {
            ArgumentList = { "tsdb", "create-blocks-from", "openmetrics", file, Path.Combine(folder.Path, "data") }, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var (output, errors) = (promtool.StandardOutput.ReadToEndAsync(), promtool.StandardError.ReadToEndAsync());
        await promtool.WaitForExitAsync();
        promtool.ExitCode.ShouldBe(0, await output + await errors);
        return await PrometheusServer.StartAsync(folder.Path, "scrape_configs: []");
    }

    /// <summary>Counters and classic histograms of batches as OpenMetrics with timestamps, which promtool takes.</summary>
    private sealed class OpenMetricsText
    {
        private readonly SortedDictionary<string, StringBuilder> families = new(StringComparer.Ordinal);

        public void Add(string arm, List<byte[]> batches)
        {
            foreach (var batch in batches)
            {
                var reader = new OtlpReader(batch);
                while (reader.NextResource())
                {
                    while (reader.NextScope())
                    {
                        while (reader.NextMetric())
                        {
                            while (reader.NextPoint())
                                Write(arm, reader);
                        }
                    }
                }
            }
        }

        public override string ToString() => string.Concat(families.Select(f => f.Value.ToString())) + "# EOF\n";

        private void Write(string arm, scoped in OtlpReader reader)
        {
            var name = Encoding.UTF8.GetString(reader.MetricName);
            var point = reader.ReadPoint();
            var labels = $"arm=\"{arm}\"";
            var attributes = new Telemetry.Attributes(reader.Point, Telemetry.Attributes.FieldOf(reader.Type));
            while (attributes.Next())
            {
                var value = new ProtoCursor(attributes.Current.Value, 0);
                labels += value.Next() ? $",{Encoding.UTF8.GetString(attributes.Current.Key)}=\"{Encoding.UTF8.GetString(value.Content).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"" : "";
            }

            var time = (point.UnixNanos / 1e9).ToString("F3", CultureInfo.InvariantCulture);
            if (reader.Type == MetricType.Sum && reader.Monotonic && !point.NoRecordedValue)
            {
                var family = Family(name.EndsWith("_total", StringComparison.Ordinal) ? name[..^6] : name, "counter");
                family.Append(CultureInfo.InvariantCulture, $"{name}{{{labels}}} {point.Number:R} {time}\n");
            }
            else if (reader.Type == MetricType.Histogram && !point.NoRecordedValue)
            {
                var family = Family(name, "histogram");
                ulong below = 0;
                for (var i = 0; i < point.BucketCounts.Length / 8; i++)
                {
                    below += point.Bucket(i);
                    var bound = i < point.ExplicitBounds.Length / 8
                        ? BitConverter.ToDouble(point.ExplicitBounds[(i * 8)..]).ToString("R", CultureInfo.InvariantCulture) : "+Inf";
                    family.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"{bound}\"}} {below} {time}\n");
                }

                family.Append(CultureInfo.InvariantCulture, $"{name}_count{{{labels}}} {point.Count} {time}\n{name}_sum{{{labels}}} {point.Sum:R} {time}\n");
            }
        }

        private StringBuilder Family(string name, string type)
        {
            if (!families.TryGetValue(name, out var family))
                families.Add(name, family = new StringBuilder($"# TYPE {name} {type}\n"));
            return family;
        }
    }
}
