using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Phoenix.Contracts;

namespace Phoenix.Agent.Tests;

/// <summary>Speaks the agent protocol over real HTTP and remembers what it was told.</summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<AssignedTask> _tasks = new();

    public ControlPlane()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Use(async (context, next) =>
        {
            if (Away)
            {
                Refused++;
                context.Abort();
                return;
            }
            Seen.Add((context.Request.Path, context.Request.Headers.Authorization.ToString(), context.Request.Headers[AgentHeaders.HostId].ToString()));
            if (Fenced)
                await Results.Json(new Problem(null, "Fenced", 409, "a newer boot is known", "agent-fenced"), WireJson.Default.Problem, statusCode: 409).ExecuteAsync(context);
            else
                await next(context);
        });
        _app.MapPost("/api/v2/agents/enrol", async (HttpRequest request) =>
        {
            Enrolments.Add(await ReadAsync(request, WireJson.Default.EnrolmentRequest));
            return Results.Json(new EnrolmentResponse("host-1", "verified", Keys), WireJson.Default.EnrolmentResponse);
        });
        _app.MapGet("/api/v2/signing-keys", () => Keys is { } keys ? Results.Json(new SigningKeys(keys), WireJson.Default.SigningKeys) : Results.NotFound());
        _app.MapGet("/api/v2/agent-releases/{version}/{runtime}", () => Release is { } release ? Results.Json(release, WireJson.Default.SignedRelease) : Results.NotFound());
        _app.MapGet("/api/v2/agent-releases/{version}/{runtime}/{file}", () => Results.Bytes(Program, "application/octet-stream"));
        _app.MapGet("/api/v2/tasks/poll", PollAsync);
        _app.MapPost("/api/v2/tasks/{id:guid}/progress", async (Guid id, HttpRequest request) =>
        {
            Progress.Add((id, await ReadAsync(request, WireJson.Default.TaskProgress)));
            if (Cancelled == id)
                return Results.Json(new Problem(null, "Conflict", 409, "cancelled", "lease-superseded"), WireJson.Default.Problem, statusCode: 409);
            return Results.Json(new TaskProgressAccepted(DateTimeOffset.UtcNow.AddMinutes(1)), WireJson.Default.TaskProgressAccepted);
        });
        _app.MapPost("/api/v2/tasks/{id:guid}/result", async (Guid id, HttpRequest request) =>
        {
            Outcomes.Add((id, await ReadAsync(request, WireJson.Default.TaskResult)));
            return Results.Ok();
        });
        _app.MapPost("/api/v2/tasks/{id:guid}/logs", async (Guid id, HttpRequest request) =>
        {
            Logs.Add((id, await ReadAsync(request, WireJson.Default.HostLogsReport)));
            return LogsTaken ? Results.Ok() : Results.Json(new Problem(null, "Conflict", 409, "cancelled", "lease-superseded"), WireJson.Default.Problem, statusCode: 409);
        });
        _app.MapPost("/api/v2/agents/heartbeat", async (HttpRequest request) =>
        {
            Heartbeats.Add(await ReadAsync(request, WireJson.Default.Heartbeat));
            return HeartbeatSeconds is { } seconds ? Results.Json(new HeartbeatAccepted(seconds), WireJson.Default.HeartbeatAccepted) : Results.NoContent();
        });
        _app.MapPost("/api/v2/measurements", async (HttpRequest request) =>
        {
            foreach (var window in (await ReadAsync(request, WireJson.Default.MeasurementReport)).Windows)
                WindowReports.Add(window);
            return Results.Accepted();
        });
        _app.MapPost("/api/v2/usage", async (HttpRequest request) =>
        {
            var periods = (await ReadAsync(request, WireJson.Default.UsageReport)).Periods;
            if (AnswerUsage?.Invoke(periods) is { } answer)
                return answer;
            foreach (var period in periods)
                UsagePeriods.Add(period);
            return Results.Json(new UsageAccepted(300), WireJson.Default.UsageAccepted);
        });
        _app.MapPost("/api/v2/flow", async (HttpRequest request) =>
        {
            if (!TakesFlow)
                return Results.NotFound();
            Flows.Add(await ReadAsync(request, WireJson.Default.FlowReport));
            return Results.Json(new FlowAccepted(1), WireJson.Default.FlowAccepted);
        });
        _app.StartAsync().GetAwaiter().GetResult();
    }

    public string Url => _app.Urls.First();
    public volatile bool Away;
    public volatile bool Fenced;
    public Guid Cancelled;

    /// <summary>False answers log lines with 409.</summary>
    public volatile bool LogsTaken = true;

    /// <summary>False where it is of before it took what goes through collectors.</summary>
    public volatile bool TakesFlow = true;

    /// <summary>Null as long as it is one that does not sign.</summary>
    public IReadOnlyList<SigningKey>? Keys;

    /// <summary>The release that it vouches for.</summary>
    public SignedRelease? Release;

    /// <summary>What it serves as each file of it.</summary>
    public byte[] Program = [];

    /// <summary>What it answers to heartbeats; null leaves the interval to the agent.</summary>
    public double? HeartbeatSeconds;
    public int Refused;

    /// <summary>What it answers to periods instead of taking them; null as usual.</summary>
    public Func<IReadOnlyList<UsagePeriod>, IResult?>? AnswerUsage;
    public Log<(string Path, string Authorization, string HostId)> Seen { get; } = new();
    public Log<EnrolmentRequest> Enrolments { get; } = new();
    public Log<(Guid Task, TaskProgress Progress)> Progress { get; } = new();
    public Log<(Guid Task, TaskResult Result)> Outcomes { get; } = new();
    public Log<(Guid Task, HostLogsReport Report)> Logs { get; } = new();
    public Log<Heartbeat> Heartbeats { get; } = new();
    public Log<WindowReport> WindowReports { get; } = new();
    public Log<UsagePeriod> UsagePeriods { get; } = new();
    public Log<FlowReport> Flows { get; } = new();

    public void Deliver(AssignedTask task) => _tasks.Enqueue(task);

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
    }

    private async Task<IResult> PollAsync(HttpContext context, double waitSeconds)
    {
        var until = DateTimeOffset.UtcNow.AddSeconds(waitSeconds);
        while (DateTimeOffset.UtcNow < until && !context.RequestAborted.IsCancellationRequested)
        {
            if (Away)
            {
                context.Abort();
                break;
            }
            if (_tasks.TryDequeue(out var task))
                return Results.Json(new PollResponse([task]), WireJson.Default.PollResponse);
            await Task.Delay(10);
        }
        return Results.NoContent();
    }

    private static async Task<T> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type) =>
        (await JsonSerializer.DeserializeAsync(request.Body, type))!;

    /// <summary>What arrived, in order.</summary>
    internal sealed class Log<T>
    {
        private readonly List<T> _items = [];

        public void Add(T item)
        {
            lock (_items)
                _items.Add(item);
        }

        public IReadOnlyList<T> All
        {
            get { lock (_items) return [.. _items]; }
        }
    }
}
