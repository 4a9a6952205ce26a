using CsCheck;
using Phoenix.Domain.Pricing;

namespace Phoenix.Domain.Tests.Pricing;

/// <summary>What samples of several hosts say of a month together.</summary>
public sealed class PreviewedUsageTests
{
    static readonly Gen<PreviewedArm> Arm = Gen.Select(Gen.Double[0, 1e6], Gen.Double[0, 1e9], Gen.Double[0, 1e9], (series, samples, bytes) => new PreviewedArm(series, samples, bytes));

    static readonly Gen<PreviewedHost> Host = Gen.Select(Gen.Double[30, 3600], Arm, Arm, (seconds, into, outOf) => new PreviewedHost(TimeSpan.FromSeconds(seconds), into, outOf));

    [Fact]
    public void rates_of_hosts_add_up_however_long_each_was_seen() => Host.List[1, 20].Sample(hosts =>
    {
        var (into, outOf) = PreviewedUsage.Of(hosts);
        Same(into, h => h.In);
        Same(outOf, h => h.Out);
        into.Covered.ShouldBe(hosts.Min(h => h.Covered));
        (into.Covered, into.Hosts).ShouldBe((outOf.Covered, outOf.Hosts));
        into.Problem().ShouldBeNull();

        void Same(MeterUsage usage, Func<PreviewedHost, PreviewedArm> arm)
        {
            Close(usage.Samples!.Value / usage.Covered.TotalSeconds, hosts.Sum(h => arm(h).Samples / h.Covered.TotalSeconds));
            Close(usage.WireBytes!.Value / usage.Covered.TotalSeconds, hosts.Sum(h => arm(h).WireBytes / h.Covered.TotalSeconds));
            Close(usage.PointsPerMinute!.Single(), hosts.Sum(h => arm(h).Samples / h.Covered.TotalMinutes));
            Close(usage.ActiveSeries!.Single(), hosts.Sum(h => arm(h).Series));
        }
    });

    [Fact]
    public void a_host_that_is_seen_twice_as_long_sends_no_more()
    {
        var once = new PreviewedHost(TimeSpan.FromMinutes(1), new(100, 600, 5000), new(20, 120, 1000));
        var longer = new PreviewedHost(TimeSpan.FromMinutes(2), new(100, 1200, 10_000), new(20, 240, 2000));
        MarginalSaving.Of(Books.Full.Price("signoz-cloud-samples"), null, PreviewedUsage.Of([longer]).In, PreviewedUsage.Of([longer]).Out).Saving!.PerMonth
            .ShouldBe(MarginalSaving.Of(Books.Full.Price("signoz-cloud-samples"), null, PreviewedUsage.Of([once]).In, PreviewedUsage.Of([once]).Out).Saving!.PerMonth, 1e-9m);
    }

    static void Close(double actual, double expected) => actual.ShouldBe(expected, 1e-9 * Math.Max(1, Math.Abs(expected)));
}
