namespace Phoenix.Telemetry.Tests;

public class MetricFilterTests
{
    [Theory]
    [InlineData("attributes[\"customer\"] == \"a\"", "b,__")]
    [InlineData("attributes[\"customer\"] != \"a\"", "a")]
    [InlineData("IsMatch(attributes[\"customer\"], \"^[ab]$\")", "__")]
    [InlineData("not (attributes[\"customer\"] == \"a\" or attributes[\"customer\"] == \"b\")", "a,b")]
    [InlineData("metric.name == \"shop.requests\" and attributes[\"customer\"] == \"b\"", "a,__")]
    [InlineData("metric.name == \"other\" or attributes[\"customer\"] == \"b\" and resource.attributes[\"service.name\"] == \"shop\"", "a,__")]
    [InlineData("attributes[\"missing\"] == nil", "")]
    [InlineData("attributes[\"customer\"] == 1", "a,b,__")]
    public void points_that_match_are_dropped(string condition, string survivors)
    {
        var sink = new Sink();
        Filter(points: [condition]).Process(Batches.Counter("shop.requests", 0, ("customer=a", 1), ("customer=b", 2), ("customer=__", 3)), 1, sink);
        Batches.Read(sink.Batches).Select(p => p.Labels.Replace("customer=", "", StringComparison.Ordinal)).ShouldBe(
            survivors.Split(',', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("0.5", 0.5, true)]
    [InlineData("5e-1", 0.5, true)]
    [InlineData("-1.5", -1.5, true)]
    [InlineData("0.5", 0.25, false)]
    [InlineData("2", 2.0, true)]
    public void real_numbers_are_compared_by_value(string literal, double attribute, bool drops)
    {
        var writer = new ProtoBuffer();
        var all = writer.Begin(1);
        var scope = writer.Begin(2);
        var metric = writer.Begin(2);
        writer.Text(1, "shop.load");
        var gauge = writer.Begin(5);
        var point = writer.Begin(1);
        var pair = writer.Begin(7);
        writer.Text(1, "quantile");
        var value = writer.Begin(2);
        writer.Double(4, attribute);
        foreach (var open in new[] { value, pair, point, gauge, metric, scope, all })
            writer.End(open);
        var sink = new Sink();

        Filter(points: [$"attributes[\"quantile\"] == {literal}"]).Process(new BatchDecoder().Decode(writer.Span), 1, sink);

        sink.Batches.Count.ShouldBe(drops ? 0 : 1);
    }

    [Fact]
    public void metrics_that_match_are_dropped_and_counted_under_their_rule()
    {
        var filter = Filter(metrics: ["IsMatch(name, \"^shop\\.debug\")"]);
        var sink = new Sink();
        filter.Process(Batches.Counter("shop.debug.x", 0, ("a=1", 1), ("a=2", 1)), 1, sink);
        sink.Batches.ShouldBeEmpty();
        filter.Process(Batches.Counter("shop.requests", 0, ("a=1", 1)), 1, sink);
        sink.Batches.Count.ShouldBe(1);
        filter.Dropped.ShouldBe([new DroppedPoints("filter/x: IsMatch(name, \"^shop\\.debug\")", 2)]);
    }

    [Fact]
    public void point_rules_say_which_labels_of_which_metrics_they_select_on()
    {
        var fold = Filter(points: ["metric.name == \"a\" and attributes[\"x\"] == \"1\" and resource.attributes[\"y\"] != \"2\""]).Folds.ShouldHaveSingleItem();
        fold.Labels.ShouldBe(["x", "y"]);
        fold.Metrics.Matches("a"u8).ShouldBeTrue();
        fold.Metrics.Matches("b"u8).ShouldBeFalse();
        Filter(points: ["metric.name == \"a\""]).Folds.ShouldBeEmpty();
    }

    [Fact]
    public void metric_rules_say_which_labels_they_select_on_too()
    {
        Filter(metrics: ["resource.attributes[\"process.pid\"] != \"1\""]).Folds.ShouldHaveSingleItem().Labels.ShouldBe(["process.pid"]);
        Filter(metrics: ["IsMatch(metric.name, \"debug\")"]).Folds.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("metric.name = \"x\"", 13)]
    [InlineData("metric.name == \"x", 16)]
    [InlineData("metric.name == \"x\" and", 23)]
    [InlineData("metric.nam == \"x\"", 1)]
    [InlineData("metric.name == \"x\" metric.name", 20)]
    [InlineData("IsMatch(metric.name, \"(\")", 22)]
    [InlineData("IsMatch(metric.name, \"(a)\\\\1\")", 22)]
    [InlineData("attributes[\"k\" == 1", 16)]
    [InlineData("(metric.name == \"x\"", 20)]
    [InlineData("metric.name == 1.5.5", 16)]
    [InlineData("metric.name == 1e999", 16)]
    [InlineData("metric.name == 99999999999999999999", 16)]
    [InlineData("metric.name == 12ab", 16)]
    [InlineData("Len(metric.name) == 3", 1)]
    public void a_condition_outside_the_language_is_refused_at_its_position(string condition, int position)
    {
        var refused = Should.Throw<FormatException>(() => Filter(points: [condition]));
        refused.Message.ShouldContain($"position {position}:");
    }

    [Fact]
    public void a_metric_condition_cannot_read_point_attributes() =>
        Should.Throw<FormatException>(() => Filter(metrics: ["attributes[\"k\"] == \"v\""])).Message.ShouldContain("under datapoint");

    private static MetricFilter Filter(string[]? metrics = null, string[]? points = null) =>
        new(new FilterOptions { Name = "filter/x", MetricConditions = metrics ?? [], DataPointConditions = points ?? [] });
}
