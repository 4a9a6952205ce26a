using CsCheck;

namespace Phoenix.Telemetry.Tests;

public class CardinalityCounterTests
{
    private static readonly CardinalityBounds Bounds = new();

    private static void Observe(CardinalityCounter counter, byte[] batch, bool first = false) => counter.Observe(new BatchDecoder().Decode(batch), first);

    [Fact]
    public void a_metric_is_told_with_its_labels_and_their_values()
    {
        var counter = new CardinalityCounter(Bounds);
        var batch = Batches.Write(
            w =>
            {
                w.CounterPoints("requests", 0, 0, ("route=/a,code=200", 1), ("route=/b,code=200", 1), ("route=/b,code=500", 1));
                w.BeginHistogram("seconds", "s", "", Temporality.Cumulative);
                w.BeginPoint(0, Batches.At(0));
                w.Labels("route=/a");
                w.EndHistogramPoint(6, 1.5, [1, 2, 3], [1, 2]);
                w.EndMetric();
            },
            ("service.name", "shop"));
        Observe(counter, batch, first: true);
        Observe(counter, batch);

        var result = counter.Result(10, 10, 10, 100);

        (result.Series, result.Samples, result.OtherMetrics, result.OtherSeries, result.UntrackedPoints).ShouldBe((8, 8, 0, 0, 0));
        result.Metrics.Select(m => (m.Name, m.Type, m.Unit, m.Series, m.Samples)).ShouldBe([("seconds", MetricType.Histogram, "s", 5, 5), ("requests", MetricType.Sum, "1", 3, 3)]);
        var requests = result.Metrics[1];
        requests.Labels.Select(l => (l.Name, l.OfResource, l.Values, l.Series)).ShouldBe([("code", false, 2, 3), ("route", false, 2, 3), ("service.name", true, 1, 3)]);
        requests.Labels[0].Top.ShouldBe([new("200", 2), new("500", 1)]);
        requests.Labels[2].Top.ShouldBe([new("shop", 3)]);
        result.Metrics[0].Labels[0].Top.ShouldAllBe(v => v.Series == 5, "a histogram of two bounds is five series");
    }

    /// <summary>Values and others add up to the label's series, labels to the series that have them, metrics to the whole, and all of it to what the meter counts.</summary>
    [Fact]
    public void branches_add_up_however_little_is_listed_or_told_apart() =>
        Gen.Select(
            Gen.Select(Gen.Int[0, 3], Gen.Int[0, 12], Gen.Int[0, 3], Gen.Int[0, 2], Gen.Bool).Array[1, 60],
            Gen.Int[1, 4], Gen.Int[1, 3], Gen.Int[1, 5], Gen.Int[1, 15]).Sample((points, metrics, labels, values, told) =>
        {
            var counter = new CardinalityCounter(Bounds with { MaxValuesOfLabel = told });
            var meter = new ArmMeter(new ArmMeterOptions());
            Dictionary<(string Metric, string Labels, string Resource), int> series = [];
            foreach (var (metric, a, b, host, histogram) in points)
            {
                var name = histogram ? $"h{metric}" : $"c{metric}";
                var text = $"a={a}{(b == 0 ? "" : $",b={b}")}";
                var batch = Batches.Write(
                    w =>
                    {
                        if (!histogram)
                        {
                            w.CounterPoints(name, 0, 0, (text, 1));
                            return;
                        }

                        w.BeginHistogram(name, "s", "", Temporality.Cumulative);
                        w.BeginPoint(0, Batches.At(0));
                        w.Labels(text);
                        w.EndHistogramPoint(6, 1.5, [1, 2, 3], [1, 2]);
                        w.EndMetric();
                    },
                    ("service.instance.id", $"h{host}"));
                Observe(counter, batch);
                meter.ObserveInput(batch);
                series[(name, text, $"h{host}")] = histogram ? 5 : 1;
            }

            var result = counter.Result(metrics, labels, values, 100);

            result.Series.ShouldBe(series.Values.Sum());
            result.Series.ShouldBe(meter.Cut().Input.SeriesActive);
            (result.Metrics.Sum(m => m.Series) + result.OtherSeries).ShouldBe(result.Series);
            (result.Metrics.Count + result.OtherMetrics).ShouldBe(series.Keys.Select(k => k.Metric).Distinct().Count());
            foreach (var metric in result.Metrics)
            {
                var own = series.Where(s => s.Key.Metric == metric.Name).ToList();
                metric.Series.ShouldBe(own.Sum(s => s.Value));
                metric.Labels.Count.ShouldBeLessThanOrEqualTo(labels);
                foreach (var label in metric.Labels)
                {
                    var having = own.Where(s => label.OfResource || s.Key.Labels.Split(',').Any(l => l.StartsWith(label.Name + "=", StringComparison.Ordinal))).ToList();
                    label.Series.ShouldBe(having.Sum(s => s.Value));
                    (label.Top.Sum(v => v.Series) + label.OtherSeries).ShouldBe(label.Series);
                    label.Top.Count.ShouldBeLessThanOrEqualTo(values);
                    var distinct = having.Select(s => label.OfResource ? s.Key.Resource : s.Key.Labels.Split(',').Single(l => l.StartsWith(label.Name + "=", StringComparison.Ordinal))).Distinct().Count();
                    label.Values.ShouldBe(Math.Min(distinct, told));
                    label.ValuesAtLeast.ShouldBe(distinct > told);
                }
            }
        });

    [Fact]
    public void one_metric_can_be_counted_alone()
    {
        var counter = new CardinalityCounter(Bounds, "b");
        Observe(counter, Batches.Counter("a", 0, ("x=1", 1)));
        Observe(counter, Batches.Counter("b", 0, ("x=1", 1), ("x=2", 1)));
        counter.Result(10, 10, 10, 100).Metrics.ShouldHaveSingleItem().Series.ShouldBe(2);
    }

    [Fact]
    public void streams_beyond_the_bound_are_told_as_untracked()
    {
        var counter = new CardinalityCounter(Bounds with { MaxStreams = 3 });
        Observe(counter, Batches.Counter("c", 0, ("x=1", 1), ("x=2", 1), ("x=3", 1), ("x=4", 1), ("x=1", 1)));
        var result = counter.Result(10, 10, 10, 100);
        (result.Series, result.UntrackedPoints).ShouldBe((3, 1));
    }

    [Fact]
    public void long_values_are_cut_between_characters_and_values_of_any_type_are_text()
    {
        var counter = new CardinalityCounter(Bounds);
        Observe(counter, Batches.Write(w => w.CounterPoints("c", 0, 0, ("x=" + new string('a', 8) + "😀" + new string('b', 90), 1)), ("shard", 7)));
        var labels = counter.Result(10, 10, 10, 10).Metrics.Single(m => m.Name == "c").Labels;
        labels.Single(l => l.Name == "x").Top[0].Value.ShouldBe("aaaaaaaa…");
        labels.Single(l => l.Name == "shard").Top[0].Value.ShouldBe("7");
    }
}
