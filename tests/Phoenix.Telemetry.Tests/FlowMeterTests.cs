using CsCheck;

namespace Phoenix.Telemetry.Tests;

public class FlowMeterTests
{
    private static ArmMeter Meter(int rows = 50, int maxStreams = 500_000) => new(new ArmMeterOptions { FlowRows = rows, MaxStreams = maxStreams });

    [Fact]
    public void a_window_is_told_by_metric_service_and_namespace_on_both_sides()
    {
        var meter = Meter();
        var shop = Batches.Write(
            w =>
            {
                w.CounterPoints("requests", 0, 0, ("x=1", 1), ("x=2", 1));
                w.BeginHistogram("seconds", "s", "", Temporality.Cumulative);
                w.BeginPoint(0, Batches.At(0));
                w.EndHistogramPoint(6, 1.5, [1, 2, 3], [1, 2]);
                w.EndMetric();
            },
            ("service.name", "shop"), ("service.namespace", "sales"), ("host.id", "h"));
        var mail = Batches.Write(w => w.CounterPoints("requests", 0, 0, ("x=1", 1)), ("service.name", "mail"), ("k8s.namespace.name", "office"));
        var nameless = Batches.Write(w => w.CounterPoints("up", 0, 0, ("", 1)));
        meter.ObserveInput(shop);
        meter.ObserveInput(shop);
        meter.ObserveInput(mail);
        meter.ObserveInput(nameless);
        meter.ObserveOutput(mail);

        var flow = meter.Cut().Flow!;

        flow.Total.ShouldBe(new FlowShare("", 2 + 5 + 1 + 1 + 1 + 1, 1 + 1, (2 + 5) * 2 + 1 + 1, 1));
        flow.Metrics.ShouldBe(
        [
            new("seconds", 5, 0, 10, 0), new("requests", 3, 1, 5, 1), new("target_info", 2, 1, 0, 0), new("up", 1, 0, 1, 0),
        ]);
        flow.Services.ShouldBe([new("shop", 8, 0, 14, 0), new("mail", 2, 2, 1, 1), new("", 1, 0, 1, 0)]);
        flow.Namespaces.ShouldBe([new("sales", 8, 0, 14, 0), new("office", 2, 2, 1, 1), new("", 1, 0, 1, 0)]);
        flow.Approximate.ShouldBeFalse();

        meter.ObserveInput(nameless);
        meter.Cut().Flow!.Services.ShouldBe([new("", 1, 0, 1, 0)], "a window begins with nothing");
    }

    /// <summary>Every series and sample is of one metric, one service and one namespace.</summary>
    [Fact]
    public void rows_add_up_to_the_total_of_the_arm() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 5], Gen.Int[0, 3], Gen.Int[0, 20], Gen.Bool, Gen.Bool).Array[1, 80].Sample(points =>
        {
            var meter = Meter(rows: 1000);
            foreach (var (metric, service, space, label, histogram, isInput) in points)
            {
                (string, object)[] resource = [.. service == 0 ? [] : new (string, object)[] { ("service.name", $"s{service}") }, .. space == 0 ? [] : new (string, object)[] { ("service.namespace", $"n{space}") }, .. label % 3 == 0 ? new (string, object)[] { ("host.id", label) } : []];
                var batch = Batches.Write(
                    w =>
                    {
                        if (!histogram)
                        {
                            w.CounterPoints($"c{metric}", 0, 0, ($"x={label}", 1));
                            return;
                        }

                        w.BeginHistogram($"h{metric}", "s", "", Temporality.Cumulative);
                        w.BeginPoint(0, Batches.At(0));
                        w.Labels($"x={label}");
                        w.EndHistogramPoint(6, 1.5, [1, 2, 3], [1, 2]);
                        w.EndMetric();
                    },
                    resource);
                if (isInput)
                    meter.ObserveInput(batch);
                else
                    meter.ObserveOutput(batch);
            }

            var window = meter.Cut();
            var total = window.Flow!.Total;
            total.ShouldBe(new FlowShare("", window.Input.SeriesActive, window.Output.SeriesActive, window.Input.Samples, window.Output.Samples));
            foreach (var rows in (IReadOnlyList<FlowShare>[])[window.Flow.Metrics, window.Flow.Services, window.Flow.Namespaces])
            {
                (rows.Aggregate((a, b) => a + b) with { Key = "" }).ShouldBe(total);
                rows.Select(r => r.Key).Distinct().Count().ShouldBe(rows.Count);
            }
        });

    [Fact]
    public void the_largest_are_named_and_a_sender_that_makes_up_names_finds_an_end()
    {
        var meter = Meter(rows: 3);
        for (var service = 0; service < 1_200; service++)
        {
            var name = $"s{service:0000}";
            meter.ObserveInput(Batches.Write(w => w.CounterPoints("c", 0, 0, service == 7 ? [("x=1", 1), ("x=2", 1)] : [("x=1", 1)]), ("service.name", name)));
        }

        var flow = meter.Cut().Flow!;
        flow.Total.SeriesIn.ShouldBe(1_201);
        flow.Services.Select(s => (s.Key, s.SeriesIn)).ShouldBe([("s0007", 2), ("s0000", 1), ("s0001", 1)]);
        flow.Metrics.ShouldHaveSingleItem().SeriesIn.ShouldBe(1_201, "what has no place among services has one among metrics");

        meter.ObserveInput(Batches.Write(w => w.CounterPoints("c", 0, 0, ("x=1", 1)), ("service.name", "a late one")));
        meter.Cut().Flow!.Services.ShouldHaveSingleItem().Key.ShouldBe("a late one", "a full table begins anew");
    }

    [Fact]
    public void series_without_a_place_are_estimated_in_the_total_and_in_no_row()
    {
        var meter = Meter(maxStreams: 10);
        meter.ObserveInput(Batches.Counter("c", 0, [.. Enumerable.Range(0, 40).Select(i => ($"x={i}", 1L))]));

        var flow = meter.Flow()!;

        flow.Approximate.ShouldBeTrue();
        flow.Total.SeriesIn.ShouldBeInRange(36, 44);
        flow.Metrics.ShouldHaveSingleItem().SeriesIn.ShouldBe(10);
        flow.Metrics[0].SamplesIn.ShouldBe(40);
    }

    [Fact]
    public void nothing_is_counted_where_nobody_asks()
    {
        var meter = new ArmMeter(new ArmMeterOptions());
        meter.ObserveInput(Batches.Write(w => w.CounterPoints("c", 0, 0, ("x=1", 1)), ("service.name", "shop"), ("host.id", "h")));
        meter.Flow().ShouldBeNull();
        var window = meter.Cut();
        window.Flow.ShouldBeNull();
        window.Input.SeriesActive.ShouldBe(2, "target_info counts all the same");
    }
}
