using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Phoenix.Bench.Collecting;

/// <summary>A process that is measured, alone on one core. What measures it runs on the others: see <see cref="Cores"/>.</summary>
class Subject : IAsyncDisposable
{
    readonly Process process;
    readonly StringBuilder log = new();
    readonly TaskCompletionSource ended = new();

    protected Subject(int core, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo("taskset", ["-c", core.ToString(CultureInfo.InvariantCulture), program, .. arguments])
        {
            RedirectStandardError = true, RedirectStandardOutput = true,
        };
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
    /// <exception cref="InvalidOperationException">It ended, or a minute went by.</exception>
    public async Task<T> WaitAsync<T>(string what, Func<Task<T?>> condition)
    {
        var limit = Stopwatch.StartNew();
        while (limit.Elapsed < TimeSpan.FromMinutes(1))
        {
            if (await condition() is { } found) return found;
            if (ended.Task.IsCompleted) throw new InvalidOperationException($"{process.StartInfo.ArgumentList[2]} ended while the bench waited for {what}; its last words:\n{Log}");
            await Task.Delay(10);
        }
        throw new InvalidOperationException($"{what} did not come within a minute; the last log of {process.StartInfo.ArgumentList[2]}:\n{Tail()}");
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
