using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Phoenix.Collector.Tests;

/// <summary>What the reducers hold outlives the process, or a new epoch begins and says why.</summary>
public sealed class StorageTests : IDisposable
{
    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Theory]
    [InlineData(Signals.Terminate)]
    [InlineData(Signals.Kill)]
    public async Task counters_go_on_over_a_restart(int signal)
    {
        await using var peer = await HttpPeer.StartAsync();
        await using (var first = Start(peer))
        {
            await SendAsync(first, 10);
            await Wait.UntilAsync("the base", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 0)));
            await SendAsync(first, 15);
            await Wait.UntilAsync("the increment", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 15)));
            await Wait.UntilAsync("a moment between a flush and the next", () => IsBetweenFlushesAsync(first));
            first.Signal(signal);
            first.Signal(Signals.Continue);
            await first.ExitAsync();
        }

        var start = peer.Decoded.First(p => p.Value == 15).Start;
        await using var second = Start(peer);
        await Wait.UntilAsync("the counter where it stood", () => Task.FromResult(peer.Decoded.Count(p => p.Value == 15) > 1));
        await SendAsync(second, 18);
        await Wait.UntilAsync("the total with what came meanwhile", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 24)));

        peer.Decoded.ShouldAllBe(p => p.Start == start && !p.Stale);
        second.Log.ShouldContain("the reducers go on with their counters");
        var metrics = await second.MetricsAsync();
        metrics.ShouldContain("phoenix_reducer_state_resumed 1\n");
        metrics.ShouldContain("phoenix_restart_gap_seconds ");
        metrics.ShouldContain("phoenix_reducer_resuming_streams 0\n");
        await second.WindowAsync("a whole window whose ledger is right", w => w.Complete && w.Ledger.ErrorPct == 0);
    }

    [Fact]
    public async Task state_that_is_older_than_what_left_is_not_used()
    {
        await using var peer = await HttpPeer.StartAsync();
        await LeaveStateAsync(peer);
        var old = File.ReadAllBytes(State);
        await using (var second = Start(peer))
        {
            await SendAsync(second, 20);
            await Wait.UntilAsync("the next total", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 30)));
            second.Signal(Signals.Kill);
            await second.ExitAsync();
        }

        File.WriteAllBytes(State, old);
        await NewEpochAsync(peer, "behind");
        // No series ever fell under one start time.
        foreach (var series in peer.Decoded.GroupBy(p => p.Start))
        {
            series.Select(p => p.Value).ShouldBe(series.Select(p => p.Value).Order());
        }
    }

    [Theory]
    [InlineData("damaged")]
    [InlineData("cut off")]
    [InlineData("configuration")]
    [InlineData("version")]
    [InlineData("journal")]
    public async Task state_that_cannot_be_used_begins_a_new_epoch_and_says_why(string fault)
    {
        await using var peer = await HttpPeer.StartAsync();
        await LeaveStateAsync(peer);
        var state = File.ReadAllBytes(State);
        switch (fault)
        {
            case "damaged":
                state[state.Length / 2] ^= 1;
                File.WriteAllBytes(State, state);
                break;
            case "cut off":
                File.WriteAllBytes(State, state[..^9]);
                break;
            case "version":
                state[0]++;
                System.IO.Hashing.XxHash128.Hash(state.AsSpan(..^16)).CopyTo(state.AsSpan(^16..));
                File.WriteAllBytes(State, state);
                break;
            case "journal":
                File.WriteAllBytes(Path.ChangeExtension(State, ".journal"), [1, 2, 3]);
                break;
        }

        var code = fault switch { "cut off" => "damaged", "journal" => "behind", _ => fault };
        await NewEpochAsync(peer, code, fault == "configuration" ? "customer, other" : "customer");
    }

    [Fact]
    public async Task a_second_collector_on_the_same_directory_runs_without_it()
    {
        await using var peer = await HttpPeer.StartAsync();
        await using var first = Start(peer);
        await first.OtlpAsync();
        await using var second = CollectorProcess.Start(_place, "production", Configuration(peer), "second", tee: "tee2");
        await SendAsync(second, 10);
        await Wait.UntilAsync("its base", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 0)));
        second.Log.ShouldContain("the state of the reducers cannot be kept");
        first.Log.ShouldNotContain("the state of the reducers cannot be kept");
    }

    [Fact]
    public async Task a_directory_that_cannot_be_used_is_told_and_the_collector_runs_on()
    {
        File.WriteAllText(_place.File("state"), "no directory");
        await using var peer = await HttpPeer.StartAsync();
        await using var collector = Start(peer);
        await SendAsync(collector, 10);
        await Wait.UntilAsync("the base", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 0)));
        collector.Log.ShouldContain("the state of the reducers cannot be kept");
    }

    [Fact]
    public async Task state_that_cannot_be_written_any_more_is_told_and_never_used()
    {
        await using var peer = await HttpPeer.StartAsync();
        await using (var first = Start(peer))
        {
            await SendAsync(first, 10);
            await Wait.UntilAsync("state", async () => await WritesAsync(first) > 0);
            // What would be written next has no place: its name is a directory's.
            await Wait.UntilAsync("a moment in which the name is free", () => Task.FromResult(IsTaken(State + ".next")));
            await SendAsync(first, 15);
            await Wait.UntilAsync("the warning", () => Task.FromResult(first.Log.Contains("the state of the reducers cannot be kept", StringComparison.Ordinal)));
            await Wait.UntilAsync("the increment all the same", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 15)));
            Regex.IsMatch(await first.MetricsAsync(), "phoenix_reducer_state_write_failures [1-9]").ShouldBeTrue();
            first.Signal(Signals.Terminate);
            (await first.ExitAsync()).ShouldBe(0);
        }

        Directory.Delete(State + ".next", recursive: true);
        await NewEpochAsync(peer, "behind");
    }

    /// <summary>Makes a directory of the name, with something in it so that it stays. False while the collector writes under the name, or has just taken that away.</summary>
    private static bool IsTaken(string name)
    {
        try
        {
            return Directory.CreateDirectory(Path.Combine(name, "taken")).Exists;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private string State => Path.Combine(_place.File("state"), "phoenix_metrics.state");

    private async Task LeaveStateAsync(HttpPeer peer)
    {
        await using var collector = Start(peer);
        await SendAsync(collector, 10);
        await Wait.UntilAsync("the base", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 0)));
        await SendAsync(collector, 15);
        await Wait.UntilAsync("the increment", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 15)));
        collector.Signal(Signals.Terminate);
        (await collector.ExitAsync()).ShouldBe(0);
    }

    private async Task NewEpochAsync(HttpPeer peer, string code, string labels = "customer")
    {
        var starts = peer.Decoded.Select(p => p.Start).ToHashSet();
        await using var collector = Start(peer, labels);
        await SendAsync(collector, 30);
        await Wait.UntilAsync("a new counter", () => Task.FromResult(peer.Decoded.Any(p => p.Value == 0 && !starts.Contains(p.Start))));
        collector.Log.ShouldContain($"\"refused\":\"{code}\"");
        (await collector.MetricsAsync()).ShouldContain($"phoenix_reducer_state_refused{{reason=\"{code}\"}} 1");
    }

    private CollectorProcess Start(HttpPeer peer, string labels = "customer") => CollectorProcess.Start(_place, "production", Configuration(peer, labels));

    private string Configuration(HttpPeer peer, string labels = "customer") => Yaml.Into(
            $"  otlphttp: {{endpoint: '{peer.Address}', compression: none}}", "otlphttp", ", storage: file_storage",
            $"processors:\n  phoenix_aggregate: {{rules: [{{metrics: [shop.*], drop: [{labels}]}}], export_interval: 100ms}}\n")
        .Replace("service:\n", $"extensions:\n  file_storage: {{directory: {_place.File("state")}}}\nservice:\n  extensions: [file_storage]\n", StringComparison.Ordinal);

    private static async Task SendAsync(CollectorProcess collector, long value) => await Batches.SendAsync(await collector.OtlpAsync(), Batches.Requests(2, value));

    private static async Task<long> WritesAsync(CollectorProcess collector) =>
        Regex.Match(await collector.MetricsAsync(), @"phoenix_reducer_state_writes (\d+)") is { Success: true } match ? long.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) : 0;

    /// <summary>Stops the process where its state is as new as what has left, which a kill in the middle of a flush would not find.</summary>
    private async Task<bool> IsBetweenFlushesAsync(CollectorProcess collector)
    {
        collector.Signal(Signals.Stop);
        var (state, journal) = (await ReadAsync(State), await ReadAsync(Path.ChangeExtension(State, ".journal")));
        if (state.Length > 16 && journal.AsSpan(8, 8).SequenceEqual(state.AsSpan(8, 8)))
        {
            return true;
        }

        collector.Signal(Signals.Continue);
        return false;
    }

    /// <summary>By another program: the file is locked against this one's.</summary>
    private static async Task<byte[]> ReadAsync(string path)
    {
        using var cat = Process.Start(new ProcessStartInfo("cat", [path]) { RedirectStandardOutput = true })!;
        using var content = new MemoryStream();
        await cat.StandardOutput.BaseStream.CopyToAsync(content);
        await cat.WaitForExitAsync();
        return content.ToArray();
    }
}
