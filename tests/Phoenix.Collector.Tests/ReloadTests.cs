using System.Globalization;

namespace Phoenix.Collector.Tests;

public sealed class ReloadTests : IDisposable
{
    private const string Patient = "retry_on_failure: {initial_interval: 20ms, max_interval: 100ms, max_elapsed_time: 0s}";
    private const int Hangup = 1;
    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task what_waits_for_a_backend_that_is_away_goes_to_the_one_that_a_reload_names()
    {
        await using var peer = await HttpPeer.StartAsync();
        await using var collector = Start("  otlphttp: {endpoint: 'http://127.0.0.1:1', retry_on_failure: {initial_interval: 10m, max_interval: 10m, max_elapsed_time: 0s}, compression: none}", "otlphttp");
        var otlp = await collector.OtlpAsync();
        for (var i = 1; i <= 5; i++)
        {
            await Batches.SendAsync(otlp, Batches.Requests(1, i));
        }

        await Wait.UntilAsync("the back-off", () => Task.FromResult(collector.Log.Contains("it will be tried again", StringComparison.Ordinal)));
        await ReloadAsync(collector, Yaml.Into($"  otlphttp: {{endpoint: '{peer.Address}', compression: zstd}}", "otlphttp"));
        await Batches.SendAsync(otlp, Batches.Requests(1, 6));

        await Wait.UntilAsync("every point", () => Task.FromResult(peer.Points.Count == 6));
        peer.Points.Select(p => p.Value).ShouldBe([1, 2, 3, 4, 5, 6], "in their order, each in the encoding it was made in");
        peer.Encodings.ShouldBe(["", "", "", "", "", "zstd"]);
    }

    [Fact]
    public async Task an_exporter_that_goes_away_still_sends_what_it_has()
    {
        await using var leaving = await HttpPeer.StartAsync();
        await using var staying = await HttpPeer.StartAsync();
        leaving.Stall = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var stay = $"  otlphttp/b: {{endpoint: '{staying.Address}'}}";
        await using var collector = Start($"  otlphttp/a: {{endpoint: '{leaving.Address}', {Patient}}}\n{stay}", "otlphttp/a, otlphttp/b");
        var otlp = await collector.OtlpAsync();
        for (var i = 1; i <= 3; i++)
        {
            await Batches.SendAsync(otlp, Batches.Requests(1, i));
        }

        await Wait.UntilAsync("the batches at the other", () => Task.FromResult(staying.Points.Count == 3));
        await ReloadAsync(collector, Yaml.Into(stay, "otlphttp/b"));
        await Batches.SendAsync(otlp, Batches.Requests(1, 4));
        await Wait.UntilAsync("the next batch", () => Task.FromResult(staying.Points.Count == 4));
        leaving.Stall.SetResult();

        await Wait.UntilAsync("its end", () => Task.FromResult(collector.Log.Contains("exporter left", StringComparison.Ordinal)));
        leaving.Points.Select(p => p.Value).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task senders_notice_nothing_of_reloads_and_lose_nothing()
    {
        await using var first = await HttpPeer.StartAsync();
        await using var second = await HttpPeer.StartAsync();
        var peers = new[] { first, second };
        string Configuration(int round) => Yaml.Into($"  otlphttp: {{endpoint: '{peers[round % 2].Address}', {Patient}}}", "otlphttp")
            .Replace("127.0.0.1:0\"", $"127.0.0.1:0\", max_request_body_size: {100_000 + round}", StringComparison.Ordinal);
        await using var collector = CollectorProcess.Start(_place, "production", Configuration(0));
        var otlp = await collector.OtlpAsync();
        using var stop = new CancellationTokenSource();
        var sent = 0;
        var sender = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                // A connection that breaks throws here.
                await Batches.SendAsync(otlp, Batches.Requests(1, ++sent));
            }
        });

        for (var round = 1; round <= 6; round++)
        {
            var before = Volatile.Read(ref sent);
            await ReloadAsync(collector, Configuration(round));
            await Wait.UntilAsync("more batches", () => Task.FromResult(Volatile.Read(ref sent) > before + 5));
        }

        await stop.CancelAsync();
        await sender;
        await Wait.UntilAsync("every batch", () => Task.FromResult(first.Points.Count + second.Points.Count >= sent));
        first.Points.Concat(second.Points).Select(p => (int)p.Value).Order().ShouldBe(Enumerable.Range(1, sent));
        (first.Points.IsEmpty || second.Points.IsEmpty).ShouldBeFalse();
        (await collector.OtlpAsync()).ShouldBe(otlp, "the listener is the same");
    }

    [Fact]
    public async Task a_configuration_that_cannot_be_taken_over_leaves_the_old_one_running()
    {
        await using var peer = await HttpPeer.StartAsync();
        var good = Yaml.Into($"  otlphttp: {{endpoint: '{peer.Address}'}}", "otlphttp");
        await using var collector = CollectorProcess.Start(_place, "production", good);
        var otlp = await collector.OtlpAsync();

        (await RefusedAsync(collector, good.Replace("127.0.0.1:0", peer.Address.Authority, StringComparison.Ordinal))).ShouldContain(peer.Address.Port.ToString(CultureInfo.InvariantCulture));
        (await RefusedAsync(collector, Yaml.Into($"  otlphttp: {{endpoint: '{peer.Address}', tls: {{ca_file: {_place.File("none.pem")}}}}}", "otlphttp"))).ShouldContain("exporters.otlphttp.tls.ca_file");

        await Batches.SendAsync(otlp, Batches.Requests(1, 7));
        await Wait.UntilAsync("the point", () => Task.FromResult(peer.Points.Count == 1));
    }

    [Fact]
    public async Task sighup_reloads()
    {
        await using var peer = await HttpPeer.StartAsync();
        await using var collector = Start("  nop:", "nop");
        var otlp = await collector.OtlpAsync();
        var before = (await Wait.ForAsync("the status", collector.StatusAsync)).ConfigurationHash;
        File.WriteAllText(_place.Configuration("production"), Yaml.Into($"  otlphttp: {{endpoint: '{peer.Address}'}}", "otlphttp"));

        collector.Signal(Hangup);

        await Wait.UntilAsync("the new configuration", async () => (await collector.StatusAsync())!.ConfigurationHash != before);
        await Batches.SendAsync(otlp, Batches.Requests(1, 7));
        await Wait.UntilAsync("the point", () => Task.FromResult(peer.Points.Count == 1));
    }

    [Fact]
    public async Task counters_of_a_reducer_go_on_where_it_stays_as_it_is_and_end_where_it_does_not()
    {
        await using var peer = await HttpPeer.StartAsync();
        string Configuration(string labels, string compression) => Yaml.Into(
            $"  otlphttp: {{endpoint: '{peer.Address}', compression: {compression}}}", "otlphttp",
            processors: $"processors:\n  phoenix_aggregate: {{rules: [{{metrics: [shop.*], drop: [{labels}]}}], export_interval: 100ms}}\n");
        await using var collector = CollectorProcess.Start(_place, "production", Configuration("customer", "none"));
        var otlp = await collector.OtlpAsync();
        await Batches.SendAsync(otlp, Batches.Requests(2, 10));
        await Wait.UntilAsync("the base", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 0)));
        await Batches.SendAsync(otlp, Batches.Requests(2, 15));
        await Wait.UntilAsync("the increment", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 15)));

        await ReloadAsync(collector, Configuration("customer", "gzip"));
        await Batches.SendAsync(otlp, Batches.Requests(2, 17));
        await Wait.UntilAsync("the total to go on", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 21)));
        peer.Decoded.ShouldAllBe(p => !p.Stale);

        await ReloadAsync(collector, Configuration("customer, other", "none"));
        await Wait.UntilAsync("its end", () => Task.FromResult(peer.Decoded.Any(p => p.Stale)));
        await Batches.SendAsync(otlp, Batches.Requests(2, 20));
        await Wait.UntilAsync("the new counter", () => Task.FromResult(peer.Decoded.Last() is { Stale: false, Value: 0 }));
    }

    [Theory]
    [InlineData("filter", false)]
    [InlineData("phoenix_aggregate/first", false)]
    [InlineData("phoenix_aggregate/last", true)]
    public async Task counters_of_a_reducer_go_on_where_nothing_behind_it_folds_differently(string changed, bool ends)
    {
        await using var peer = await HttpPeer.StartAsync();
        string Configuration(string now) => Yaml.Into(
            $"  otlphttp: {{endpoint: '{peer.Address}', compression: none}}", "otlphttp", processors: $$$"""
                processors:
                  filter: {metrics: {metric: ['name == "{{{(now == "filter" ? "other" : "none")}}}"']}}
                  phoenix_aggregate/first: {rules: [{metrics: [other.*], drop: [{{{(now == "phoenix_aggregate/first" ? "b" : "a")}}}]}], export_interval: 100ms}
                  phoenix_aggregate/kept: {rules: [{metrics: [shop.*], drop: [customer]}], export_interval: 100ms}
                  phoenix_aggregate/last: {rules: [{metrics: [other.*], drop: [{{{(now == "phoenix_aggregate/last" ? "b" : "a")}}}]}], export_interval: 100ms}

                """);
        await using var collector = CollectorProcess.Start(_place, "production", Configuration(""));
        var otlp = await collector.OtlpAsync();
        await Batches.SendAsync(otlp, Batches.Requests(2, 10));
        await Wait.UntilAsync("the base", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 0)));
        await Batches.SendAsync(otlp, Batches.Requests(2, 15));
        await Wait.UntilAsync("the increment", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 15)));

        await ReloadAsync(collector, Configuration(changed));
        await Batches.SendAsync(otlp, Batches.Requests(2, 17));

        if (ends)
        {
            await Wait.UntilAsync("its end and the new counter", () => Task.FromResult(peer.Decoded.Any(p => p.Stale) && peer.Decoded.Last() is { Stale: false, Value: 0 }));
            return;
        }

        await Wait.UntilAsync("the total to go on", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 21)));
        peer.Decoded.ShouldAllBe(p => !p.Stale && p.Start == peer.Decoded.First().Start);
        await Batches.SendAsync(otlp, Batches.Requests(2, 20));
        await collector.WindowAsync("a whole window with a true ledger", w => w.Complete && w.Ledger.ErrorPct == 0 && w.Ledger.Groups > 0);
    }

    private CollectorProcess Start(string exporters, string names) => CollectorProcess.Start(_place, "production", Yaml.Into(exporters, names));

    private async Task ReloadAsync(CollectorProcess collector, string configuration)
    {
        File.WriteAllText(_place.Configuration("production"), configuration);
        using var answer = await collector.ReloadAsync();
        ((int)answer.StatusCode).ShouldBe(204, await answer.Content.ReadAsStringAsync());
    }

    private async Task<string> RefusedAsync(CollectorProcess collector, string configuration)
    {
        File.WriteAllText(_place.Configuration("production"), configuration);
        using var answer = await collector.ReloadAsync();
        ((int)answer.StatusCode).ShouldBe(422);
        return await answer.Content.ReadAsStringAsync();
    }
}
