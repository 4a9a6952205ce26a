using System.Text;
using System.Text.Json;
using Phoenix.Collector.Preview;
using Phoenix.Contracts;
using Phoenix.Pipelines;
using Phoenix.Pipelines.Catalogue;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

public class PreviewTests
{
    private const long Second = 1_000_000_000;
    private const long Start = 1_800_000_000 * Second;

    private const string Folding = """
        receivers:
          prometheus: {config: {scrape_configs: [{job_name: a, scrape_interval: 10s, static_configs: [{targets: ["localhost:1"]}]}]}}
        processors:
          filter/noise: {metrics: {metric: ['metric.name == "noise"']}}
          phoenix_topk: {metrics: [requests], labels: [customer], k: 2}
        exporters:
          nop: {}
        service:
          pipelines:
            metrics: {receivers: [prometheus], processors: [filter/noise, phoenix_topk], exporters: [nop]}
        """;

    private static CollectorConfiguration Configuration => CollectorConfiguration.Load(Folding, _ => null).Configuration!;

    [Fact]
    public void a_preview_counts_what_a_deployed_arm_would()
    {
        var report = PreviewRun.Play(Configuration, "made", 3, Scrapes(30), ["kept"], PreviewBounds.Default);

        report.Sample.ShouldBe(new PreviewSample("made", Clock.Time(Start), Clock.Time(Start + 290 * Second), 30, 60, Whole: true, 3));
        report.Input.SeriesActive.ShouldBe(12);
        report.Output.SeriesActive.ShouldBe(5, "two customers, the rest, what is kept, and target_info of the host.id that folding adds");
        report.Input.Points.ShouldBe(30 * 12);
        report.Conservation.ErrorPct.ShouldBe(0);
        report.Conservation.WorstMetric.ShouldBeNull();
        report.Conservation.Increments.ShouldBe(29 * 10);
        report.Conservation.Dropped.ShouldHaveSingleItem().ShouldBe(new DroppedByRule("filter/noise: metric.name == \"noise\"", 30));
        (report.Protected.Expected, report.Protected.Retained).ShouldBe((report.Protected.Retained, report.Protected.Expected));
        report.Protected.Expected.ShouldBeGreaterThan(0);
        report.Changes.Select(c => (c.Metric, c.SeriesIn, c.SeriesOut)).ShouldBe([("requests", 10, 3), ("noise", 1, 0)]);
        report.Changes[0].Labels.ShouldBe(["customer"]);
        report.WireBytesIn.ShouldBeInRange(1, report.Input.Bytes);
        report.WireBytesOut.ShouldBeInRange(1, report.Output.Bytes);
    }

    [Fact]
    public void rates_are_those_of_the_last_whole_window()
    {
        // Scrapes every 10 s from 0 to 290 s: the last whole window is from 180 s to 240 s, and what follows has no end that is known.
        var flow = PreviewRun.Play(Configuration, "made", 0, Scrapes(30), [], PreviewBounds.Default).Flow!;

        flow.Seconds.ShouldBe(60);
        flow.SamplesIn.ShouldBe(6 * 12);
        // What those six scrapes add to a preview that ends before them.
        var (before, after) = (Until(18), Until(24));
        flow.SamplesOut.ShouldBe(after.Output.Samples - before.Output.Samples);
        (flow.WireBytesIn, flow.WireBytesOut).ShouldBe((after.WireBytesIn - before.WireBytesIn, after.WireBytesOut - before.WireBytesOut));

        static PreviewReport Until(int scrapes) => PreviewRun.Play(Configuration, "made", 0, Scrapes(scrapes), [], PreviewBounds.Default);
    }

    [Fact]
    public void a_sample_shorter_than_a_window_has_no_rate() =>
        PreviewRun.Play(Configuration, "made", 0, Scrapes(6), [], PreviewBounds.Default).Flow.ShouldBeNull();

    [Fact]
    public void no_value_of_a_label_is_in_a_report()
    {
        var report = PreviewRun.Play(Configuration, "made", 0, Scrapes(30), [], PreviewBounds.Default);

        var json = JsonSerializer.Serialize(report, WireJson.Default.PreviewReport);
        json.ShouldContain("customer");
        json.ShouldNotContain("customer-of-ours");
    }

    [Fact]
    public void a_bound_ends_the_preview_and_says_so()
    {
        var report = PreviewRun.Play(Configuration, "made", 0, Scrapes(30), [], PreviewBounds.Default with { MaxBytes = 3000 });

        report.Sample.Whole.ShouldBeFalse();
        report.Sample.Batches.ShouldBeInRange(1, 29);
    }

    [Fact]
    public void a_sample_without_a_batch_says_what_to_do() =>
        Should.Throw<InvalidDataException>(() => PreviewRun.Play(Configuration, "live", 0, [], [], PreviewBounds.Default)).Message.ShouldContain("wait until");

    [Fact]
    public void a_kept_sample_returns_as_it_was()
    {
        using var file = Kept(Scrapes(5));
        using var sample = Sample.Open(file, "kept");

        sample.MissedBatches.ShouldBe(7);
        sample.Batches().Select(b => (b.UnixNanos, Convert.ToHexString(b.Batch.Span)))
            .ShouldBe(Scrapes(5).Select(b => (b.UnixNanos, Convert.ToHexString(b.Batch.Span))));
    }

    [Fact]
    public void a_damaged_sample_is_refused_at_its_place()
    {
        var good = Kept(Scrapes(3)).ToArray();
        for (var length = 0; length < good.Length; length++)
        {
            var cut = good[..length];
            try
            {
                using var sample = Sample.Open(new MemoryStream(cut), "cut");
                sample.Batches().Count().ShouldBeLessThan(3, "a shorter file cannot hold them all");
            }
            catch (InvalidDataException e)
            {
                e.Message.ShouldContain("cut");
            }
        }

        for (var at = 0; at < good.Length; at++)
        {
            var damaged = good.ToArray();
            damaged[at] ^= 0x80;
            try
            {
                using var sample = Sample.Open(new MemoryStream(damaged), "damaged");
                foreach (var batch in sample.Batches())
                {
                    OtlpReader.Validate(batch.Batch.Span);
                }
            }
            catch (InvalidDataException e)
            {
                e.Message.ShouldContain("damaged");
            }
        }
    }

    [Fact]
    public async Task recent_input_holds_the_newest_within_its_bounds()
    {
        var now = Clock.UnixNanos();
        var recent = new RecentInput(new SampleSettings(64 << 10, TimeSpan.FromMinutes(10)));
        var random = new byte[20_000];
        for (var i = 0; i < 20; i++)
        {
            // Random bytes do not compress: three of these fit.
            Random.Shared.NextBytes(random);
            var batch = SharedBytes.Copy(Scrape(i, Encoding.Latin1.GetString(random)));
            await Wait.UntilAsync("the batch to be taken", () =>
            {
                var missed = recent.Missed;
                recent.Offer(now + i, batch);
                return Task.FromResult(recent.Missed == missed);
            });
            batch.Release();
        }

        await Wait.UntilAsync("the last batch to be packed", () => Task.FromResult(Times(recent).LastOrDefault() == now + 19));
        Times(recent).Count.ShouldBeInRange(1, 3);
        Times(recent).ShouldBe(Times(recent).Order());
    }

    [Fact]
    public async Task recent_input_forgets_what_is_old()
    {
        var recent = new RecentInput(new SampleSettings(1 << 20, TimeSpan.FromSeconds(5)));
        var batch = SharedBytes.Copy(Scrape(1, "x"));
        recent.Offer(Clock.UnixNanos() - 60 * Second, batch);
        recent.Offer(Clock.UnixNanos(), batch);
        await Wait.UntilAsync("the new one alone", () => Task.FromResult(Times(recent).Count == 1));
        batch.Release();
    }

    [Fact]
    public void the_committed_measurements_are_what_the_command_gives_now()
    {
        var folder = Recordings();
        Assert.SkipWhen(folder is null, "no recorded expositions at ../shared/data/expositions beside the project's root");

        var now = CatalogueMeasurement.Run(folder!) with { Version = TemplateCatalogue.Measurements.Version };
        now.ToJson().ShouldBe(TemplateCatalogue.Measurements.ToJson(),
            "phoenix-collector measure --recordings ../shared/data/expositions --output src/Phoenix.Pipelines/Catalogue/measurements.json writes it anew");
    }

    [Fact]
    public void every_template_was_measured_and_lost_nothing()
    {
        var measurements = TemplateCatalogue.Measurements.Measurements;
        foreach (var template in TemplateCatalogue.All)
        {
            var own = measurements.Where(m => m.Template == template.Name).ToList();
            own.Select(m => m.Recording).ShouldBe(template.Recordings.Keys, ignoreOrder: true);
            own.ShouldNotBeEmpty(template.Name);
            own.ShouldAllBe(m => m.TemplateVersion == template.Version && m.ConservationErrorPct == 0 && m.ProtectedRetained == m.ProtectedExpected && m.Increments > 1000);
        }

        measurements.Where(m => m.Template != "baseline").ShouldAllBe(m => m.Output.SeriesLive < m.Input.SeriesLive);
        measurements.Where(m => m.Template == "baseline").ShouldAllBe(m => m.Output == m.Input);
    }

    [Fact]
    public async Task the_command_previews_a_recording_and_names_what_is_wrong()
    {
        using var place = new Workspace();
        var config = place.Configuration("candidate");
        await File.WriteAllTextAsync(config, Folding, TestContext.Current.CancellationToken);
        var file = Path.Combine(Path.GetDirectoryName(config)!, "kept.sample");
        await File.WriteAllBytesAsync(file, Kept(Scrapes(30)).ToArray(), TestContext.Current.CancellationToken);

        var (code, output, error) = await CollectorProcess.RunToEndAsync("preview", "--config", config, "--sample", file, "--protect", "kept", "--format", "json");
        (code, error).ShouldBe((0, ""));
        var report = JsonSerializer.Deserialize(output, WireJson.Default.PreviewReport)!;
        (report.Input.SeriesActive, report.Output.SeriesActive, report.Conservation.ErrorPct, report.Sample.MissedBatches).ShouldBe((12, 5, 0, 7));

        (code, output, _) = await CollectorProcess.RunToEndAsync("preview", "--config", config, "--sample", file);
        code.ShouldBe(0);
        output.ShouldContain("requests: 10 -> 3 live series (customer)");

        (code, _, error) = await CollectorProcess.RunToEndAsync("preview", "--config", config, "--sample", config);
        code.ShouldBe(5);
        error.ShouldContain("is no sample");

        (code, _, error) = await CollectorProcess.RunToEndAsync("preview", "--config", config, "--live", place.Socket("nobody"));
        code.ShouldBe(5);
        error.ShouldContain("no collector answers");

        (code, _, error) = await CollectorProcess.RunToEndAsync("preview", "--config", config);
        code.ShouldBe(2);
        error.ShouldContain("--sample");

        (code, _, error) = await CollectorProcess.RunToEndAsync("measure", "--recordings", Path.GetDirectoryName(config)!);
        code.ShouldBe(5);
        error.ShouldContain("does not exist");
    }

    [Fact]
    public async Task a_running_collector_gives_its_recent_input_to_a_preview()
    {
        using var place = new Workspace();
        await using var silent = CollectorProcess.Start(place, "production", Yaml.Otlp());
        await silent.OtlpAsync();
        var config = place.Configuration("candidate");
        await File.WriteAllTextAsync(config, Yaml.Otlp(Yaml.TopK), TestContext.Current.CancellationToken);
        var (code, _, error) = await CollectorProcess.RunToEndAsync("preview", "--config", config, "--live", place.Socket("production"));
        code.ShouldBe(5);
        error.ShouldContain("service.telemetry.phoenix.sample");

        File.WriteAllText(place.Configuration("production"), Yaml.Otlp(extra: ", sample: {max_bytes: 1048576}"));
        ((int)(await silent.ReloadAsync()).StatusCode).ShouldBe(204);
        var otlp = await silent.OtlpAsync();
        for (var round = 1; round <= 3; round++)
        {
            await Batches.SendAsync(otlp, Batches.Requests(20, round));
        }

        var report = await Wait.ForAsync("all three batches in the sample", async () =>
        {
            var (exit, json, _) = await CollectorProcess.RunToEndAsync("preview", "--config", config, "--live", place.Socket("production"), "--format", "json");
            return exit == 0 && JsonSerializer.Deserialize(json, WireJson.Default.PreviewReport) is { Sample.Batches: 3 } found ? found : null;
        });
        report.Sample.Source.ShouldBe("live");
        report.Input.SeriesDistinct.ShouldBeGreaterThanOrEqualTo(20);
        report.Output.SeriesDistinct.ShouldBeLessThan(10);
        report.Conservation.ErrorPct.ShouldBe(0);
    }

    private static MemoryStream Kept(IEnumerable<SampleBatch> batches)
    {
        var file = new MemoryStream();
        Sample.WriteHead(file, 7);
        foreach (var batch in batches)
        {
            file.Write(Sample.Pack(batch.UnixNanos, batch.Batch.Span));
        }

        file.Position = 0;
        return file;
    }

    private static List<long> Times(RecentInput recent)
    {
        using var stream = new MemoryStream();
        recent.WriteAsync(stream, CancellationToken.None).GetAwaiter().GetResult();
        stream.Position = 0;
        using var sample = Sample.Open(stream, "recent");
        return [.. sample.Batches().Select(b => b.UnixNanos)];
    }

    /// <summary>One scrape every 10 s: ten customers, a metric to be kept, one to be dropped.</summary>
    private static IEnumerable<SampleBatch> Scrapes(int count) =>
        Enumerable.Range(0, count).Select(i => new SampleBatch(Start + i * 10 * Second, Scrape(i, "x")));

    private static byte[] Scrape(int number, string note)
    {
        var text = new StringBuilder("# TYPE requests counter\n");
        for (var customer = 0; customer < 10; customer++)
        {
            text.Append($"requests{{customer=\"customer-of-ours-{customer}\"}} {number * (customer + 1)}\n");
        }

        text.Append("# TYPE kept gauge\nkept 1\n# TYPE noise gauge\nnoise 1\n");
        var writer = new OtlpWriter();
        writer.BeginResource();
        writer.ResourceAttribute("service.name", "shop");
        writer.ResourceAttribute("service.instance.id", note);
        PrometheusText.Parse(Encoding.UTF8.GetBytes(text.ToString()), (ulong)(Start + number * 10 * Second), writer).Malformed.ShouldBe(0);
        writer.EndResource();
        return writer.WrittenSpan.ToArray();
    }

    private static string? Recordings()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Phoenix.sln")))
            {
                var data = Path.Combine(folder.FullName, "..", "shared", "data", "expositions");
                return Directory.Exists(data) ? data : null;
            }
        }

        return null;
    }
}
