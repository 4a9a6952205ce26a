using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Phoenix.Api.Live;

namespace Phoenix.Bench.Pages;

/// <summary>
/// The limit that live messages are measured against: Kestrel and SignalR alone, which send each message to all who are connected as soon as they have it,
/// without tokens, event log or gathering.
/// </summary>
sealed class BareHub : IAsyncDisposable
{
    public const string Argument = "--bare-hub";

    readonly Process _process;
    readonly HttpClient _http;

    BareHub(Process process, int port) => (_process, _http) = (process, new() { BaseAddress = new Uri($"http://127.0.0.1:{port}/") });

    public string Url => _http.BaseAddress!.ToString().TrimEnd('/');

    public static async Task<BareHub> Start()
    {
        var process = Process.Start(new ProcessStartInfo("dotnet")
        {
            ArgumentList = { typeof(BareHub).Assembly.Location, Argument }, RedirectStandardOutput = true, Environment = { ["DOTNET_gcServer"] = "1" },
        })!;
        return new(process, int.Parse((await process.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture));
    }

    /// <returns>When it began to send.</returns>
    public async Task<DateTimeOffset> Broadcast(LiveMessage message)
    {
        using var answer = await _http.PostAsJsonAsync("broadcast", message);
        answer.EnsureSuccessStatusCode();
        return new(long.Parse(await answer.Content.ReadAsStringAsync(), CultureInfo.InvariantCulture), TimeSpan.Zero);
    }

    /// <summary>The server itself, in a process of its own; says its port on the first line.</summary>
    public static async Task Serve()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSignalR();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.MapHub<Everybody>(LiveHub.Path);
        app.MapPost("/broadcast", async (LiveMessage message, IHubContext<Everybody> hub) =>
        {
            var at = DateTimeOffset.UtcNow;
            await hub.Clients.All.SendAsync(LiveHub.Method, message);
            return at.UtcTicks.ToString(CultureInfo.InvariantCulture);
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
        _http.Dispose();
    }

    sealed class Everybody : Hub;
}
