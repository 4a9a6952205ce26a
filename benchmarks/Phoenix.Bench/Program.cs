using System.Runtime.Versioning;
using Phoenix.Bench;
using Phoenix.Bench.Agent;
using Phoenix.Bench.Collecting;
using Phoenix.Bench.Daemon;
using Phoenix.Bench.Fleet;
using Phoenix.Bench.Pages;
using Phoenix.Bench.Queue;
using Phoenix.Bench.Statistics;

[assembly: SupportedOSPlatform("linux")]

Dictionary<string, (string What, Func<bool, Task<BenchResult>> Run)> benches = new()
{
    ["agent"] = ("the native agent with a hundred collectors over TLS for half an hour: peak of memory and CPU", AgentBench.Run),
    ["append"] = ("events through Marten as the control plane appends them, beside the same rows by Npgsql and unnest", Append.Run),
    ["collector"] = ("the real collector on one core, beside vmagent and a bare receive-and-copy loop; memory at a million series", CollectorBench.Run),
    ["daemon"] = ("async projections catch up on a million events, beside batched SQL; how far behind they are at 500 events/s", DaemonBench.Run),
    ["dashboard"] = ("the pages with ten thousand hosts and a thousand experiments: first useful paint, interaction, bundle, a thousand live clients, Lighthouse", DashboardBench.Run),
    ["experiment"] = ("an experiment over ten thousand hosts from start to verdict, window after window, beside copied rows", ExperimentBench.Run),
    ["latency"] = ("from queueing a task over HTTP to its host's parked poll, with ten thousand polls parked, beside graphile-worker", Latency.Run),
    ["polls"] = ("memory and cores of parked polls, beside a bare Kestrel endpoint", Polls.Run),
    ["processes"] = ("the process scraper over a thousand processes, beside a loop that reads their files", quick => Task.FromResult(Processes.Run(quick))),
    ["queue"] = ("tasks queued, claimed and done, all as events, beside graphile-worker, pg-boss and bare rows; under a held snapshot", QueueBench.Run),
    ["reduce"] = ("decode, identity, meter and fold of OTLP points, step by step, beside the bare copy of the bytes", quick => Task.FromResult(Reduce.Run(quick))),
    ["sketch"] = ("UltraLogLog and heavy hitters: error over theory and cost of an update, beside an exact HashSet and HyperLogLog", quick => Task.FromResult(Sketches.Run(quick))),
    ["soak"] = ("a million series in the real collector for ten minutes, some going, some coming, counters beginning again", Soak.Run),
    ["soak-fleet"] = ("a fleet with churn and failures while processes are killed, stalled and cut off; then the event log is checked", SoakFleet.Run),
    ["statistics"] = ("simulated experiments that are looked at in every window: false promotions, coverage and power, beside a t-test", quick => Task.FromResult(StatisticsBench.Run(quick))),
    ["storm"] = ("an experiment over ten thousand hosts, and the control plane killed under them, beside a bare Kestrel fan-out", Storm.Run),
};

if (args is [BareServer.Argument])
{
    await BareServer.Serve();
    return 0;
}
if (args is [BareHub.Argument])
{
    await BareHub.Serve();
    return 0;
}
if (args is [RelaySubject.Argument, var backend])
{
    await RelaySubject.ServeAsync(new Uri(backend));
    return 0;
}
if (args.Length == 0)
{
    foreach (var (name, bench) in benches) Console.WriteLine($"{name,-12} {bench.What}");
    return 0;
}
if (!benches.TryGetValue(args[0], out var chosen))
{
    Console.Error.WriteLine($"There is no benchmark '{args[0]}'. Known: {string.Join(", ", benches.Keys)}.");
    return 2;
}
if (args.Skip(1).Any(a => a != "--quick"))
{
    Console.Error.WriteLine("The only option is --quick.");
    return 2;
}
// Ended from outside, it leaves none of the servers and fleets running that it has started.
AppDomain.CurrentDomain.ProcessExit += (_, _) =>
{
    foreach (var child in DatabaseFaults.Children(Environment.ProcessId))
    {
        try
        {
            System.Diagnostics.Process.GetProcessById(child).Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended by itself.
        }
    }
};
try
{
    var result = await chosen.Run(args.Contains("--quick"));
    Console.WriteLine(result.ToJson());
    return 0;
}
catch (InvalidOperationException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
