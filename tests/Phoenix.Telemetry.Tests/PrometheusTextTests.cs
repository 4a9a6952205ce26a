using System.Text;

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
    public void open_metrics_totals_units_and_exemplars_are_understood()
    {
        var (result, points) = Parse("""
            # TYPE requests counter
            # UNIT requests seconds
            requests_total{a="1"} 17 # {trace_id="abc"} 0.67 1.5
            requests_created{a="1"} 1700000000
            # EOF
            """);
        result.ShouldBe(new ScrapeResult(2, 0, null));
        points.Select(p => p.Metric).ShouldBe(["requests_total", "requests_created"]);
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
    [InlineData("no_value", "no space")]
    [InlineData("x{a=\"b\" 1", "a comma is missing")]
    [InlineData("x{a=\"b", "not closed by")]
    [InlineData("x{a=b} 1", "not quoted")]
    [InlineData("x{=\"b\"} 1", "a label name is missing")]
    [InlineData("x one", "not a number")]
    [InlineData("x 1 soon", "timestamp")]
    [InlineData("{a=\"b\"} 1", "a metric name is missing")]
    public void a_malformed_line_is_left_out_counted_and_named(string line, string reason)
    {
        var (result, points) = Parse($"good 1\n{line}\nbetter 2\n");
        (result.Samples, result.Malformed).ShouldBe((2, 1));
        result.FirstError.ShouldNotBeNull();
        result.FirstError.ShouldStartWith("line 2: ");
        result.FirstError.ShouldContain(reason);
        points.Count.ShouldBe(2);
    }

    private static (ScrapeResult Result, List<Seen> Points) Parse(string text)
    {
        var writer = new OtlpWriter();
        writer.BeginResource();
        var result = PrometheusText.Parse(Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n")), 77, writer);
        writer.EndResource();
        return (result, Batches.Read([writer.WrittenSpan.ToArray()]));
    }
}
