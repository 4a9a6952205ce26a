using Phoenix.Api.Measurements;

namespace Phoenix.Api.Tests;

/// <summary>More hosts than are looked at one by one.</summary>
[Collection(nameof(ControlPlane))]
public sealed class LargeExperimentTests(ControlPlane plane)
{
    const int Hosts = MeasuredExperiments.LookedAtSingly + 10;

    [Fact]
    public async Task windows_of_many_hosts_are_recorded_whole_once_and_before_their_time_is_over()
    {
        var agents = await Task.WhenAll(Enumerable.Range(0, Hosts).Select(_ => TestAgent.Enrol(plane)));
        var id = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), agents.Select(a => a.HostId), windows: 2);
        await plane.Command(id, "start");
        await Task.WhenAll(agents.Select(a => a.DoNext()));
        await plane.UntilState(id, "running");
        for (var window = 1; window <= 3; window++)
        {
            var n = window;
            // One host's window is void, and nobody else's.
            await Task.WhenAll(agents.Select((a, i) => a.Report(id, i == 7 && n == 2 ? Windows.Void(n, "tee-dropped") : Windows.Good(n))));
            // A report that comes again changes nothing.
            await agents[0].Report(id, Windows.Good(n, 900));
        }
        var done = await plane.UntilState(id, "completing");
        done.GetProperty("verdict").GetProperty("outcome").GetString().ShouldBe("promote");
        var log = await Eventually.Get(() => plane.Get($"/api/v2/audit?streamId={id}&limit=1000"),
            found => found.GetProperty("items").EnumerateArray().Any(e => e.GetProperty("type").GetString() == "verdict_reached"), "the verdict to be in the log");
        var events = log.GetProperty("items").EnumerateArray().ToList();
        var measured = events.Where(e => e.GetProperty("type").GetString() == "window_measured").Select(e => e.GetProperty("data")).ToList();
        measured.Select(m => (m.GetProperty("number").GetInt32(), m.GetProperty("hosts").GetInt32())).Order().ShouldBe([(1, Hosts), (2, Hosts - 1), (3, Hosts)]);
        measured.ShouldAllBe(m => m.GetProperty("candidate").GetProperty("seriesActive").GetInt64() == 300 * m.GetProperty("hosts").GetInt32());
        events.Where(e => e.GetProperty("type").GetString() == "window_voided").ShouldHaveSingleItem().GetProperty("data").GetProperty("hostId").GetString().ShouldBe(agents[7].HostId);
    }

    [Fact]
    public void a_window_is_looked_at_once_in_each_moment()
    {
        var clock = new Clock();
        var experiments = new MeasuredExperiments(clock);
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());
        experiments.IsDue(one, 1).ShouldBeTrue();
        experiments.IsDue(one, 1).ShouldBeFalse();
        experiments.IsDue(one, 2).ShouldBeTrue();
        experiments.IsDue(other, 1).ShouldBeTrue();
        clock.Now += MeasuredExperiments.Moment.Ticks;
        experiments.IsDue(one, 1).ShouldBeTrue();
        experiments.IsDue(one, 1).ShouldBeFalse();
        var due = 0;
        Parallel.For(0, 1000, new() { MaxDegreeOfParallelism = 8 }, _ => Interlocked.Add(ref due, experiments.IsDue(one, 99) ? 1 : 0));
        due.ShouldBe(1);
        // What is over does not stay in memory.
        for (var window = 100; window < 1100; window++) experiments.IsDue(other, window);
        experiments.Remembered.ShouldBeGreaterThan(1000);
        clock.Now += MeasuredExperiments.Moment.Ticks * 10;
        experiments.IsDue(one, 1).ShouldBeTrue();
        experiments.Remembered.ShouldBe(1);
    }

    sealed class Clock : TimeProvider
    {
        public long Now { get; set; } = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now;
    }
}
