using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Phoenix.Bench.Collecting;

/// <summary>A process that is measured. What measures it keeps off its core, where it has one: see <see cref="Cores"/>.</summary>
class Subject : IAsyncDisposable
{
    readonly Process process;
    readonly string name;
    readonly StringBuilder log = new();
    readonly TaskCompletionSource ended = new();

    /// <summary>Alone on one core.</summary>
    protected Subject(int core, string program, params string[] arguments)
        : this(program, new("taskset", ["-c", core.ToString(CultureInfo.InvariantCulture), program, .. arguments]))
    {
    }

    protected Subject(string name, ProcessStartInfo start)
    {
        this.name = name;
        (start.RedirectStandardError, start.RedirectStandardOutput) = (true, true);
        process = Process.Start(start)!;
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => ended.TrySetResult();
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    public string Log
    {
        get
        {
            lock (log) return log.ToString();
        }
    }

    public int Id => process.Id;

    /// <summary>Processor time of all threads since the start, in user and kernel mode.</summary>
    public TimeSpan Cpu
    {
        get
        {
            // The name in parentheses may hold anything; the fields behind it are numbers.
            var stat = File.ReadAllText($"/proc/{Id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromSeconds((Number(fields[11]) + Number(fields[12])) / Phoenix.Collector.Libc.ClockTicksPerSecond);
        }
    }

    public double ResidentMb => Kibibytes("status", "VmRSS:") * 1024 / 1e6;

    public double ResidentPeakMb => Kibibytes("status", "VmHWM:") * 1024 / 1e6;

    /// <summary>Resident memory in which pages shared with other processes count by their share.</summary>
    public double ProportionalMb => Kibibytes("smaps_rollup", "Pss:") * 1024 / 1e6;

    /// <summary>Waits until a condition of the process holds.</summary>
    /// <param name="minutes">How long at most.</param>
    /// <exception cref="InvalidOperationException">It ended, or the time went by.</exception>
    public async Task<T> WaitAsync<T>(string what, Func<Task<T?>> condition, int minutes = 1)
    {
        var limit = Stopwatch.StartNew();
        while (limit.Elapsed < TimeSpan.FromMinutes(minutes))
        {
            if (await condition() is { } found) return found;
            if (ended.Task.IsCompleted) throw new InvalidOperationException($"{name} ended while the bench waited for {what}; its last words:\n{Log}");
            await Task.Delay(10);
        }
        throw new InvalidOperationException($"{what} did not come within {minutes} min; the last log of {name}:\n{Tail()}");
    }

    /// <summary>Asks the process to end (SIGTERM) and waits; false where it had not ended by then.</summary>
    protected async Task<bool> TerminateAsync(TimeSpan limit)
    {
        using (var kill = Process.Start("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        return await Task.WhenAny(ended.Task, Task.Delay(limit)) == ended.Task;
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill();
        await ended.Task;
        process.Dispose();
        GC.SuppressFinalize(this);
    }

    string Tail() => string.Join('\n', Log.Split('\n').TakeLast(20));

    double Kibibytes(string file, string field)
    {
        foreach (var line in File.ReadLines($"/proc/{Id}/{file}"))
            if (line.StartsWith(field, StringComparison.Ordinal)) return Number(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        throw new InvalidOperationException($"/proc/{Id}/{file} has no {field}");
    }

    static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    void Append(string? line)
    {
        lock (log)
        {
            // A subject that complains about every batch must not fill the bench's memory.
            if (log.Length > 1 << 20) log.Remove(0, 1 << 19);
            log.AppendLine(line);
        }
    }
}
