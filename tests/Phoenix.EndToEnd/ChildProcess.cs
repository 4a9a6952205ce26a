using System.Diagnostics;

namespace Phoenix.EndToEnd;

/// <summary>A program with its output in a file, which a killed program leaves behind whole.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _log;

    private ChildProcess(Process process, string log) => (_process, _log, Id) = (process, log, process.Id);

    /// <summary>Known also when the process is gone.</summary>
    public int Id { get; }

    public bool IsAlive => !_process.HasExited;

    public int ExitCode => _process.ExitCode;

    public static ChildProcess Start(string log, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment)
    {
        // The shell opens the log and becomes the program, so that the pid is the program's own.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", log, .. command]);
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        return new(Process.Start(start) ?? throw new InvalidOperationException($"{command[0]} could not be started."), log);
    }

    /// <summary>SIGKILL, as a crash or the kernel's memory killer would; returns when the process is gone.</summary>
    public Task KillAsync()
    {
        _process.Kill();
        return _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM; returns when the process has ended by itself.</summary>
    /// <exception cref="TimeoutException">It did not end in time.</exception>
    public async Task TerminateAsync()
    {
        Processes.Signal(Id, Processes.SigTerm);
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(40));
    }

    public IEnumerable<string> LastLines(int count) => File.Exists(_log) ? File.ReadLines(_log).TakeLast(count) : [];

    public async ValueTask DisposeAsync()
    {
        if (IsAlive)
        {
            try
            {
                await TerminateAsync();
            }
            catch (TimeoutException)
            {
                await KillAsync();
            }
        }

        _process.Dispose();
    }
}
