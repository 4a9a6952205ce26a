using System.Text;

namespace Phoenix.Agent;

/// <summary>
/// <c>phoenix-agent panic</c>, for a person at three in the morning: asks the running agent, or does it itself where none runs.
/// Needs no control plane and no setting but the state directory.
/// </summary>
internal static class PanicCommand
{
    public const int Unanswered = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(AgentSettings settings, bool clear, TextWriter output)
    {
        var directory = new StateDirectory(settings.StateDirectory);
        if (!Directory.Exists(directory.Collectors))
        {
            output.WriteLine($"No agent has run with {directory.Root}: set {AgentSettings.StateDirectoryVariable} to the agent's state directory.");
            return AgentProcess.SettingsWrong;
        }
        if (Native.TakeIdentityOfOwner(directory.Root) is { } problem)
        {
            output.WriteLine($"{directory.Root} belongs to another user, as whom this command cannot act ({problem}): run it as root or as that user.");
            return AgentProcess.SettingsWrong;
        }

        var request = new PanicRequest(Guid.NewGuid(), clear);
        var wasClear = !File.Exists(directory.PanicFile);
        DurableFile.Write(directory.PanicRequestFile, request, AgentJson.Default.PanicRequest);
        var until = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        for (var told = false; Environment.TickCount64 < until; await Task.Delay(100))
        {
            if (!File.Exists(directory.PanicRequestFile) && Answer(directory, request) is var (answered, record) && answered)
                return Print(output, record, clear, wasClear, "The agent");
            if (TryLock(directory) is { } owned)
            {
                await using (owned)
                {
                    // It may have answered and ended between the two looks.
                    var (done, known) = Answer(directory, request);
                    return Print(output, done ? known : await AloneAsync(settings, directory, request), clear, wasClear, "No agent runs, so this command");
                }
            }
            if (!told)
                output.WriteLine("The agent is told; waiting for its confirmation.");
            told = true;
        }
        output.WriteLine($"""
            The agent has not confirmed within {Patience.TotalSeconds:0} s. The request stays in {directory.PanicRequestFile} and is carried out as soon as it can.
            To do it now: end the agent (systemctl kill -s KILL phoenix-agent; collectors go on) and run this command again.
            """);
        return Unanswered;
    }

    private static (bool Answered, PanicRecord? Record) Answer(StateDirectory directory, PanicRequest request)
    {
        var record = DurableFile.Read(directory.PanicFile, AgentJson.Default.PanicRecord);
        return request.Clear ? (record is null, null) : (record is { Done: true } && record.Request == request.Id, record);
    }

    private static FileStream? TryLock(StateDirectory directory)
    {
        try
        {
            return directory.Lock();
        }
        catch (StateDirectoryInUseException)
        {
            return null;
        }
    }

    private static async Task<PanicRecord?> AloneAsync(AgentSettings settings, StateDirectory directory, PanicRequest request)
    {
        using var control = new ControlSocket(directory);
        var ports = new LoopbackPorts(directory);
        using var stock = new StockRuntime(settings, ports);
        var runtimes = new Runtimes(new PhoenixRuntime(settings.CollectorPath, directory, control, ports), stock);
        var fleet = new Fleet(directory, runtimes);
        var panic = new Panic(directory, fleet, new Rollout(settings, fleet, runtimes));
        PanicRecord? record = null;
        if (request.Clear)
        {
            panic.Clear();
        }
        else
        {
            await fleet.AdoptAsync(CancellationToken.None);
            // The service's variables are not those of the person's shell.
            foreach (var collector in fleet.All)
                collector.StartsWith = EnvironmentOf(collector.State?.Process);
            record = await panic.EnterAsync(request.Id, () => { }, mayStart: false, CancellationToken.None);
        }
        File.Delete(directory.PanicRequestFile);
        return record;
    }

    private static Dictionary<string, string>? EnvironmentOf(ProcessIdentity? process)
    {
        if (process is null)
            return null;
        var variables = new Dictionary<string, string>();
        foreach (var entry in Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{process.Id}/environ")).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            if (entry.IndexOf('=', StringComparison.Ordinal) is > 0 and var at)
                variables[entry[..at]] = entry[(at + 1)..];
        }
        return variables;
    }

    private static int Print(TextWriter output, PanicRecord? record, bool clear, bool wasClear, string who)
    {
        if (clear)
        {
            output.WriteLine(wasClear ? "No panic was in force." : "The panic is over. The control plane decides again what runs here.");
            return AgentProcess.Stopped;
        }
        output.WriteLine($"{who} has put this host back to its last good pipeline.");
        foreach (var step in record!.Steps)
            output.WriteLine($"  {(step.Failed ? "FAILED " : "")}{step.Collector}: {step.What}");
        if (record.Steps.Count is 0)
            output.WriteLine("  Nothing was to be done: no collector is known here.");
        output.WriteLine("The control plane changes nothing here until you run: phoenix-agent panic --clear");
        return record.Steps.Any(step => step.Failed) ? AgentProcess.Faulted : AgentProcess.Stopped;
    }
}
