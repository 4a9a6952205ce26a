using System.Net;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>What <c>usage.json</c> says: closed periods that wait, and how far each collector was counted. One file, so that both are always of the same moment.</summary>
internal sealed record UsageState(IReadOnlyDictionary<string, UsageCursor> Cursors, IReadOnlyList<UsagePeriod> Waiting);

/// <summary>
/// Reports what production collectors take in and send, also where no experiment runs: what is saved after a promotion rests on it. While the
/// control plane is away a bounded number of periods waits on disk; the oldest go first, and are counted.
/// </summary>
internal sealed class UsageReporter : IDisposable
{
    public const int Bound = 2000;

    private const int BatchLimit = 50;

    /// <summary>A collector keeps 120 windows, of a minute where no experiment asks for others.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly string _file;
    private readonly Fleet _fleet;
    private readonly ControlSocket _control;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _filled = new(0, 1);
    private readonly Dictionary<string, UsageCursor> _cursors;
    private readonly List<UsagePeriod> _waiting;
    private TimeSpan _length = TimeSpan.FromMinutes(5);

    public UsageReporter(string file, Fleet fleet, ControlSocket control)
    {
        (_file, _fleet, _control) = (file, fleet, control);
        var state = DurableFile.Read(file, AgentJson.Default.UsageState);
        _cursors = new(state?.Cursors ?? new Dictionary<string, UsageCursor>());
        _waiting = [.. state?.Waiting ?? []];
    }

    /// <summary>Periods given up because the control plane was away for longer than the bound, in this process.</summary>
    public long Dropped { get; private set; }

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Look);
        do
        {
            foreach (var collector in _fleet.All.Where(c => c.State is { Arm: CollectorArm.Production, Runtime: CollectorRuntime.Phoenix }))
                await GatherAsync(collector.Name, cancellation);
        }
        while (await timer.WaitForNextTickAsync(cancellation));
    }

    /// <summary>
    /// Sends what there is, oldest first, and keeps what the control plane could not take yet. Given up is only what it names; of a report that it refuses as a whole
    /// the parts are sent, until the period is found that it does not take.
    /// </summary>
    public async Task SendAsync(ApiClient api, CancellationToken cancellation)
    {
        var failures = 0;
        var limit = BatchLimit;
        while (true)
        {
            List<UsagePeriod> batch;
            lock (_gate)
                batch = [.. _waiting.Take(limit)];
            if (batch.Count is 0)
            {
                await _filled.WaitAsync(cancellation);
                continue;
            }
            var (answer, content) = await api.PostAsync("api/v2/usage", new UsageReport(batch), WireJson.Default.UsageReport, WireJson.Default.UsageAccepted, cancellation);
            if (!answer.IsSuccess && !IsRefused(answer))
            {
                failures++;
                Log.Warn("Reports of what collectors took in could not be sent and are kept.", ("waiting", batch.Count), ("status", (int?)answer.Status), ("code", answer.Code));
                await Task.Delay(RetryDelay.After(failures, answer.RetryAfter, Random.Shared.NextDouble()), cancellation);
                continue;
            }
            failures = 0;
            if (!answer.IsSuccess && batch.Count > 1)
            {
                limit = batch.Count / 2;
                continue;
            }
            limit = BatchLimit;
            if (content is { NextInSeconds: > 0 and < double.PositiveInfinity and var seconds })
                _length = TimeSpan.FromSeconds(Math.Clamp(seconds, Shortest.TotalSeconds, Longest.TotalSeconds));
            foreach (var (period, detail) in answer.IsSuccess ? content?.Refused ?? [] : [new(0, answer.Detail ?? answer.Code ?? "")])
                Log.Error("The control plane refuses a report of what a collector took in, and it is given up.",
                    ("collector", batch.ElementAtOrDefault(period)?.Collector), ("firstWindow", batch.ElementAtOrDefault(period)?.FirstWindow), ("status", (int?)answer.Status), ("detail", detail));
            lock (_gate)
            {
                // The bound may have taken some of them meanwhile.
                _waiting.RemoveAll(batch.Contains);
                Save();
            }
        }
    }

    public void Dispose() => _filled.Dispose();

    private async Task GatherAsync(string name, CancellationToken cancellation)
    {
        if (await _control.StatusAsync(name, cancellation) is not { } status)
            return;
        var cursor = _cursors.GetValueOrDefault(name);
        // Of another epoch numbers may have begun anew, so "after" could hide the first of them.
        var after = cursor?.Epoch == status.Epoch ? cursor.LastWindow : (long?)null;
        if (await _control.WindowsAsync(name, after, cancellation) is not { } answer || answer.Epoch != status.Epoch)
            return;
        var (next, closed) = UsagePeriods.Advance(cursor, answer.Windows, status.Epoch, status.ConfigurationHash, _length);
        if (next is null)
            return;
        lock (_gate)
        {
            _cursors[name] = next;
            if (closed.Count is 0)
                return;
            _waiting.AddRange(closed.Select(period => period with { Collector = name }));
            if (_waiting.Count > Bound)
            {
                var over = _waiting.Count - Bound;
                Dropped += over;
                Log.Warn("Reports of what collectors took in are given up because the control plane was away for too long.", ("periods", over), ("droppedSoFar", Dropped));
                _waiting.RemoveRange(0, over);
            }
            Save();
            if (_filled.CurrentCount is 0)
                _filled.Release();
        }
    }

    /// <summary>The caller holds the gate.</summary>
    private void Save()
    {
        try
        {
            DurableFile.Write(_file, new UsageState(_cursors, _waiting), AgentJson.Default.UsageState);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk must end neither the agent nor the reports: this process goes on from memory, the next one from what was written last, and
            // what it tells again is known by its number.
            Log.Error("What production collectors took in could not be written down.", ("error", e.Message));
        }
    }

    /// <summary>It was read and will never be taken. Anything else may pass, as where a proxy or an older control plane knows no such address.</summary>
    private static bool IsRefused(ApiAnswer answer) => answer.Status is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity;
}
