using Phoenix.Contracts;

namespace Phoenix.Collector.Tests;

public sealed class TwoArmsTests : IDisposable
{
    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task both_arms_close_the_same_windows_over_the_same_input_and_the_candidate_reduces_without_loss()
    {
        await using var production = CollectorProcess.Start(_place, "production", Yaml.Otlp());
        var otlp = await production.OtlpAsync();
        await using var candidate = CollectorProcess.Start(_place, "candidate", Yaml.Otlp(Yaml.TopK));
        await using var load = new Load(otlp);
        await candidate.HealthyAsync();
        var experiment = Guid.NewGuid();
        await production.MeasureAsync(experiment, 1, "shop.requests");
        await candidate.MeasureAsync(experiment, 1, "shop.requests");

        var theirs = await candidate.WindowAsync("a whole window with increments and protection", w => w is { Complete: true, Batches: > 1, Ledger.Increments: > 100, Protected.Expected: > 0 });
        var ours = await production.WindowAsync("the same window in production", w => w.Number == theirs.Number);

        theirs.SourceEpoch.ShouldBe(ours.Epoch);
        (theirs.Input.Checksum, theirs.FirstSequence, theirs.LastSequence, theirs.Batches, theirs.MissedBatches)
            .ShouldBe((ours.Input.Checksum, ours.FirstSequence, ours.LastSequence, ours.Batches, 0L));
        theirs.Input.Counts.ShouldBe(ours.Input.Counts);
        ours.Output.Counts.SeriesActive.ShouldBe(ours.Input.Counts.SeriesActive);
        theirs.Output.Counts.SeriesActive.ShouldBeLessThan(ours.Output.Counts.SeriesActive / 4);
        theirs.Output.WireBytes.ShouldBeInRange(1, ours.Output.WireBytes);
        theirs.Ledger.ErrorPct.ShouldBe(0);
        theirs.Ledger.In.ShouldBe(theirs.Ledger.Out);
        theirs.Cost.CpuMs.ShouldBeGreaterThan(0);
        // What is folded leaves with the next export; what is passed on leaves at once.
        theirs.Output.MaxDelayMs.ShouldBeInRange(ours.Output.MaxDelayMs, 2000);
        ours.Output.MaxDelayMs.ShouldBeGreaterThan(0);
        ours.Protected.Retained.ShouldBe(ours.Protected.Expected);
        theirs.Protected.Missing.ShouldContain("shop.requests", "a fold does not retain the streams it folds");
    }

    [Fact]
    public async Task a_baseline_numbers_the_input_as_production_does_and_sends_nothing()
    {
        await using var backend = await HttpPeer.StartAsync();
        await using var baseline = CollectorProcess.Start(_place, "baseline", Yaml.OtlpTo(backend.Address));
        await using var candidate = CollectorProcess.Start(_place, "candidate", Yaml.OtlpTo(backend.Address, Yaml.TopK));
        await using var load = new Load(await baseline.OtlpAsync());

        var theirs = await candidate.WindowAsync("a whole window", w => w is { Complete: true, Batches: > 1 });
        var ours = await baseline.WindowAsync("the same window in the baseline", w => w.Number == theirs.Number);

        (theirs.SourceEpoch, theirs.Input.Checksum, theirs.Batches).ShouldBe((ours.Epoch, ours.Input.Checksum, ours.Batches));
        ours.Output.Counts.ShouldBe(ours.Input.Counts);
        ours.Output.WireBytes.ShouldBeGreaterThan(theirs.Output.WireBytes);
        (await baseline.StatusAsync()).ShouldNotBeNull().Arm.ShouldBe(CollectorArm.Baseline);
        backend.Points.ShouldBeEmpty();
    }

    [Fact]
    public async Task a_candidate_that_discards_is_named_by_the_ledger()
    {
        await using var production = CollectorProcess.Start(_place, "production", Yaml.Otlp());
        await using var candidate = CollectorProcess.Start(_place, "candidate", Yaml.Otlp(Yaml.Drop));
        await using var load = new Load(await production.OtlpAsync());

        var window = await candidate.WindowAsync("a ledger error", w => w.Ledger.ErrorPct > 0);

        window.Ledger.WorstMetric.ShouldBe("shop.requests");
        window.Ledger.Dropped.ShouldContain(d => d.Points > 0);
    }

    [Fact]
    public async Task killing_a_candidate_does_not_disturb_production_and_the_next_one_joins()
    {
        await using var production = CollectorProcess.Start(_place, "production", Yaml.Otlp());
        await using var load = new Load(await production.OtlpAsync());
        await using (var first = CollectorProcess.Start(_place, "candidate", Yaml.Otlp(Yaml.TopK)))
        {
            await first.HealthyAsync();
            first.Signal(Signals.Kill);
            await first.ExitAsync();
        }

        await Wait.UntilAsync("production to notice", async () => (await production.StatusAsync())!.TeeSubscribers == 0);
        await using var second = CollectorProcess.Start(_place, "candidate", Yaml.Otlp(Yaml.TopK));
        var theirs = await second.WindowAsync("a whole window of the second candidate", w => w is { Complete: true, Batches: > 0 });
        var ours = await production.WindowAsync("the same window in production", w => w.Number == theirs.Number);

        theirs.Input.Checksum.ShouldBe(ours.Input.Checksum);
        (await second.WindowsAsync())[0].Complete.ShouldBeFalse("it joined inside that window");
        AssertUnbroken(await production.WindowsAsync());
        load.Failures.ShouldBe(0);
    }

    [Fact]
    public async Task a_stalled_candidate_never_slows_production_and_its_windows_say_what_it_missed()
    {
        await using var production = CollectorProcess.Start(_place, "production", Yaml.Otlp());
        var otlp = await production.OtlpAsync();
        await using var candidate = CollectorProcess.Start(_place, "candidate", Yaml.Otlp(Yaml.TopK));
        await Wait.UntilAsync("the candidate to join", async () => await candidate.StatusAsync() is { TeeConnected: true });

        candidate.Signal(Signals.Stop);
        // 70 batches of 2 MiB are more than the 64 MiB that the tee holds for one candidate.
        var large = Batches.Requests(1000, 1, padding: 2000);
        for (var i = 0; i < 70; i++)
        {
            await Batches.SendAsync(otlp, large);
        }

        var last = (await production.StatusAsync())!.Window;
        await production.WindowAsync("production to go on closing windows while the candidate stands still", w => w.Number > last + 2);
        candidate.Signal(Signals.Continue);

        var missed = await candidate.WindowAsync("a window that tells what was missed", w => w.MissedBatches > 0);
        var ours = await production.WindowAsync("the same window in production", w => w.Number == missed.Number);
        (missed.Batches + missed.MissedBatches).ShouldBe(ours.Batches);
        ours.MissedBatches.ShouldBe(0);
        AssertUnbroken(await production.WindowsAsync());
    }

    [Fact]
    public async Task a_restarted_production_arm_is_found_again_under_its_new_epoch()
    {
        await using var candidate = CollectorProcess.Start(_place, "candidate", Yaml.Otlp(Yaml.TopK));
        string firstEpoch;
        await using (var first = CollectorProcess.Start(_place, "production", Yaml.Otlp()))
        {
            var otlpOfFirst = await first.OtlpAsync();
            await Wait.UntilAsync("the candidate to join", async () => await candidate.StatusAsync() is { TeeConnected: true });
            await Batches.SendAsync(otlpOfFirst, Batches.Requests(10, 1));
            firstEpoch = (await candidate.WindowAsync("a window of the first production arm", w => w.Batches > 0)).SourceEpoch;
            first.Signal(Signals.Kill);
            await first.ExitAsync();
        }

        // The socket file of the killed one is still there; the new one replaces it.
        await using var second = CollectorProcess.Start(_place, "production", Yaml.Otlp());
        var otlp = await second.OtlpAsync();
        var joined = await candidate.WindowAsync("a window of the second production arm", w => w.SourceEpoch != firstEpoch);
        joined.Complete.ShouldBeFalse("it holds the rest of a window that began before");
        await Batches.SendAsync(otlp, Batches.Requests(10, 2));
        var whole = await candidate.WindowAsync("a whole one", w => w.SourceEpoch != firstEpoch && w is { Complete: true, Batches: > 0 });
        (await second.WindowAsync("the same in production", w => w.Number == whole.Number)).Input.Checksum.ShouldBe(whole.Input.Checksum);
    }

    private static void AssertUnbroken(IReadOnlyList<ArmWindow> windows)
    {
        windows.Select(w => w.Number).ShouldBe(Enumerable.Range(0, windows.Count).Select(i => windows[0].Number + i));
        for (var i = 1; i < windows.Count; i++)
        {
            windows[i].StartedAt.ShouldBe(windows[i - 1].EndedAt);
        }
    }

    /// <summary>A service that counts requests of 40 customers and reports ten times a second.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        public Load(Uri otlp) => _running = Task.Run(async () =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            for (var value = 1; !_stop.IsCancellationRequested; value++)
            {
                using var response = await Batches.PostAsync(otlp, Batches.Requests(40, value));
                Failures += response.IsSuccessStatusCode ? 0 : 1;
                await timer.WaitForNextTickAsync();
            }
        });

        public int Failures { get; private set; }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _stop.Dispose();
        }
    }
}
