using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Phoenix.Demo;

/// <summary>
/// A program that the demo started: it writes to a log file directly (a pipe would end with the demo), and its process id
/// is on disk, so that <c>./run</c> can end it should the demo be killed.
/// </summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly string _pidFile;
    private volatile bool _stopping;

    private ChildProcess(string name, string log, Process process, string pidFile)
    {
        (Name, Log, _process, _pidFile) = (name, log, process, pidFile);
        Died = WatchAsync();
    }

    public string Name { get; }

    public string Log { get; }

    /// <summary>Ends when the process has ended; the result says how, or is null where it was asked to end.</summary>
    public Task<string?> Died { get; }

    public static ChildProcess Start(
        string name, string state, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment)
    {
        var log = Path.Combine(state, "logs", $"{name}.log");
        if (File.Exists(log))
        {
            File.Move(log, log + ".1", overwrite: true);
        }

        // The shell opens the log and becomes the program: one process, and no pipe between it and the demo.
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = state };
        foreach (var argument in (string[])["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", log, .. command])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        var process = Process.Start(start) ?? throw new DemoFailure($"{name} could not be started: {command[0]}");
        var pidFile = Path.Combine(state, "pids", name);
        Directory.CreateDirectory(Path.GetDirectoryName(pidFile)!);
        // A process id alone may be another program's tomorrow: with the start time it names this process for good.
        File.WriteAllText(pidFile, $"{process.Id} {StartTicks(process.Id)}\n");
        return new ChildProcess(name, log, process, pidFile);
    }

    public string LastLines(int count) =>
        File.Exists(Log) ? string.Join('\n', File.ReadLines(Log).TakeLast(count).Select(line => "    " + line)) : "    (no log)";

    /// <summary>SIGTERM, then, where that does not help in time, SIGKILL.</summary>
    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        if (!_process.HasExited)
        {
            // The process is a child that was not waited for, so its id cannot have been given to another.
            _ = Kill(_process.Id, SigTerm);
            try
            {
                await _process.WaitForExitAsync().WaitAsync(Patience);
            }
            catch (TimeoutException)
            {
                _process.Kill();
                await _process.WaitForExitAsync();
            }
        }

        await Died;
        File.Delete(_pidFile);
        _process.Dispose();
    }

    private static string StartTicks(int pid)
    {
        var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
        // Field 22, counted from behind the command name, which may itself hold blanks and parentheses.
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19];
    }

    private async Task<string?> WatchAsync()
    {
        await _process.WaitForExitAsync();
        return _stopping ? null : $"{Name} ended with exit code {_process.ExitCode}. Its last log lines ({Log}):\n{LastLines(15)}";
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
