using System.Collections;
using System.Collections.ObjectModel;
using System.Runtime.InteropServices;
using System.Text;

namespace Phoenix.Agent;

/// <summary>
/// Starts a program in a session of its own, with standard input closed and its output in a file, so that it outlives a
/// killed agent. <see cref="System.Diagnostics.Process"/> cannot start a session and ties output to pipes that die with
/// the agent; posix_spawn does both without forking the runtime, and needs no setsid program on the host.
/// </summary>
internal static class ChildProcess
{
    /// <summary>Never handed down: a collector has no use for them and its configuration could read them as ${env:X}.</summary>
    private static readonly string[] Withheld =
        [AgentSettings.EnrolmentTokenVariable, ServiceManager.SocketVariable, ServiceManager.WatchdogVariable, "WATCHDOG_PID"];

    /// <param name="variables">Beside those of the environment, and before them.</param>
    /// <param name="environment">Null for this process's own.</param>
    /// <exception cref="ProgramMissingException">There is no such program, or it may not be executed.</exception>
    public static unsafe ProcessIdentity Start(
        string program, IReadOnlyList<string> arguments, string outputFile, IReadOnlyDictionary<string, string>? variables = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!);
        variables ??= ReadOnlyDictionary<string, string>.Empty;
        var attributes = stackalloc byte[Native.OpaqueSize];
        var actions = stackalloc byte[Native.OpaqueSize];
        var signals = stackalloc byte[Native.OpaqueSize];
        Check(Native.AttributesInit(attributes), program);
        Check(Native.FileActionsInit(actions), program);
        var argumentBlock = Block([program, .. arguments]);
        var environmentBlock = Block(environment
            .Where(entry => !Withheld.Contains(entry.Key) && !variables.ContainsKey(entry.Key)).Select(entry => $"{entry.Key}={entry.Value}")
            .Concat(variables.Select(variable => $"{variable.Key}={variable.Value}")));
        try
        {
            // The runtime ignores SIGPIPE and may block signals; a program starts with neither.
            _ = Native.SignalsClear(signals);
            Check(Native.AttributesSetSignalMask(attributes, signals), program);
            _ = Native.SignalsAdd(signals, Native.SigPipe);
            Check(Native.AttributesSetSignalDefaults(attributes, signals), program);
            Check(Native.AttributesSetFlags(attributes, Native.SpawnSetSession | Native.SpawnSetSignalMask | Native.SpawnSetSignalDefaults), program);
            Check(Native.FileActionsAddOpen(actions, 0, "/dev/null", Native.ReadOnly, 0), program);
            Check(Native.FileActionsAddOpen(actions, 1, outputFile, Native.WriteOnly | Native.Create | Native.Append, 0x180), program);
            Check(Native.FileActionsAddDuplicate(actions, 1, 2), program);
            Check(Native.Spawn(out var pid, program, actions, attributes, argumentBlock, environmentBlock), program);
            return Identify(pid);
        }
        finally
        {
            Free(argumentBlock);
            Free(environmentBlock);
            _ = Native.FileActionsDestroy(actions);
            _ = Native.AttributesDestroy(attributes);
        }
    }

    /// <inheritdoc cref="RunAsync(Launch, string, TimeSpan, CancellationToken)"/>
    public static Task<int?> RunAsync(string program, IReadOnlyList<string> arguments, string outputFile, TimeSpan limit, CancellationToken cancellation) =>
        RunAsync(new Launch(program, arguments, ReadOnlyDictionary<string, string>.Empty), outputFile, limit, cancellation);

    /// <summary>Runs a program to its end. Returns its exit code; null where it ended by a signal or ran past the limit.</summary>
    public static async Task<int?> RunAsync(Launch launch, string outputFile, TimeSpan limit, CancellationToken cancellation)
    {
        var process = Start(launch.Program, launch.Arguments, outputFile, launch.Variables);
        var until = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        while (true)
        {
            var reaped = Native.WaitForProcess(process.Id, out var status, Native.NoHang);
            if (reaped == process.Id)
                return (status & 0x7f) == 0 ? (status >> 8) & 0xff : null;
            if (reaped < 0)
                throw new IOException($"Process {process.Id} cannot be waited for: {Marshal.GetLastPInvokeErrorMessage()}.");
            if (Environment.TickCount64 >= until || cancellation.IsCancellationRequested)
            {
                await process.StopAsync(TimeSpan.Zero);
                cancellation.ThrowIfCancellationRequested();
                return null;
            }
            await Task.Delay(10, CancellationToken.None);
        }
    }

    private static ProcessIdentity Identify(int pid)
    {
        try
        {
            // A child that has already ended is a zombie until it is reaped.
            return ProcessIdentity.Of(pid) ?? new ProcessIdentity(pid, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without an identity nobody would ever end it.
            _ = Native.Kill(pid, Native.SigKill);
            _ = Native.WaitForProcess(pid, out _, 0);
            throw;
        }
    }

    private static void Check(int error, string program)
    {
        if (error is 0)
            return;
        var message = $"{program} cannot be started: {Marshal.GetPInvokeErrorMessage(error)}";
        throw error is 2 or 13 or 8 ? new ProgramMissingException(message) : new IOException(message);
    }

    private static unsafe byte** Block(IEnumerable<string> strings)
    {
        var all = strings.ToArray();
        var block = (byte**)NativeMemory.Alloc((nuint)(all.Length + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < all.Length; i++)
        {
            var length = Encoding.UTF8.GetByteCount(all[i]);
            block[i] = (byte*)NativeMemory.Alloc((nuint)length + 1);
            Encoding.UTF8.GetBytes(all[i], new Span<byte>(block[i], length));
            block[i][length] = 0;
        }
        block[all.Length] = null;
        return block;
    }

    private static unsafe void Free(byte** block)
    {
        for (var entry = block; *entry is not null; entry++)
            NativeMemory.Free(*entry);
        NativeMemory.Free(block);
    }
}

/// <summary>ENOENT, EACCES or ENOEXEC of the program to start.</summary>
internal sealed class ProgramMissingException(string message) : IOException(message);
