using System.Diagnostics;
using System.Runtime.InteropServices;
using Phoenix.Bench.Collecting;
using Phoenix.Contracts;

namespace Phoenix.Bench.Agent;

/// <summary>
/// What a host pays for being looked after: the native agent with a hundred real collectors, over TLS, parked polls and
/// heartbeats as ever and a task a minute. Its peak of memory counts from its start, the rollout of the hundred included.
/// </summary>
static class AgentBench
{
    const int Collectors = 100;
    const double LimitMb = 25, LimitCpuPct = 0.2;

    static string Configuration(int number) => $$"""
        # collector {{number}}
        receivers:
          hostmetrics: {collection_interval: 15s, scrapers: {load: {}, memory: {} } }
        exporters:
          nop: {}
        service:
          pipelines:
            metrics: {receivers: [hostmetrics], exporters: [nop]}
        """;

    public static async Task<BenchResult> Run(bool quick)
    {
        if (Environment.GetEnvironmentVariable(AgentSubject.Variable) is not { Length: > 0 } || !CollectorSubject.IsNative)
            throw new InvalidOperationException($"This benchmark measures native programs: ./bench builds them, or {AgentSubject.Variable} and PHOENIX_COLLECTOR_BIN name them.");
        var place = Directory.CreateTempSubdirectory("pb-");
        try
        {
            using var stop = new CancellationTokenSource();
            // The agent is ended in order, else its collectors would go on.
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => { signal.Cancel = true; stop.Cancel(); });
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => { signal.Cancel = true; stop.Cancel(); });
            var authority = Path.Combine(place.FullName, "authority.pem");
            await using var control = await StandIn.StartAsync(authority);
            await using var agent = AgentSubject.Start(control.Address, authority, place);
            return await Measure(control, agent, TimeSpan.FromMinutes(quick ? 1 : 30), stop.Token);
        }
        catch (OperationCanceledException)
        {
            throw new InvalidOperationException("The benchmark was stopped.");
        }
        finally
        {
            place.Delete(recursive: true);
        }
    }

    static async Task<BenchResult> Measure(StandIn control, AgentSubject agent, TimeSpan time, CancellationToken stop)
    {
        var desired = Enumerable.Range(1, Collectors).Select(n => control.Signed($"collector-{n:000}", Configuration(n))).ToList();
        var watch = Stopwatch.StartNew();
        await Do(control, agent, desired, 1, stop);
        Console.WriteLine($"{Collectors} collectors rolled out by one task in {watch.Elapsed.TotalSeconds:0.0} s, {agent.Cpu.TotalSeconds:0.00} s of CPU; then resident {agent.ResidentMb:0.0} MB, peak {agent.ResidentPeakMb:0.0} MB");

        List<double> minutes = [];
        var (from, cpu) = (Stopwatch.GetTimestamp(), agent.Cpu);
        for (var minute = 1; minute <= time.TotalMinutes; minute++)
        {
            var (began, spent) = (Stopwatch.GetTimestamp(), agent.Cpu);
            await Task.Delay(TimeSpan.FromSeconds(30), stop);
            await Do(control, agent, [desired[minute % Collectors]], minute + 1, stop);
            if (TimeSpan.FromMinutes(minute) - Stopwatch.GetElapsedTime(from) is { Ticks: > 0 } rest) await Task.Delay(rest, stop);
            minutes.Add((agent.Cpu - spent) / Stopwatch.GetElapsedTime(began) * 100);
        }
        var cpuPct = (agent.Cpu - cpu) / Stopwatch.GetElapsedTime(from) * 100;

        var heartbeat = control.LastHeartbeat ?? throw new InvalidOperationException("the agent sent no heartbeat");
        var healthy = heartbeat.Collectors.Count(c => c is { Healthy: true, Restarts: 0 });
        if (healthy != Collectors) throw new InvalidOperationException($"{healthy} of {Collectors} collectors are healthy and were never restarted");
        var peak = agent.ResidentPeakMb;
        Console.WriteLine($"over {time.TotalMinutes:0} min: resident peak {peak:0.0} MB ({LimitMb} asked), at the end {agent.ResidentMb:0.0} MB; CPU {cpuPct:0.000} % of a core ({LimitCpuPct} asked), " +
            $"worst minute {minutes.Max():0.000} %; {control.Polls} polls, {control.Heartbeats} heartbeats; collectors {heartbeat.Collectors.Sum(c => c.ResidentBytes) / 1e6:0} MB resident together");
        return new("agent", $"the limit of {LimitMb:0} MB", "MB resident peak", [peak], [LimitMb])
        {
            Fields = new Dictionary<string, double>
            {
                ["peakRssMb"] = Math.Round(peak, 1), ["endRssMb"] = Math.Round(agent.ResidentMb, 1), ["cpuPct"] = Math.Round(cpuPct, 3),
                ["cpuPctWorstMinute"] = Math.Round(minutes.Max(), 3), ["collectors"] = Collectors, ["minutes"] = time.TotalMinutes,
            },
        };
    }

    /// <summary>Has the agent make it so, as one task.</summary>
    static async Task Do(StandIn control, AgentSubject agent, IReadOnlyList<DesiredCollector> collectors, long lease, CancellationToken stop)
    {
        var task = new AssignedTask(Guid.CreateVersion7(), TaskKind.Apply, lease, DateTimeOffset.UtcNow.AddMinutes(10), 1, new(null, collectors, [], null));
        control.Deliver(task);
        var result = await agent.WaitAsync("the result of a task", () =>
        {
            stop.ThrowIfCancellationRequested();
            return Task.FromResult(control.ResultOf(task.Id));
        }, minutes: 20);
        if (result.Outcome is not TaskOutcome.Succeeded) throw new InvalidOperationException($"the agent could not do it: {result.Error?.Code}: {result.Error?.Detail}");
    }
}
