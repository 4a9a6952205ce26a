using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>What a person asks of whoever holds the state directory: <c>panic.request</c>.</summary>
/// <param name="Clear">True ends the panic, false begins it.</param>
internal sealed record PanicRequest(Guid Id, bool Clear);

/// <summary>What <c>panic.json</c> says for as long as the panic is in force.</summary>
/// <param name="Done">False while it is carried out: an agent that is killed meanwhile lets the next one finish.</param>
internal sealed record PanicRecord(Guid Request, DateTimeOffset At, bool Done, IReadOnlyList<PanicStep> Steps);

/// <param name="Failed">True where the collector could not be brought to where it should be.</param>
internal sealed record PanicStep(string Collector, string What, bool Failed);

/// <summary>
/// Brings the host back to its last-known-good pipeline and keeps it there: candidates and baselines end, production returns
/// to the configuration before the one it runs. Until a person on the host clears it, tasks that would change anything are
/// refused, since the control plane would only order again what the panic undid.
/// </summary>
internal sealed class Panic(StateDirectory directory, Fleet fleet, Rollout rollout)
{
    private volatile PanicRecord? _record = DurableFile.Read(directory.PanicFile, AgentJson.Default.PanicRecord);

    public DateTimeOffset? At => _record?.At;

    /// <summary>Whether one was begun and not carried out to its end.</summary>
    public bool IsUnfinished => _record is { Done: false };

    /// <summary>Why the task is not done while the panic is in force; null where it takes off, asks for what runs anyway, or reads what the host has logged.</summary>
    public TaskError? Refusal(AssignedTask task)
    {
        if (_record is not { } record)
            return null;
        var changesNothing = task.Kind is TaskKind.Logs || task.Kind is TaskKind.Apply && task.Desired.Collectors.All(wanted =>
            wanted.Arm is CollectorArm.Production && fleet.Find(wanted.Name)?.State is { } state
            && state.ConfigurationHash == wanted.ConfigurationHash && state.Runtime == wanted.Runtime);
        return changesNothing ? null : Error(record);
    }

    public static TaskError Error(PanicRecord record) => new("host-in-panic",
        $"The host was put back to its last good pipeline by phoenix-agent panic at {record.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z and changes nothing until phoenix-agent panic --clear is run on it.",
        Retryable: false, []);

    /// <summary>The error for work that the panic ends.</summary>
    public TaskError? Interruption => _record is { } record ? Error(record) : null;

    /// <param name="giveBack">Ends the work under way; called when new work is already refused.</param>
    /// <param name="mayStart">Whether production that does not run is started: not by a command that goes away again.</param>
    public async Task<PanicRecord> EnterAsync(Guid request, Action giveBack, bool mayStart, CancellationToken cancellation)
    {
        // A second one goes on from where the host is: production has returned then and has nothing further to return to.
        Save(new PanicRecord(request, _record?.At ?? DateTimeOffset.UtcNow, Done: false, []));
        Log.Warn("Panic: the host returns to its last good pipeline.");
        giveBack();
        List<PanicStep> steps = [];
        // What is measured first: it ends in any case, and takes its load off.
        foreach (var collector in fleet.All.OrderByDescending(collector => collector.State?.Arm))
        {
            await collector.Gate.WaitAsync(cancellation);
            try
            {
                if (collector.State is { } state)
                    steps.Add(await StepAsync(collector, state, mayStart, cancellation));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                // The others are put back all the same.
                Log.Error("Panic: a collector could not be put back.", ("collector", collector.Name), ("error", e.Message));
                steps.Add(new PanicStep(collector.Name, $"could not be put back: {e.Message}", Failed: true));
            }
            finally
            {
                collector.Gate.Release();
            }
        }
        var done = _record! with { Done = true, Steps = steps };
        Save(done);
        return done;
    }

    public void Clear()
    {
        File.Delete(directory.PanicFile);
        _record = null;
        Log.Info("The panic is over; the control plane decides again what runs.");
    }

    private async Task<PanicStep> StepAsync(Collector collector, CollectorState state, bool mayStart, CancellationToken cancellation)
    {
        if (state.Arm is not CollectorArm.Production)
        {
            await collector.RemoveAsync();
            fleet.Forget(collector);
            return new PanicStep(collector.Name, "ended", Failed: false);
        }
        var ran = collector.IsRunning;
        var moved = await rollout.ReturnAsync(collector, start: ran || mayStart, cancellation);
        var now = collector.State!;
        var what = moved ? $"returned from configuration {state.ConfigurationHash[..12]} to {now.ConfigurationHash[..12]}"
            : $"left with configuration {now.ConfigurationHash[..12]}: no earlier good one is known on this host";
        return new PanicStep(collector.Name, collector.IsRunning ? $"{what}, runs as process {now.Process!.Id}" : $"{what}, does not run: it starts with the agent", Failed: false);
    }

    private void Save(PanicRecord record)
    {
        DurableFile.Write(directory.PanicFile, record, AgentJson.Default.PanicRecord);
        _record = record;
    }
}

/// <summary>Hears what a person asks of the running agent by <c>phoenix-agent panic</c>.</summary>
internal sealed class PanicWatch(StateDirectory directory, Panic panic, Action giveBack, Action changed)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Every);
        do
        {
            try
            {
                if (File.Exists(directory.PanicRequestFile) && DurableFile.Read(directory.PanicRequestFile, AgentJson.Default.PanicRequest) is { } request)
                    await AnswerAsync(request, cancellation);
                else if (panic.IsUnfinished)
                    await panic.EnterAsync(Guid.Empty, giveBack, mayStart: true, cancellation);
                else
                    continue;
                changed();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                // Whoever asked is still waiting, and hears from the log why.
                Log.Error("Panic: what was asked for could not be done.", ("error", e.Message));
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    private async Task AnswerAsync(PanicRequest request, CancellationToken cancellation)
    {
        if (request.Clear)
            panic.Clear();
        else
            await panic.EnterAsync(request.Id, giveBack, mayStart: true, cancellation);
        File.Delete(directory.PanicRequestFile);
    }
}
