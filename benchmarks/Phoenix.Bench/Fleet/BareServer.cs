using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Phoenix.Contracts;

namespace Phoenix.Bench.Fleet;

/// <summary>
/// The limit that parked polls are measured against: Kestrel alone, which parks each request on a task and answers all of them when told to. It speaks
/// enough of the agent protocol for the simulator, and keeps nothing.
/// </summary>
sealed class BareServer : IAsyncDisposable
{
    public const string Argument = "--bare-server";

    readonly Process _process;

    BareServer(Process process, int port) => (_process, Url) = (process, $"http://127.0.0.1:{port}");

    public string Url { get; }
    public ProcessUse Use => new(_process.Id);

    public static async Task<BareServer> Start()
    {
        // With the collector of a web application, as the control plane has it.
        var process = Process.Start(new ProcessStartInfo("dotnet")
        {
            ArgumentList = { typeof(BareServer).Assembly.Location, Argument }, RedirectStandardOutput = true, Environment = { ["DOTNET_gcServer"] = "1" },
        })!;
        return new(process, int.Parse((await process.StandardOutput.ReadLineAsync())!, System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Waits until requests of so many hosts are parked: what a client has sent is not there yet.</summary>
    public async Task Parked(int hosts)
    {
        using var http = new HttpClient();
        while (int.Parse(await http.GetStringAsync(new Uri($"{Url}/parked")), System.Globalization.CultureInfo.InvariantCulture) < hosts) await Task.Delay(20);
    }

    public async Task Release()
    {
        using var http = new HttpClient();
        (await http.PostAsync(new Uri($"{Url}/release"), null)).EnsureSuccessStatusCode();
    }

    /// <summary>The server itself, in a process of its own; says its port on the first line.</summary>
    public static async Task Serve()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, WireJson.Default));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var parked = new ConcurrentDictionary<string, TaskCompletionSource<PollResponse?>>();
        app.MapPost("/api/v2/agents/enrol", (EnrolmentRequest request) => TypedResults.Ok(new EnrolmentResponse(request.HostId, "unverified")));
        app.MapGet("/api/v2/tasks/poll", async (HttpContext http) =>
        {
            var poll = parked[http.Request.Headers[AgentHeaders.HostId]!] = new(TaskCreationOptions.RunContinuationsAsynchronously);
            try
            {
                return await poll.Task.WaitAsync(TimeSpan.FromSeconds(24 + 6 * Random.Shared.NextDouble()), http.RequestAborted) is { } work ? Results.Ok(work) : Results.NoContent();
            }
            catch (TimeoutException)
            {
                poll.TrySetResult(null);
                return Results.NoContent();
            }
        });
        app.MapPost("/api/v2/tasks/{id:guid}/progress", (Guid id) => TypedResults.Ok(new TaskProgressAccepted(DateTimeOffset.UtcNow.AddMinutes(1))));
        app.MapPost("/api/v2/tasks/{id:guid}/result", (Guid id) => TypedResults.Ok());
        long lease = 0;
        app.MapGet("/parked", () => $"{parked.Values.Count(p => !p.Task.IsCompleted)}");
        app.MapPost("/release", () =>
        {
            foreach (var poll in parked.Values)
                poll.TrySetResult(new([new(Guid.CreateVersion7(), TaskKind.Apply, ++lease, DateTimeOffset.UtcNow.AddMinutes(1), 1, new(null, [], ["candidate-0123456789ab"], null))]));
        });
        await app.StartAsync();
        Console.WriteLine(new Uri(app.Urls.First()).Port);
        await app.WaitForShutdownAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }
}
