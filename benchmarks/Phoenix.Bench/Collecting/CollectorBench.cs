using System.Globalization;

namespace Phoenix.Bench.Collecting;

/// <summary>
/// The real collector on one core, fed over loopback by clients on the other cores, beside Debian's vmagent and a bare
/// receive-and-copy loop. The sink counts points and increments: a round ends when everything that must come out has come.
/// </summary>
static class CollectorBench
{
    const int Series = 100_000;

    public static async Task<BenchResult> Run(bool quick)
    {
        Cores.RequireApart();
        Console.WriteLine($"Collector: {CollectorSubject.Program}, compiled {(CollectorSubject.IsNative ? "ahead of time" : "at run time: Native AOT cannot be linked here, so that speed and memory are not those of the product")}.");
        Console.WriteLine("Points/s are a second of processor time on the one core that each has; 'wall' is by the clock, with whatever else the machine does.");
        var fields = new Dictionary<string, double> { ["native"] = CollectorSubject.IsNative ? 1 : 0 };
        var (rounds, sweeps) = quick ? (3, 4) : (7, 12);
        var (fold, agent) = await AgainstVmagentAsync(rounds, sweeps, fields);
        var (otlp, relay) = await AgainstRelayAsync(rounds, sweeps, fields);
        await Sizes.RunAsync(quick, fields);
        await Arms.RunAsync(quick, fields);
        await IdleMemory.RunAsync(quick, fields);
        return agent is null
            ? new("collector", "a bare receive-and-copy loop", "points/s", otlp.PointsPerSecond, relay.PointsPerSecond) { Fields = fields }
            : new("collector", "vmagent, remote write, the same label dropped", "points/s", fold.PointsPerSecond, agent.PointsPerSecond) { Fields = fields };
    }

    static async Task<(Lane Fold, Lane? Agent)> AgainstVmagentAsync(int rounds, int sweeps, Dictionary<string, double> fields)
    {
        var input = new RemoteWriteInput(Series);
        await using var fold = await RemoteWriteLaneAsync("phoenix, folded 10:1", Configurations.FoldedLabel);
        await using var single = await RemoteWriteLaneAsync("phoenix, 1:1", null);
        await using var folding = VmagentSubject.Program is null ? null : await VmagentLaneAsync("vmagent, labeldrop", Configurations.FoldedLabel);
        await using var passing = VmagentSubject.Program is null ? null : await VmagentLaneAsync("vmagent, 1:1", null);
        Console.WriteLine("\nRemote write in and out, 100,000 series of 10 labels");
        if (folding is null) Console.WriteLine(VmagentSubject.HowToInstall);
        var (sweep, time) = (0, (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - 120_000);
        for (var round = 0; round <= rounds; round++)
        {
            // The first round admits the series, warms up and does not count.
            var bodies = new List<byte[]>();
            for (var s = 0; s < sweeps; s++) bodies.AddRange(input.Sweep(time += 20, ++sweep));
            var counts = round > 0;
            foreach (var lane in round % 2 == 0 ? new[] { fold, folding, single, passing } : [passing, single, folding, fold])
            {
                if (lane is null) continue;
                var adds = lane == fold || lane == single;
                await lane.RoundAsync(
                    async senders =>
                    {
                        // A series must not overtake itself: sweep after sweep, as a scraper writes.
                        for (var s = 0; s < sweeps; s++) await senders.SendAsync(bodies.Count / sweeps, i => bodies[s * (bodies.Count / sweeps) + i]);
                        return (long)Series * sweeps;
                    },
                    l => adds ? l.Sink.Total == (double)Series * (l == fold ? sweep - 1 : sweep) : l.Sink.Points >= l.PointsSent, onlyPoints: !adds, counts);
            }
        }

        Table([fold, folding, single, passing]);
        RequireNothingLost([fold, single]);
        fields["remoteWriteFoldPerSecond"] = Rate(fold);
        fields["remoteWrite1to1PerSecond"] = Rate(single);
        fields["turnedAwayAndSentAgain"] = fold.TurnedAway + single.TurnedAway;
        if (folding is not null && passing is not null)
        {
            fields["vsVmagentFold"] = Math.Round(Rate(fold) / Rate(folding), 2);
            fields["vsVmagent1to1"] = Math.Round(Rate(single) / Rate(passing), 2);
            Console.WriteLine($"folding {fields["vsVmagentFold"]:0.00} times vmagent (2.5 asked), 1:1 {fields["vsVmagent1to1"]:0.00} times (1.5 asked)");
        }

        return (fold, folding);
    }

    static async Task<(Lane Ours, Lane Relay)> AgainstRelayAsync(int rounds, int sweeps, Dictionary<string, double> fields)
    {
        var start = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1_000_000 - 120_000_000_000;
        var input = new OtlpInput(Series, start);
        await using var ours = await OtlpLaneAsync("phoenix, folded 10:1", Configurations.FoldedLabel);
        await using var passed = await OtlpLaneAsync("phoenix, all passed on", null);
        var sink = await Sink.StartAsync();
        var subject = RelaySubject.Start(new Uri(sink.Address, "/v1/metrics"));
        await using var relay = new Lane("receive, copy, send", subject, sink, new Senders(await subject.EndpointAsync()));
        Console.WriteLine("\nOTLP over HTTP in and out, uncompressed, 100,000 series of 8 attributes");
        var sweep = 0UL;
        for (var round = 0; round <= rounds; round++)
        {
            var first = sweep;
            foreach (var lane in round % 2 == 0 ? new[] { ours, passed, relay } : [relay, passed, ours])
            {
                await lane.RoundAsync(
                    senders => SweepsAsync(senders, input, start, first, sweeps),
                    l => l == ours ? l.Sink.Total == (double)Series * (first + (ulong)sweeps - 1) : l.Sink.Points == l.PointsSent,
                    onlyPoints: lane != ours, counts: round > 0);
            }

            sweep += (ulong)sweeps;
        }

        Table([ours, passed, relay]);
        RequireNothingLost([ours]);
        fields["pointsPerSecond"] = Rate(ours);
        fields["vsBareLoop"] = Math.Round(Rate(ours) / Rate(relay), 3);
        fields["passedVsBareLoop"] = Math.Round(Rate(passed) / Rate(relay), 3);
        var decodeAndFold = Reduce.DecodeAndFold(Series);
        fields["nsPerPoint"] = Math.Round(1e9 / Rate(ours), 1);
        fields["nsDecodeAndFold"] = Math.Round(decodeAndFold, 1);
        Console.WriteLine($"{fields["vsBareLoop"]:0.00} times the bare loop (0.30 asked), which sends ten times as much on, and {fields["passedVsBareLoop"]:0.00} times it where all is sent on; a point costs {fields["nsPerPoint"]:0} ns, of which decode and fold alone, in this program, {decodeAndFold:0}");
        return (ours, relay);
    }

    /// <summary>Sends further sweeps of the same series: values one higher, times a little later.</summary>
    public static async Task<long> SweepsAsync(Senders senders, OtlpInput input, ulong start, ulong done, int sweeps)
    {
        for (var s = 1UL; s <= (ulong)sweeps; s++)
        {
            var sweep = done + s;
            await senders.SendAsync(input.Batches.Length, i =>
            {
                input.Move(i, start + sweep * 20_000_000, sweep);
                return input.Batches[i];
            });
        }

        return (long)input.Series * sweeps;
    }

    /// <param name="dropped">The label that is folded away; null for no processor.</param>
    public static async Task<Lane> OtlpLaneAsync(string name, string? dropped)
    {
        var sink = await Sink.StartAsync();
        var subject = CollectorSubject.Start(Configurations.Otlp(sink.Address, dropped));
        return new(name, subject, sink, new Senders(new Uri(await subject.EndpointAsync(), "/v1/metrics")));
    }

    static async Task<Lane> RemoteWriteLaneAsync(string name, string? dropped)
    {
        var sink = await Sink.StartAsync();
        var subject = CollectorSubject.Start(Configurations.RemoteWrite(sink.Address, dropped));
        return new(name, subject, sink, new Senders(new Uri(await subject.EndpointAsync(), "/api/v1/write"), "snappy"));
    }

    static async Task<Lane> VmagentLaneAsync(string name, string? dropped)
    {
        var sink = await Sink.StartAsync();
        var subject = VmagentSubject.Start(new Uri(sink.Address, "/api/v1/write"), dropped);
        return new(name, subject, sink, new Senders(await subject.EndpointAsync(), "snappy"));
    }

    static double Rate(Lane lane) => Math.Round(BenchResult.Median(lane.PointsPerSecond));

    static void Table(IEnumerable<Lane?> lanes)
    {
        Console.WriteLine("                           points/s     ns/point   rounds (million/s)                      wall points/s   turned away   points sent");
        foreach (var lane in lanes.OfType<Lane>())
        {
            var each = string.Join(' ', lane.PointsPerSecond.Select(r => (r / 1e6).ToString("0.00", CultureInfo.InvariantCulture)));
            Console.WriteLine($"{lane.Name,-22} {Rate(lane),12:0} {1e9 / Rate(lane),12:0}   {each,-36} {BenchResult.Median(lane.PerWallSecond),16:0} {lane.TurnedAway,13} {lane.PointsSent,13}");
        }
    }

    static void RequireNothingLost(IEnumerable<Lane> lanes)
    {
        foreach (var lane in lanes) Console.WriteLine($"{lane.Name}: {lane.PointsSent} points in, all increments out: {lane.Sink.Total:0} in {lane.Sink.Series} series");
    }
}
