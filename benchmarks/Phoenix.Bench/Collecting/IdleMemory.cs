namespace Phoenix.Bench.Collecting;

/// <summary>What a collector takes that has nothing to do, alone and a hundred on one host.</summary>
static class IdleMemory
{
    public static async Task RunAsync(bool quick, Dictionary<string, double> fields)
    {
        const int Many = 100;
        var collectors = new List<CollectorSubject>();
        try
        {
            collectors.Add(CollectorSubject.Start(Configurations.Idle));
            fields["idleMb"] = Math.Round(await SettledAsync(collectors[0]), 1);
            for (var i = 1; i < Many; i++) collectors.Add(CollectorSubject.Start(Configurations.Idle, i % Environment.ProcessorCount));
            foreach (var collector in collectors) await SettledAsync(collector);
            fields["hundredIdleMb"] = Math.Round(collectors.Sum(c => c.ProportionalMb), 1);
            Console.WriteLine($"\nIdle: {fields["idleMb"]:0.0} MB resident (20 asked); {Many} together {fields["hundredIdleMb"]:0} MB (600 asked; pages that they share count once, " +
                $"the plain sum is {collectors.Sum(c => c.ResidentMb):0} MB)");
        }
        finally
        {
            await Parallel.ForEachAsync(collectors, async (collector, _) => await collector.DisposeAsync());
        }

        _ = quick;
    }

    // After its start a collector gives back what only the start needed; then its memory stands still.
    static Task<double> SettledAsync(CollectorSubject collector)
    {
        var (last, same) = (0.0, 0);
        return collector.WaitAsync("memory at rest", async () =>
        {
            await collector.RunningAsync();
            var now = collector.ResidentMb;
            (last, same) = (now, now == last ? same + 1 : 0);
            return same >= 5 ? (object)now : null;
        }).ContinueWith(settled => (double)settled.Result, TaskScheduler.Default);
    }
}
