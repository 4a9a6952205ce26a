using System.Text;
using Phoenix.Collector.Receivers.Prometheus;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

public class ScrapeTests
{
    [Fact]
    public async Task target_labels_stand_on_every_series_and_exposed_ones_give_way()
    {
        var job = ScrapeJobs.Job();
        var target = ScrapeJobs.Target(job, "shop:9100", ("team", "checkout"));

        var (points, _, _) = await ReadAsync(job, target, "up_to{team=\"red\",job=\"inner\",path=\"a\\\"b\\\\c\"} 1\nplain 2\n");

        points[0].Labels.ShouldBe(Labels("team=checkout exported_team=red exported_job=inner path=a\"b\\c"), ignoreOrder: true);
        points[1].Labels.ShouldBe(Labels("team=checkout"), ignoreOrder: true);
        points.ShouldAllBe(p => p.Resource["service.name"] == "shop" && p.Resource["service.instance.id"] == "shop:9100");
    }

    [Fact]
    public async Task honoured_labels_win_and_another_job_becomes_another_resource()
    {
        var job = ScrapeJobs.Job("honor_labels: true");
        var target = ScrapeJobs.Target(job, "shop:9100", ("team", "checkout"));

        var (points, _, _) = await ReadAsync(job, target, """
            # TYPE requests_total counter
            requests_total{team="red",job="inner",instance="i1"} 1
            requests_total{instance="i2"} 2
            requests_total 3
            """);

        points.ShouldAllBe(p => p.Type == MetricType.Sum, "the type holds for every resource");
        points.Single(p => p.Value == 1).Resource["service.name"].ShouldBe("inner");
        points.Single(p => p.Value == 1).Labels.ShouldBe(Labels("team=red"), ignoreOrder: true);
        points.Single(p => p.Value == 2).Resource["service.instance.id"].ShouldBe("i2");
        points.Single(p => p.Value == 3).Resource["service.instance.id"].ShouldBe("shop:9100");
    }

    [Fact]
    public async Task metric_rules_drop_and_rename_and_a_renamed_family_keeps_its_type()
    {
        var job = ScrapeJobs.Job("""
            metric_relabel_configs:
            - {source_labels: [__name__], regex: 'go_.*', action: drop}
            - {source_labels: [__name__], regex: 'old_(.*)', target_label: __name__, replacement: 'new_$1'}
            - {regex: noise, action: labeldrop}
            """);
        var target = ScrapeJobs.Target(job);

        var (points, scraped, after) = await ReadAsync(job, target, """
            # TYPE go_threads gauge
            go_threads 9
            # TYPE old_latency_seconds histogram
            old_latency_seconds_bucket{noise="a",le="1"} 1
            old_latency_seconds_bucket{noise="a",le="+Inf"} 2
            old_latency_seconds_sum{noise="a"} 3
            old_latency_seconds_count{noise="a"} 2
            """);

        (scraped, after).ShouldBe((5, 4));
        var histogram = points.ShouldHaveSingleItem();
        (histogram.Metric, histogram.Type).ShouldBe(("new_latency_seconds", MetricType.Histogram));
        histogram.Labels.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("sample_limit: 2", "a 1\nb 2\nc 3\n", "sample_limit, 2")]
    [InlineData("label_limit: 4", "a{x=\"1\",y=\"2\"} 1\n", "5 labels, more than label_limit, 4")]
    [InlineData("label_name_length_limit: 8", "a{long_name=\"1\"} 1\n", "label_name_length_limit")]
    [InlineData("label_value_length_limit: 9", "a{x=\"1234567890\"} 1\n", "at the label x")]
    [InlineData("body_size_limit: 1KB", "a{x=\"BIG\"} 1\n", "body_size_limit, 1024 bytes")]
    [InlineData("", "ok 1\nbroken{x=\"1\" 2\n", "line 2: the labels are not closed")]
    [InlineData("", "ok 1\n\nbroken{x=1} 2\n", "line 3: the value of the label x is not in quotes")]
    [InlineData("", "broken{x=\"1\",x=\"2\"} 2\n", "given twice")]
    [InlineData("", "broken x\n", "the value is no number")]
    [InlineData("", "broken 1 soon\n", "the timestamp is no number")]
    [InlineData("", "{} 1\n", "name is missing")]
    public async Task a_scrape_that_is_malformed_or_beyond_a_limit_fails_and_says_where(string keys, string exposition, string reason)
    {
        var job = ScrapeJobs.Job(keys);

        var failed = await Should.ThrowAsync<ScrapeFailedException>(() => ReadAsync(job, ScrapeJobs.Target(job), exposition.Replace("BIG", new string('x', 2000), StringComparison.Ordinal)));

        failed.Message.ShouldContain(reason);
    }

    [Fact]
    public async Task a_label_bomb_fails_its_own_scrape_once_the_budget_of_all_is_spent()
    {
        var job = ScrapeJobs.Job();
        var bomb = new StringBuilder();
        for (var i = 0; i < 60_000; i++)
        {
            bomb.Append(System.Globalization.CultureInfo.InvariantCulture, $"bomb{{id=\"{i}\"}} 1\n");
        }

        var failed = await Should.ThrowAsync<ScrapeFailedException>(() => ScrapeJobs.ReadAsync(job, ScrapeJobs.Target(job), new SeriesCache(job, ScrapeJobs.Target(job)), bomb.ToString(), heldBytes: 1 << 20));

        failed.Message.ShouldContain("hold too much");
    }

    [Fact]
    public async Task a_repeated_series_counts_once_and_timestamps_are_taken_away_where_they_are_not_honoured()
    {
        var plain = ScrapeJobs.Job();
        (await ReadAsync(plain, ScrapeJobs.Target(plain), "a 1\na 2\nb 1 5000\nb 2 6000\n")).Points.Select(p => p.Value).ShouldBe([1, 1, 2]);

        var without = ScrapeJobs.Job("honor_timestamps: false");
        var points = (await ReadAsync(without, ScrapeJobs.Target(without), "b 1 5000\nc 2 # a comment\n")).Points;
        points.ShouldAllBe(p => p.UnixNanos == 1_000_000_000);
    }

    [Fact]
    public async Task the_cache_holds_the_series_of_the_last_scrape_only()
    {
        var job = ScrapeJobs.Job();
        var target = ScrapeJobs.Target(job);
        var cache = new SeriesCache(job, target);

        await ScrapeJobs.ReadAsync(job, target, cache, "a 1\nb 2\nc 3\n");
        await ScrapeJobs.ReadAsync(job, target, cache, "b 2\nd 3\n");

        cache.Count.ShouldBe(2);
    }

    [Fact]
    public async Task a_large_exposition_comes_in_pieces_that_never_part_a_family()
    {
        var job = ScrapeJobs.Job();
        var target = ScrapeJobs.Target(job, "shop:9100", ("team", "checkout"));
        var text = new StringBuilder();
        for (var family = 0; family < 40; family++)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"# TYPE f{family}_seconds histogram\n");
            for (var i = 0; i < 200; i++)
            {
                text.Append(System.Globalization.CultureInfo.InvariantCulture, $"f{family}_seconds_bucket{{i=\"{i}\",le=\"1\"}} 1\nf{family}_seconds_bucket{{i=\"{i}\",le=\"+Inf\"}} 2\nf{family}_seconds_sum{{i=\"{i}\"}} 3\nf{family}_seconds_count{{i=\"{i}\"}} 2\n");
            }
        }

        using var scrape = new Scrape(job, target, new SeriesCache(job, target), ScrapeJobs.Host, new ByteBudget(1 << 30), 1);
        await scrape.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text.ToString())), ExpositionFormat.Text, TestContext.Current.CancellationToken);

        scrape.Pieces.Count.ShouldBeGreaterThan(2);
        var points = scrape.Pieces.SelectMany(p => DecodedPoint.ReadAll(p.Batch.Span)).ToList();
        points.Count.ShouldBe(8000);
        points.ShouldAllBe(p => p.Type == MetricType.Histogram && p.Value == 2);
    }

    [Fact]
    public void targets_are_relabelled_into_address_path_and_parameters_as_prometheus_does()
    {
        var job = ScrapeJobs.Job("""
            metrics_path: /probe
            params: {module: [http_2xx, tcp]}
            relabel_configs:
            - {source_labels: [__address__], target_label: __param_target}
            - {source_labels: [__param_target], target_label: instance}
            - {target_label: __address__, replacement: 'prober:9115'}
            - {source_labels: [__tmp_zone], target_label: zone}
            """);

        var target = ScrapeJobs.Target(job, "shop.example", ("__tmp_zone", "eu"));

        target.Url.ToString().ShouldBe("http://prober:9115/probe?module=http_2xx&module=tcp&target=shop.example");
        target.Instance.ShouldBe("shop.example");
        target.Labels.ShouldBe([new("zone", "eu")]);
    }

    [Fact]
    public void targets_spread_over_the_interval_and_each_stays_in_its_place()
    {
        var job = ScrapeJobs.Job();
        var interval = TimeSpan.FromSeconds(60);
        var phases = Enumerable.Range(0, 200).Select(i => ScrapeJobs.Target(job, $"shop{i}:9100").Phase(interval)).ToList();

        phases.ShouldBe(Enumerable.Range(0, 200).Select(i => ScrapeJobs.Target(job, $"shop{i}:9100").Phase(interval)));
        phases.ShouldAllBe(p => p >= 0 && p < 60_000_000_000);
        // 20 to each sixth of the interval would be 33; a spread by chance stays far from an empty or a crowded one.
        phases.GroupBy(p => p / 10_000_000_000).Select(g => g.Count()).ShouldAllBe(n => n > 10 && n < 60);
    }

    private static Task<(List<DecodedPoint> Points, long Scraped, long AfterRelabelling)> ReadAsync(Phoenix.Pipelines.Components.ScrapeJob job, ScrapeTarget target, string exposition) =>
        ScrapeJobs.ReadAsync(job, target, new SeriesCache(job, target), exposition);

    private static Dictionary<string, string> Labels(string text) => text.Split(' ').ToDictionary(p => p.Split('=')[0], p => p.Split('=')[1]);
}
