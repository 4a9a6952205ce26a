using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

public class StreamPresenceTests
{
    private const ulong First = 1_000_000_000;
    private const ulong Second = 2_000_000_000;

    [Fact]
    public void streams_of_every_type_that_vanish_are_said_to_have_no_value_under_their_own_identity()
    {
        var presence = new StreamPresence();
        var before = Batch(First, "a", everything: true);

        presence.Observe(before, First).ShouldBe(1 + 1 + 5 + 3, "a gauge, a sum, a histogram of two bounds, a summary of one quantile");
        presence.EndRound(First, out var none).ShouldBeEmpty();
        none.ShouldBe(0);
        presence.Observe(Batch(Second, "a", everything: false), Second).ShouldBe(0);
        var stale = presence.EndRound(Second, out var points);

        points.ShouldBe(3);
        OtlpReader.Validate(stale).ShouldBe(3);
        var gone = DecodedPoint.ReadAll(stale);
        gone.ShouldAllBe(p => p.Stale && p.UnixNanos == Second);
        var were = DecodedPoint.ReadAll(before);
        foreach (var point in gone)
        {
            var was = were.Single(p => p.Metric == point.Metric);
            (point.Type, point.Labels["route"], point.Resource["service.name"]).ShouldBe((was.Type, was.Labels["route"], was.Resource["service.name"]));
        }

        presence.Streams.ShouldBe(1, "what is gone is forgotten");
    }

    [Fact]
    public void a_round_without_anything_ends_every_stream_and_one_that_returns_is_new()
    {
        var presence = new StreamPresence();
        presence.Observe(Batch(First, "a", everything: false), First);
        presence.Observe(Batch(First, "b", everything: false), First);
        presence.EndRound(First, out _);

        presence.EndRound(Second, out var points);

        points.ShouldBe(2);
        presence.Observe(Batch(3 * First, "a", everything: false), 3 * First).ShouldBe(1);
    }

    [Fact]
    public void points_that_bring_their_own_time_are_not_followed()
    {
        var presence = new StreamPresence();

        presence.Observe(Batch(First, "a", everything: true), Second).ShouldBe(0);

        presence.EndRound(Second, out var points);
        points.ShouldBe(0);
    }

    private static byte[] Batch(ulong time, string route, bool everything)
    {
        var writer = new OtlpWriter();
        writer.BeginResource();
        writer.ResourceAttribute("service.name", "shop");
        writer.BeginScope("prometheus", "");
        writer.BeginGauge("queue", "1", "");
        Begin();
        writer.EndPoint(1L);
        writer.EndMetric();
        if (everything)
        {
            writer.BeginSum("orders", "1", "", monotonic: true, Temporality.Cumulative);
            Begin();
            writer.EndPoint(2L);
            writer.EndMetric();
            writer.BeginHistogram("latency", "s", "", Temporality.Cumulative);
            Begin();
            writer.EndHistogramPoint(3, 4, [1, 1, 1], [0.1, 1]);
            writer.EndMetric();
            writer.BeginSummary("size", "By", "");
            Begin();
            writer.EndSummaryPoint(3, 4, [0.5], [1]);
            writer.EndMetric();
        }

        writer.EndScope();
        writer.EndResource();
        return writer.WrittenSpan.ToArray();

        void Begin()
        {
            writer.BeginPoint(0, time);
            writer.Attribute("route", route);
        }
    }
}
