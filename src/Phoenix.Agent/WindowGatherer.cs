using System.Collections.Concurrent;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// About once a second asks both arms of every measured experiment for closed windows, pairs them, and puts the reports
/// into the outbox. Tells an arm what to measure whenever it has begun a new epoch.
/// </summary>
internal sealed class WindowGatherer(StateDirectory directory, Fleet fleet, ControlSocket control, StockRuntime stock, WindowOutbox outbox) : IDisposable
{
    private const int KeptExperiments = 500;
    private readonly ConcurrentDictionary<Guid, PairingCursor> _cursors = new();
    private readonly ConcurrentDictionary<string, (string Epoch, Guid Experiment, double WindowSeconds, int Generation)> _told = new();
    private readonly SemaphoreSlim _gate = new(1, 1);

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        do
        {
            await GatherAsync(cancellation);
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    /// <summary>
    /// Bounds what is kept of ended experiments. The newest stay, since an experiment that returns to this host must not
    /// use a number twice.
    /// </summary>
    public void ForgetOldExperiments()
    {
        var inUse = fleet.All.Select(collector => collector.State?.Plan).OfType<MeasurementPlan>().Select(plan => directory.Cursor(plan.ExperimentId)).ToHashSet();
        foreach (var file in new DirectoryInfo(directory.Experiments).EnumerateFiles("*.json").OrderByDescending(file => file.LastWriteTimeUtc).Skip(KeptExperiments))
        {
            if (!inUse.Contains(file.FullName))
                file.Delete();
        }
    }

    public async Task GatherAsync(CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            foreach (var plan in fleet.All.Select(collector => collector.State?.Plan).OfType<MeasurementPlan>())
            {
                try
                {
                    await GatherAsync(plan, cancellation);
                }
                catch (Exception e) when (!(e is OperationCanceledException && cancellation.IsCancellationRequested))
                {
                    // A full disk, or windows that make no sense, must end neither the agent nor another experiment's
                    // measurement; windows are asked for again, and the collectors keep the last 120.
                    Log.Error("Windows could not be gathered.", ("experiment", plan.ExperimentId), ("error", e is IOException ? e.Message : e));
                }
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Tells both arms what to measure; null when done, else why not. Repeating is harmless.</summary>
    public async Task<string?> TellAsync(MeasurementPlan plan, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            if (await control.StatusAsync(plan.ProductionName, cancellation) is not { } production)
                return $"{plan.ProductionName} does not answer on its control socket";
            if (await control.StatusAsync(plan.CandidateName, cancellation) is not { } candidate)
                return $"{plan.CandidateName} does not answer on its control socket";
            if (await TellBothAsync(plan, production.Epoch, candidate.Epoch, cancellation) is { } problem)
                return problem;
            BeginMeasuring(plan.ExperimentId);
            return null;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task GatherAsync(MeasurementPlan plan, CancellationToken cancellation)
    {
        var cursor = Cursor(plan.ExperimentId);
        long? after = cursor.SourceEpoch is null ? null : cursor.LastWindow;
        // The candidate first: it closes a window later, so whatever it has, the production arm has too.
        var candidate = await control.WindowsAsync(plan.CandidateName, after, cancellation);
        var production = await control.WindowsAsync(plan.ProductionName, after, cancellation);
        if (after is not null && production is not null && production.Epoch != cursor.SourceEpoch)
        {
            // Numbers began anew with the epoch, so "after" would hide the first of them.
            candidate = await control.WindowsAsync(plan.CandidateName, null, cancellation);
            production = await control.WindowsAsync(plan.ProductionName, null, cancellation);
        }

        // While one arm is away the other goes on as told; both are told anew when it is back.
        if (production is not null && candidate is not null)
        {
            if (await TellBothAsync(plan, production.Epoch, candidate.Epoch, cancellation) is { } problem)
                Log.Warn("An arm could not be told what to measure.", ("experiment", plan.ExperimentId), ("problem", problem));
            else
                BeginMeasuring(plan.ExperimentId);
        }

        var patience = TimeSpan.FromSeconds((2 * plan.WindowSeconds) + 10);
        var now = DateTimeOffset.UtcNow;
        if (plan.StockName is { } stockName && production is not null)
        {
            // What its copy lost is counted a little later than the window ends.
            production = production with { Windows = [.. production.Windows.TakeWhile(window => stock.Covers(stockName, window.EndedAt) || now - window.EndedAt > patience)] };
        }
        var (next, reports) = WindowPairing.Advance(Cursor(plan.ExperimentId), production, candidate, now, patience);
        if (reports.Count is 0)
            return;
        if (plan.StockName is { } feeding)
            reports = [.. reports.Select(report => report with { VoidReason = report.VoidReason ?? stock.VoidReason(feeding, report.StartedAt, report.EndedAt) })];
        // Reports before the cursor: killed in between, the same numbers are written again.
        foreach (var report in reports)
        {
            outbox.Add(plan.ExperimentId, report);
            if (report.VoidReason is { } reason)
                Log.Warn("A window is void.", ("experiment", plan.ExperimentId), ("number", report.Number), ("reason", reason));
        }
        Save(next);
    }

    private async Task<string?> TellBothAsync(MeasurementPlan plan, string production, string candidate, CancellationToken cancellation)
    {
        var cursor = Cursor(plan.ExperimentId);
        var next = cursor.ForEpochs(production, candidate);
        // Before it is told: a generation that an arm may know is never given to other epochs.
        if (next != cursor)
            Save(next);
        return await TellAsync(plan.ProductionName, production, plan, next.Generation, cancellation)
            ?? await TellAsync(plan.CandidateName, candidate, plan, next.Generation, cancellation);
    }

    private async Task<string?> TellAsync(string name, string epoch, MeasurementPlan plan, int generation, CancellationToken cancellation)
    {
        var telling = (epoch, plan.ExperimentId, plan.WindowSeconds, generation);
        if (_told.TryGetValue(name, out var known) && known == telling)
            return null;
        var settings = new MeasurementSettings(plan.ExperimentId, plan.WindowSeconds, plan.ProtectedMetrics, generation);
        var problem = await control.MeasureAsync(name, settings, cancellation);
        if (problem is null)
            _told[name] = telling;
        return problem;
    }

    private void BeginMeasuring(Guid experimentId)
    {
        var cursor = Cursor(experimentId);
        if (cursor.MeasuringSince is null)
            Save(cursor with { MeasuringSince = DateTimeOffset.UtcNow });
    }

    private PairingCursor Cursor(Guid experimentId) => _cursors.GetOrAdd(experimentId, id =>
        DurableFile.Read(directory.Cursor(id), AgentJson.Default.PairingCursor) ?? PairingCursor.New(id));

    private void Save(PairingCursor cursor)
    {
        DurableFile.Write(directory.Cursor(cursor.ExperimentId), cursor, AgentJson.Default.PairingCursor);
        _cursors[cursor.ExperimentId] = cursor;
    }
}
