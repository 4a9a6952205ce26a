using System.Globalization;
using System.Runtime.InteropServices;

namespace Phoenix.Agent;

/// <summary>
/// A process that cannot be mistaken for a later one with the same pid: pid and start time.
/// </summary>
/// <param name="StartTicks">Field 22 of <c>/proc/PID/stat</c>: clock ticks since boot (proc_pid_stat(5)).</param>
internal sealed record ProcessIdentity(int Id, long StartTicks)
{
    private const int NoSuchProcess = 3;

    /// <summary>The live process with this pid; null where there is none or only its zombie.</summary>
    /// <exception cref="IOException">It cannot be told, as where no file can be opened any more: that does not mean that it has ended.</exception>
    public static ProcessIdentity? Of(int pid)
    {
        if (pid <= 0)
            return null;
        try
        {
            return Parse(pid, File.ReadAllText($"/proc/{pid}/stat"));
        }
        catch (IOException e) when (e is FileNotFoundException or DirectoryNotFoundException || e.HResult is NoSuchProcess)
        {
            // ESRCH comes from reading the file of a process that ended after the file was opened.
            return null;
        }
    }

    /// <summary>Parses the line; the command name in field 2 may hold blanks and parentheses, so counting starts at the last one.</summary>
    internal static ProcessIdentity? Parse(int pid, string stat)
    {
        var end = stat.LastIndexOf(')');
        if (end < 0)
            return null;
        var fields = stat[(end + 2)..].Split(' ');
        if (fields.Length < 20 || fields[0] is "Z" or "X")
            return null;
        return new ProcessIdentity(pid, long.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    /// <summary>Whether it still runs. Reaps it where it is a child that has ended, so that no zombie stays.</summary>
    public bool IsAlive()
    {
        var reaped = Native.WaitForProcess(Id, out _, Native.NoHang);
        if (reaped == Id)
            return false;
        return Of(Id) == this;
    }

    /// <summary>Signals the process and all of its session's group; nothing where it has ended.</summary>
    public void Signal(int signal)
    {
        if (!IsAlive())
            return;
        // A collector leads its own group (setsid), so its children go with it.
        if (Native.Kill(-Id, signal) != 0 && Native.Kill(Id, signal) != 0)
            Log.Warn("A signal could not be sent.", ("pid", Id), ("signal", signal), ("error", Marshal.GetLastPInvokeErrorMessage()));
    }

    /// <summary>Asks it to end, waits, and ends it by force when the patience is over.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        Signal(Native.SigTerm);
        if (await HasEndedAsync(patience))
            return;
        Log.Warn("A process did not end on SIGTERM and is killed.", ("pid", Id), ("waitedSeconds", patience));
        Signal(Native.SigKill);
        if (!await HasEndedAsync(TimeSpan.FromSeconds(10)))
            throw new IOException($"Process {Id} does not end on SIGKILL; it hangs in the kernel.");
    }

    private async Task<bool> HasEndedAsync(TimeSpan limit)
    {
        var until = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        while (IsAlive())
        {
            if (Environment.TickCount64 >= until)
                return false;
            await Task.Delay(20);
        }
        return true;
    }
}
