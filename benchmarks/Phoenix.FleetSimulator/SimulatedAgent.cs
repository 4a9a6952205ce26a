using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Phoenix.Contracts;

namespace Phoenix.FleetSimulator;

/// <summary>How the agents behave.</summary>
/// <param name="FailRate">Share of tasks that end with a retryable failure.</param>
/// <param name="DieRate">Share of tasks in the middle of which the agent goes away and comes back as a new process would.</param>
/// <param name="Flow">Agents with a production collector tell what goes through it.</param>
internal sealed record Behaviour(TimeSpan Work, double FailRate, double DieRate, bool Heartbeats, bool Flow);

/// <summary>One host: enrols, polls, and says of every task that it was done, without doing it.</summary>
internal sealed class SimulatedAgent : IDisposable
{
    public const string FirstVersion = "1.0.0-simulated";

    const double PollSeconds = 30;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(10);

    // One connection carries all requests, so a heartbeat goes between two polls. Of 24 to 30 s each, after which it is due.
    static readonly TimeSpan HeartbeatDue = TimeSpan.FromSeconds(20);
    static readonly TimeSpan FlowDue = TimeSpan.FromSeconds(60);

    readonly string _hostId;
    readonly string _credential = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).Replace('+', '-').Replace('/', '_').TrimEnd('=');
    readonly HttpTarget _target;
    readonly HttpConnection _connection;
    readonly Observations _seen;
    readonly SemaphoreSlim _connecting;
    byte[] _headers = [];
    DateTimeOffset _startedAt;
    readonly IReadOnlyDictionary<string, string>? _labels;
    long _lastHeartbeat;
    // Agents that begin together spread out.
    long _lastFlow = Environment.TickCount64 - Random.Shared.NextInt64((long)FlowDue.TotalMilliseconds);
    bool _wasConnected;
    string _version = FirstVersion;
    CollectorHealth[] _collectors = [];

    /// <param name="connecting">Bounds how many agents connect at a time, so that the server's accept queue does not overflow.</param>
    public SimulatedAgent(string hostId, HttpTarget target, IPAddress? source, Observations seen, SemaphoreSlim connecting, IReadOnlyDictionary<string, string>? labels)
    {
        (_hostId, _target, _seen, _connecting, _labels) = (hostId, target, seen, connecting, labels);
        _connection = new(target, source);
        Boot();
    }

    /// <summary>Enrols over a connection that many agents share one after the other.</summary>
    public async Task<bool> Enrol(HttpConnection shared, string token, CancellationToken stop)
    {
        var body = Json(new EnrolmentRequest(_hostId, token, _credential, _version, "linux", "x64", _labels), WireJson.Default.EnrolmentRequest);
        var headers = Encoding.ASCII.GetBytes($"Host: {_target.Authority}\r\n");
        return await Exchange(shared, "POST /api/v2/agents/enrol HTTP/1.1\r\n", headers, body, stop);
    }

    public string HostId => _hostId;

    /// <summary>To the same server; other agents may use it too.</summary>
    public HttpConnection AnotherConnection() => new(_target, null);

    /// <summary>Reports windows over a connection that it shares with other agents. Repeating a report is harmless.</summary>
    public async Task<bool> Report(HttpConnection shared, MeasurementReport report, CancellationToken stop)
    {
        var body = Json(report, WireJson.Default.MeasurementReport);
        return await Exchange(shared, "POST /api/v2/measurements HTTP/1.1\r\n", _headers, body, stop);
    }

    /// <summary>Over a connection that is shared, a few times where that is worth it.</summary>
    async Task<bool> Exchange(HttpConnection shared, string request, byte[] headers, byte[] body, CancellationToken stop)
    {
        for (var attempt = 0; attempt < 5; attempt++)
        {
            double? retryAfter = null;
            try
            {
                if (!shared.IsOpen) await shared.Open(stop);
                var answer = await shared.Exchange(request, headers, body, Patience);
                if (answer.Status is >= 200 and < 300) return true;
                _seen.Error(ErrorCode(answer));
                if (!WorthRepeating(answer.Status)) return false;
                retryAfter = answer.RetryAfterSeconds;
            }
            catch (ExchangeException e)
            {
                _seen.Error(e.Code);
            }
            await Pause(attempt, retryAfter, stop);
        }
        return false;
    }

    public async Task Run(Behaviour how, CancellationToken stop)
    {
        try
        {
            var failures = 0;
            while (!stop.IsCancellationRequested)
            {
                if (how.Heartbeats) await BeatIfDue(stop);
                if (how.Flow) await TellFlowIfDue(stop);
                var answer = await Poll(stop);
                if (answer.Status is 200 or 204)
                {
                    failures = 0;
                    if (answer.Status == 204) continue;
                    var receivedUs = Clock.NowUs();
                    var tasks = JsonSerializer.Deserialize(answer.Body.Span, WireJson.Default.PollResponse)!.Tasks;
                    _connection.Release();
                    await DoAll(tasks, receivedUs, how, stop);
                    continue;
                }
                var retryAfter = answer.RetryAfterSeconds;
                // A real agent ends when a newer process of its host shows up, and its supervisor starts it again.
                if (answer.Status == 409) Boot();
                _connection.Release();
                await Pause(failures++, retryAfter, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        finally
        {
            _connection.Close();
        }
    }

    public void CloseIfLate(long now) => _connection.CloseIfLate(now);

    public void Abort() => _connection.Abort();

    public void Dispose() => _connection.Dispose();

    async Task DoAll(IReadOnlyList<AssignedTask> tasks, long receivedUs, Behaviour how, CancellationToken stop)
    {
        // All of them are noted before the first is done: what is measured is when they came in.
        var assignments = tasks.Select(t => _seen.Receive(t.Id, _hostId, t.Lease, receivedUs)).ToArray();
        for (var i = 0; i < tasks.Count; i++)
            if (assignments[i] is { } assignment && !await Do(tasks[i], assignment, how, stop)) return;
    }

    /// <returns>False where the agent died over it.</returns>
    async Task<bool> Do(AssignedTask task, Assignment assignment, Behaviour how, CancellationToken stop)
    {
        if (!await Post($"/api/v2/tasks/{task.Id}/progress", Json(new(task.Lease, "accepted", null), WireJson.Default.TaskProgress), stop)) return true;
        if (Random.Shared.NextDouble() < how.DieRate)
        {
            await Wait(task, how.Work / 2, stop);
            _connection.Close();
            _seen.Died();
            await Task.Delay(TimeSpan.FromSeconds(0.5 + 2 * Random.Shared.NextDouble()), stop);
            Boot();
            return false;
        }
        if (!await Wait(task, how.Work, stop)) return true;
        var fails = Random.Shared.NextDouble() < how.FailRate;
        var result = fails ? Results.Failure(task) : Results.Success(task, how.Work, _version);
        if (!await Post($"/api/v2/tasks/{task.Id}/result", Json(result, WireJson.Default.TaskResult), stop)) return true;
        _seen.ResultTaken(assignment, !fails);
        if (!fails) TakeOver(task, result);
        return true;
    }

    /// <summary>Works for so long and keeps the lease alive meanwhile.</summary>
    /// <returns>False where the lease is not this agent's any more.</returns>
    async Task<bool> Wait(AssignedTask task, TimeSpan work, CancellationToken stop)
    {
        for (; work > RenewEvery; work -= RenewEvery)
        {
            await Task.Delay(RenewEvery, stop);
            if (!await Post($"/api/v2/tasks/{task.Id}/progress", Json(new(task.Lease, "working", null), WireJson.Default.TaskProgress), stop)) return false;
        }
        if (work > TimeSpan.Zero) await Task.Delay(work, stop);
        return true;
    }

    async Task<HttpAnswer> Poll(CancellationToken stop)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                await Connect(stop);
                _seen.PollSent();
                try
                {
                    var answer = await _connection.Exchange($"GET /api/v2/tasks/poll?waitSeconds={PollSeconds} HTTP/1.1\r\n", _headers, default, Patience);
                    if (answer.Status is not (200 or 204)) _seen.Error(ErrorCode(answer));
                    return answer;
                }
                finally
                {
                    _seen.PollEnded();
                }
            }
            catch (ExchangeException e)
            {
                stop.ThrowIfCancellationRequested();
                _seen.Error(e.Code);
                await Pause(failures, null, stop);
            }
        }
    }

    /// <summary>Repeats a report until it is answered: repeating one is harmless, losing one is not.</summary>
    /// <returns>False where the control plane refuses it.</returns>
    async Task<bool> Post(string path, byte[] body, CancellationToken stop)
    {
        for (var failures = 0; ; failures++)
        {
            double? retryAfter = null;
            try
            {
                await Connect(stop);
                var answer = await _connection.Exchange($"POST {path} HTTP/1.1\r\n", _headers, body, Patience);
                var (taken, again) = (answer.Status is >= 200 and < 300, WorthRepeating(answer.Status));
                if (!taken) _seen.Error(ErrorCode(answer));
                if (!taken && !again) _seen.Refused();
                retryAfter = answer.RetryAfterSeconds;
                _connection.Release();
                if (taken || !again) return taken;
            }
            catch (ExchangeException e)
            {
                stop.ThrowIfCancellationRequested();
                _seen.Error(e.Code);
            }
            await Pause(failures, retryAfter, stop);
        }
    }

    async Task BeatIfDue(CancellationToken stop)
    {
        var now = Environment.TickCount64;
        if (_lastHeartbeat != 0 && now - _lastHeartbeat < HeartbeatDue.TotalMilliseconds) return;
        _lastHeartbeat = now;
        // Memory and CPU time are not measured for each agent of a shared process, so none are claimed.
        await Post("/api/v2/agents/heartbeat", Json(new(_version, _startedAt, 0, 0, _collectors), WireJson.Default.Heartbeat), stop);
    }

    async Task TellFlowIfDue(CancellationToken stop)
    {
        var now = Environment.TickCount64;
        if (now - _lastFlow < FlowDue.TotalMilliseconds || !_collectors.Any(c => c.Arm == CollectorArm.Production)) return;
        _lastFlow = now;
        await Post("/api/v2/flow", Json(Flows.Report(_hostId, _collectors), WireJson.Default.FlowReport), stop);
    }

    async ValueTask Connect(CancellationToken stop)
    {
        if (_connection.IsOpen) return;
        await _connecting.WaitAsync(stop);
        try
        {
            await _connection.Open(stop);
        }
        finally
        {
            _connecting.Release();
        }
        if (_wasConnected) _seen.Reconnected();
        _wasConnected = true;
        if (stop.IsCancellationRequested) _connection.Close();
    }

    /// <summary>Becomes a new process of the same host: collectors outlive the agent, its boot id does not.</summary>
    void Boot()
    {
        _startedAt = DateTimeOffset.UtcNow;
        _headers = Encoding.ASCII.GetBytes(
            $"Host: {_target.Authority}\r\n{AgentHeaders.HostId}: {_hostId}\r\n{AgentHeaders.BootId}: {Guid.NewGuid()}\r\nAuthorization: Bearer {_credential}\r\n");
    }

    /// <summary>Keeps what heartbeats tell; not the configurations, of which a fleet holds too many.</summary>
    void TakeOver(AssignedTask task, TaskResult result)
    {
        if (result.Upgrade is { } upgrade) _version = upgrade.Version;
        if (task.Desired.Collectors.Count == 0 && task.Desired.Remove.Count == 0) return;
        var gone = task.Desired.Remove.Concat(task.Desired.Collectors.Select(c => c.Name)).ToHashSet();
        _collectors =
        [
            .. _collectors.Where(c => !gone.Contains(c.Name)),
            .. task.Desired.Collectors.Select(c => new CollectorHealth(c.Name, c.Arm, c.ConfigurationHash, true, null, 0, 0, [])),
        ];
    }

    /// <summary>Waits as long as the server asks, else twice as long each time; at random, so that agents do not come back together.</summary>
    static Task Pause(int failures, double? retryAfterSeconds, CancellationToken stop)
    {
        var random = Random.Shared.NextDouble();
        var seconds = retryAfterSeconds is { } asked
            ? asked * (1 + 0.25 * random)
            : Math.Min(LongestPause.TotalSeconds, 0.25 * Math.Pow(2, Math.Min(failures, 10))) * (0.5 + random);
        return Task.Delay(TimeSpan.FromSeconds(seconds), stop);
    }

    static bool WorthRepeating(int status) => status is 429 or >= 500;

    static string ErrorCode(HttpAnswer answer)
    {
        try
        {
            if (JsonSerializer.Deserialize(answer.Body.Span, WireJson.Default.Problem)?.Code is { } code) return code;
        }
        catch (JsonException)
        {
            // Not every error comes from the API itself (a proxy, Kestrel's own limits).
        }
        return $"http-{answer.Status}";
    }

    static byte[] Json<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);
}
