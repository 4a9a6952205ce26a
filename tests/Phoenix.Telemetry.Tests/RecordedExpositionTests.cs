using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Phoenix.Telemetry.Tests;

/// <summary>What real exporters served while processes came and went, restarts of the exporters included.</summary>
public class RecordedExpositionTests(ITestOutputHelper log)
{
    [Theory]
    [InlineData("process", "groupname,threadname,state,wchan", 5, 0.1)]
    [InlineData("node", "device,cpu,interrupt,name", 2, 1)]
    [InlineData("postgres", "datname,relname,name", 2, 1)]
    [InlineData("prometheus", "handler,scrape_job,config", 2, 1)]
    public void a_whole_recording_conserves_every_increment_through_top_k(string job, string labels, int k, double share)
    {
        var folder = Recordings();
        Assert.SkipWhen(folder is null, "no recorded expositions at ../shared/data/expositions beside the project's root");
        var reducer = new TopKReducer(new TopKOptions
        {
            Name = "phoenix_topk", Metrics = new MetricSelector(["*"]), Labels = labels.Split(','), K = k,
            Gauges = [new GaugeRule(new MetricSelector(["namedprocess_*", "node_*", "pg_*"]), GaugeFold.Sum)],
        });
        var arm = new Arm(reducer);
        var times = Times(folder!);
        MeterWindow? window = null;
        foreach (var (number, text) in Scrapes(folder!, job))
        {
            var at = times[number];
            arm.Send(at, Batch(text, at));
            if (number % 4 != 3)
                continue;
            window = arm.Cut(at);
            window.Ledger.ErrorPct.ShouldBeLessThan(1e-9, $"{window.Ledger.WorstGroup} at scrape {number}");
            window.Ledger.WorstGroup.ShouldBeNull($"off by {window.Ledger.WorstErrorPct} % at scrape {number}");
            arm.Output.Clear();
        }

        window.ShouldNotBeNull();
        log.WriteLine(
            $"{job}: series {window.Input.SeriesActive} -> {window.Output.SeriesActive}, distinct {window.Input.SeriesDistinct} -> {window.Output.SeriesDistinct}, " +
            $"{window.Ledger.Groups} groups, {window.Ledger.Increments} increments, resets {reducer.Counters.Resets}, error {window.Ledger.ErrorPct} %");
        window.Ledger.Increments.ShouldBeGreaterThan(1000);
        (window.Output.SeriesActive / (double)window.Input.SeriesActive).ShouldBeLessThan(share);
    }

    [Fact]
    public void every_line_of_every_recording_is_read()
    {
        var folder = Recordings();
        Assert.SkipWhen(folder is null, "no recorded expositions at ../shared/data/expositions beside the project's root");
        foreach (var job in new[] { "process", "node", "postgres", "prometheus" })
        {
            foreach (var (number, text) in Scrapes(folder!, job).Where(scrape => scrape.Number % 20 == 0))
            {
                var expected = Encoding.UTF8.GetString(text).Split('\n').Count(line => line.Length > 0 && line[0] != '#');
                var result = Parse(text, 1, out var batch);
                (result.Samples, result.Malformed, result.FirstError).ShouldBe((expected, 0, null), $"{job} {number}");
                var meter = new ArmMeter(new ArmMeterOptions());
                meter.ObserveInput(batch);

                // Exporters write no series twice, and a histogram's +Inf bucket is counted as they write it.
                meter.Cut().Input.Samples.ShouldBe(expected, $"{job} {number}");
            }
        }
    }

    internal static byte[] Batch(byte[] text, double at)
    {
        Parse(text, at, out var batch);
        return batch;
    }

    private static ScrapeResult Parse(byte[] text, double at, out byte[] batch)
    {
        var writer = new OtlpWriter();
        writer.BeginResource();
        writer.ResourceAttribute("service.name", "job");
        writer.ResourceAttribute("service.instance.id", "localhost:1");
        var result = PrometheusText.Parse(text, (ulong)(at * 1e3) * 1_000_000, writer);
        writer.EndResource();
        batch = writer.WrittenSpan.ToArray();
        return result;
    }

    internal static double[] Times(string folder) =>
        [.. File.ReadLines(Path.Combine(folder, "times.txt")).Select(line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture))];

    internal static IEnumerable<(int Number, byte[] Text)> Scrapes(string folder, string job)
    {
        using var file = new GZipStream(File.OpenRead(Path.Combine(folder, $"{job}.tar.gz")), CompressionMode.Decompress);
        using var archive = new TarReader(file);
        while (archive.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is null)
                continue;
            using var text = new MemoryStream();
            entry.DataStream.CopyTo(text);
            yield return (int.Parse(entry.Name.Split('.')[^2], CultureInfo.InvariantCulture), text.ToArray());
        }
    }

    internal static string? Recordings()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "Phoenix.sln")))
                continue;
            var data = Path.Combine(folder.FullName, "..", "shared", "data", "expositions");
            return Directory.Exists(data) ? data : null;
        }

        return null;
    }
}
