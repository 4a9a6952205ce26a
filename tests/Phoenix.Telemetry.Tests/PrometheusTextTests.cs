using System.Text;
using Phoenix.Telemetry.Tests.Oracle;

namespace Phoenix.Telemetry.Tests;

public class PrometheusTextTests
{
    [Fact]
    public void counters_become_cumulative_monotonic_sums_and_the_rest_gauges()
    {
        var (result, points) = Parse("""
            # HELP requests_total How many.
            # TYPE requests_total counter
            requests_total{route="/cart",code=""} 3
            # TYPE temperature gauge
            temperature -1.5e3 1700000000500
            untyped_thing{a="b",} +Inf
            """);
        result.ShouldBe(new ScrapeResult(3, 0, null));
        points.Select(p => (p.Metric, p.Labels, p.Value)).ShouldBe(
            [("requests_total", "route=/cart", 3), ("temperature", "", -1500), ("untyped_thing", "a=b", double.PositiveInfinity)]);
        points[1].Time.ShouldBe(1_700_000_000_500_000_000ul);
        points[0].Time.ShouldBe(77ul);
    }

    [Fact]
    public void open_metrics_gives_start_times_units_exemplars_and_an_end()
    {
        var (result, metrics) = Metrics("""
            # TYPE requests_seconds counter
            # UNIT requests_seconds seconds
            # HELP requests_seconds With \"quotes\",\nlines and \\.
            requests_seconds_total{a="1"} 17 1700000000.25 # {trace_id="0102030405060708090a0b0c0d0e0f10",user="u"} 0.67 1600000000.5
            requests_seconds_created{a="1"} 1600000000.125
            requests_seconds_total{a="2"} 5
            # TYPE latency histogram
            latency_bucket{le="1.0"} 2 # {} 0.5
            latency_bucket{le="+Inf"} 3
            latency_count 3
            latency_sum 4.5
            latency_created 1600000000
            # EOF
            """);
        result.ShouldBe(new ScrapeResult(8, 0, null) { Ended = true });
        var sum = metrics[0];
        (sum.Name, sum.Unit, sum.Description, sum.Sum.IsMonotonic).ShouldBe(("requests_seconds_total", "s", "With \"quotes\",\nlines and \\.", true));
        sum.Sum.DataPoints.Select(p => (p.AsDouble, p.StartTimeUnixNano, p.TimeUnixNano)).ShouldBe(
            [(17, 1_600_000_000_125_000_000ul, 1_700_000_000_250_000_000ul), (5, 0ul, 77ul)]);
        var exemplar = sum.Sum.DataPoints[0].Exemplars.ShouldHaveSingleItem();
        (exemplar.AsDouble, exemplar.TimeUnixNano, exemplar.TraceId.Length, exemplar.FilteredAttributes.Single().Key).ShouldBe((0.67, 1_600_000_000_500_000_000ul, 16, "user"));
        var histogram = metrics[1].Histogram.DataPoints.ShouldHaveSingleItem();
        (histogram.StartTimeUnixNano, histogram.Count, string.Join(' ', histogram.BucketCounts), histogram.Exemplars.Count).ShouldBe((1_600_000_000_000_000_000ul, 3ul, "2 1", 1));
    }

    [Fact]
    public void info_state_sets_and_unknown_types_are_told_apart()
    {
        var (result, metrics) = Metrics("""
            # TYPE build info
            build_info{version="1"} 1
            # TYPE feature stateset
            feature{feature="a"} 1
            feature{feature="b"} 0
            # TYPE queue gaugehistogram
            queue_bucket{le="+Inf"} 4
            queue_gcount 4
            queue_gsum 9
            # TYPE what unknown
            what 5
            # EOF
            """);
        result.FirstError.ShouldBeNull();
        metrics.Select(m => $"{m.Name} {m.DataCase} {m.Metadata.Single().Value.StringValue}").ShouldBe(
        [
            "build_info Sum info", "feature Sum stateset", "queue_bucket Gauge gaugehistogram", "queue_gcount Gauge gaugehistogram", "queue_gsum Gauge gaugehistogram", "what Gauge unknown",
        ]);
        metrics[0].Sum.IsMonotonic.ShouldBeFalse();
    }

    [Fact]
    public void names_in_quotes_may_hold_any_text()
    {
        var (result, points) = Parse("""
            # TYPE "http.requests" counter
            {"http.requests","label.ü"="v",b="c"} 4
            {"only.name"} 1
            {"http requests"} 5
            """);
        result.FirstError.ShouldBeNull();
        points.Select(p => (p.Metric, p.Labels)).ShouldBe([("http.requests", "b=c,label.ü=v"), ("only.name", ""), ("http requests", "")]);
    }

    [Fact]
    public void escapes_in_label_values_are_undone()
    {
        var (_, points) = Parse("""x{path="C:\\dir\n\"q\""} 1""");
        points.ShouldHaveSingleItem().Labels.ShouldBe("path=C:\\dir\n\"q\"");
    }

    [Fact]
    public void a_histogram_becomes_one_point_a_label_set_whatever_the_order_of_its_lines()
    {
        var (result, points) = Parse("""
            # TYPE latency histogram
            latency_bucket{r="a",le="1"} 2
            latency_bucket{r="b",le="1"} 0
            latency_bucket{r="a",le="+Inf"} 7
            latency_bucket{r="a",le="0.5"} 1
            latency_bucket{r="b",le="+Inf"} 4
            latency_sum{r="a"} 30.5
            latency_count{r="a"} 7
            latency_count{r="b"} 4
            latency_sum{r="b"} 1
            """);
        result.ShouldBe(new ScrapeResult(9, 0, null));
        points.Select(p => (p.Labels, p.Count, p.Buckets)).ShouldBe([("r=a", 7ul, "1 1 5"), ("r=b", 4ul, "0 4")]);
    }

    [Fact]
    public void a_summary_becomes_one_point()
    {
        var (result, points) = Parse("# TYPE gc summary\ngc{quantile=\"0.5\"} 1\ngc{quantile=\"1\"} 2\ngc_sum 5\ngc_count 9\n");
        result.Samples.ShouldBe(4);
        points.ShouldHaveSingleItem().Count.ShouldBe(9ul);
    }

    [Theory]
    [InlineData("no_value", 9, "no space")]
    [InlineData("x{a=\"b\" 1", 9, "a comma is missing")]
    [InlineData("x{a=\"b", 6, "not closed by")]
    [InlineData("x{a=\"b\\", 6, "ends in a backslash")]
    [InlineData("x{a=b} 1", 5, "not quoted")]
    [InlineData("x{=\"b\"} 1", 3, "a label name is missing")]
    [InlineData("x{a=\"1\",b=\"2\",a=\"3\"} 1", 21, "a label stands twice")]
    [InlineData("x one", 3, "not a number")]
    [InlineData("x 1 soon", 5, "timestamp")]
    [InlineData("x 1 -5", 5, "since 1970")]
    [InlineData("x 1 2 3", 7, "text after the timestamp")]
    [InlineData("{a=\"b\"} 1", 1, "a metric name is missing")]
    [InlineData("  x{\"\"} 1", 7, "a name is empty")]
    [InlineData("# TYPE x cuonter", 10, "a type that is not known")]
    public void a_malformed_line_is_left_out_counted_and_named_with_its_column(string line, int column, string reason)
    {
        var (result, points) = Parse($"good 1\n{line}\nbetter 2\n");
        (result.Samples, result.Malformed).ShouldBe((2, 1));
        result.FirstError.ShouldNotBeNull();
        result.FirstError.ShouldStartWith($"line 2, column {column}: ");
        result.FirstError.ShouldContain(reason);
        points.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("x_total 1 # nothing", "an exemplar does not begin with {")]
    [InlineData("x_total 1 # {a=\"b\"} one", "the value of the exemplar")]
    [InlineData("x_total 1 # {a=\"b\"} 1 x", "the timestamp of the exemplar")]
    [InlineData("x_total 1 1e30", "seconds since 1970")]
    [InlineData("# EOF\nx 1", "text after # EOF")]
    public void a_malformed_line_of_open_metrics_is_named(string line, string reason)
    {
        var writer = new OtlpWriter();
        writer.BeginResource();
        PrometheusText.Parse(Encoding.UTF8.GetBytes($"{line}\n"), ExpositionFormat.OpenMetrics, 77, writer).FirstError.ShouldNotBeNull().ShouldContain(reason);
    }

    [Fact]
    public void a_line_that_is_no_utf8_is_left_out()
    {
        var writer = new OtlpWriter();
        writer.BeginResource();
        PrometheusText.Parse([.. "x{a=\""u8, 0xFF, .. "\"} 1\n"u8], 77, writer).FirstError.ShouldBe("line 1, column 1: the line is no UTF-8: x{a=\"\uFFFD\"} 1");
    }

    [Fact]
    public void a_line_of_very_many_labels_takes_time_in_proportion()
    {
        var labels = string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"l{i}=\"v\""));
        Parse($"x{{{labels}}} 1").Result.Samples.ShouldBe(1);
        Parse($"x{{{labels},l7=\"v\"}} 1").Result.FirstError.ShouldNotBeNull().ShouldContain("a label stands twice");
    }

    private static (ScrapeResult Result, List<Seen> Points) Parse(string text)
    {
        var writer = new OtlpWriter();
        writer.BeginResource();
        var result = PrometheusText.Parse(Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n")), 77, writer);
        writer.EndResource();
        return (result, Batches.Read([writer.WrittenSpan.ToArray()]));
    }

    private static (ScrapeResult Result, IList<Metric> Metrics) Metrics(string openMetrics)
    {
        var writer = new OtlpWriter();
        writer.BeginResource();
        var result = PrometheusText.Parse(Encoding.UTF8.GetBytes(openMetrics.ReplaceLineEndings("\n")), ExpositionFormat.OpenMetrics, 77, writer);
        writer.EndResource();
        OtlpReader.Validate(writer.WrittenSpan);
        return (result, Request.Parser.ParseFrom(writer.WrittenSpan).ResourceMetrics[0].ScopeMetrics[0].Metrics);
    }
}
