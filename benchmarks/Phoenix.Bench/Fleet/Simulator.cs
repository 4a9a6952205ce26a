using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;

namespace Phoenix.Bench.Fleet;

/// <summary>A received task, as the simulator saw it; times in microseconds since 1970.</summary>
sealed record Received(Guid Id, string Host, long Lease, long ReceivedUnixUs, long? AcceptedUnixUs, bool? Succeeded = null);

/// <summary>The fleet simulator as a process of its own, so that its CPU time is not the control plane's.</summary>
sealed class Simulator : IAsyncDisposable
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    readonly Process _process;
    readonly Channel<JsonElement> _events = Channel.CreateUnbounded<JsonElement>();
    readonly ConcurrentDictionary<Guid, TaskCompletionSource<Received>> _awaited = new();

    readonly SemaphoreSlim _asking = new(1);
    List<Received>? _listing;

    /// <param name="within">A command that runs the simulator as its last arguments say, in another network for example.</param>
    public Simulator(params string[] within)
    {
        var program = Environment.GetEnvironmentVariable("PHOENIX_FLEET_SIMULATOR") ?? throw new InvalidOperationException("PHOENIX_FLEET_SIMULATOR does not name the simulator. Run this through ./bench.");
        string[] command = [.. within, "dotnet", program];
        _process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        _ = Task.Run(Read);
    }

    public ProcessUse Use => new(_process.Id);

    /// <returns>How many could.</returns>
    public async Task<int> TryEnrol(string url, string token, string prefix, int count) =>
        (await Ask(new { @do = "enrol", url, token, prefix, count, concurrency = 32 }, "enrolled")).GetProperty("count").GetInt32();

    /// <summary>Everything that came to the hosts since the start.</summary>
    public async Task<IReadOnlyList<Received>> Tasks()
    {
        List<Received> tasks = [];
        _listing = tasks;
        await Ask(new { @do = "tasks" }, "tasksEnd");
        _listing = null;
        return tasks;
    }

    public async Task<double> Enrol(string url, string token, string prefix, int count, bool labelled = false)
    {
        var enrolled = await Ask(new { @do = "enrol", url, token, prefix, count, concurrency = 32, labelled }, "enrolled");
        return enrolled.GetProperty("failed").GetInt32() == 0 ? enrolled.GetProperty("seconds").GetDouble()
            : throw new InvalidOperationException($"{enrolled.GetProperty("failed").GetInt32()} of {count} agents could not enrol");
    }

    public Task Start(double workMs = 0, double failRate = 0, double dieRate = 0, bool heartbeats = false, bool flow = false) =>
        Ask(new { @do = "start", workMs, failRate, dieRate, heartbeats, flow }, "started");

    /// <summary>Every host reports a window of the experiment.</summary>
    /// <returns>Seconds until the control plane had taken all of them.</returns>
    public async Task<double> Measure(Guid experiment, int window)
    {
        var measured = await Ask(new { @do = "measure", experiment, window, concurrency = 64 }, "measured");
        return measured.GetProperty("seconds").GetDouble();
    }

    /// <summary>The hosts of each experiment report a window of it.</summary>
    /// <returns>Reports that the control plane took.</returns>
    public async Task<int> Measure(IEnumerable<(Guid Experiment, IReadOnlyList<string> Hosts)> experiments, int window)
    {
        var measured = await Ask(new { @do = "measure", experiments = experiments.Select(e => new { e.Experiment, e.Hosts }), window, concurrency = 64 }, "measured");
        return measured.GetProperty("hosts").GetInt32();
    }

    public Task Watch() => Ask(new { @do = "watch", on = true }, "watching");

    public async Task<IReadOnlyDictionary<string, long>> Status() =>
        (await Ask(new { @do = "status" }, "status")).EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Number).ToDictionary(p => p.Name, p => p.Value.GetInt64());

    /// <summary>Waits until a count of the status is reached.</summary>
    /// <returns>Seconds from <paramref name="since"/> (a timestamp of <see cref="Stopwatch"/>).</returns>
    public async Task<double> Until(string count, long wanted, long since, double limitSeconds = 120)
    {
        while (true)
        {
            var now = (await Status())[count];
            if (now >= wanted) return Stopwatch.GetElapsedTime(since).TotalSeconds;
            if (Stopwatch.GetElapsedTime(since).TotalSeconds > limitSeconds) throw new InvalidOperationException($"{count} is {now} after {limitSeconds:0} s, not {wanted}");
            await Task.Delay(10);
        }
    }

    /// <summary>The moment at which a task that was just queued arrives; needs <see cref="Watch"/>.</summary>
    public Task<Received> Arrival(Guid task) => Awaited(task).Task.WaitAsync(TimeSpan.FromSeconds(60));

    TaskCompletionSource<Received> Awaited(Guid task) => _awaited.GetOrAdd(task, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    async Task<JsonElement> Ask(object command, string answer)
    {
        await _asking.WaitAsync();
        try
        {
            return await AskAlone(command, answer);
        }
        finally
        {
            _asking.Release();
        }
    }

    async Task<JsonElement> AskAlone(object command, string answer)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(command, Json));
        await _process.StandardInput.FlushAsync();
        while (true)
        {
            var e = await _events.Reader.ReadAsync();
            var name = e.GetProperty("event").GetString();
            if (name == answer) return e;
            if (name == "error") throw new InvalidOperationException($"the simulator: {e.GetProperty("detail").GetString()}");
        }
    }

    async Task Read()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            var e = JsonSerializer.Deserialize<JsonElement>(line);
            if (e.GetProperty("event").GetString() == "task")
            {
                var task = e.Deserialize<Received>(Json)!;
                if (_listing is { } listing) listing.Add(task);
                else Awaited(task.Id).TrySetResult(task);
            }
            else
            {
                _events.Writer.TryWrite(e);
            }
        }
        _events.Writer.TryComplete(new InvalidOperationException("the simulator has ended"));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
        _asking.Dispose();
    }
}
