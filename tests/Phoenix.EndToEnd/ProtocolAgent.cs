using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Phoenix.EndToEnd;

/// <summary>
/// Speaks the agent protocol for one host and does at once whatever it is asked for. As a real agent it repeats what was not
/// answered, with the same content.
/// </summary>
internal sealed class ProtocolAgent : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _ended = new();
    private Task _working = Task.CompletedTask;

    private ProtocolAgent(string hostId, int port)
    {
        HostId = hostId;
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(40) };
    }

    public string HostId { get; }

    public static async Task<ProtocolAgent> EnrolAsync(string hostId, int port, string enrolmentToken)
    {
        var agent = new ProtocolAgent(hostId, port);
        var credential = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).Replace('+', '-').Replace('/', '_').TrimEnd('=');
        using var answer = await agent._http.PostAsJsonAsync(new Uri("/api/v2/agents/enrol", UriKind.Relative),
            new { hostId, enrolmentToken, credential, agentVersion = "1.0", operatingSystem = "linux", architecture = "x64" });
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync());
        agent._http.DefaultRequestHeaders.Authorization = new("Bearer", credential);
        agent._http.DefaultRequestHeaders.Add("X-Agent-Host-ID", hostId);
        agent._http.DefaultRequestHeaders.Add("X-Agent-Boot-ID", Guid.NewGuid().ToString());
        return agent;
    }

    public void Work() => _working = WorkAsync();

    /// <summary>One poll; null without work.</summary>
    public async Task<JsonArray?> PollAsync(int waitSeconds)
    {
        using var answer = await _http.GetAsync(new Uri($"/api/v2/tasks/poll?waitSeconds={waitSeconds}", UriKind.Relative), _ended.Token);
        answer.EnsureSuccessStatusCode();
        var text = await answer.Content.ReadAsStringAsync(_ended.Token);
        return text.Length == 0 ? null : JsonNode.Parse(text)!["tasks"]!.AsArray();
    }

    public async Task DoAsync(JsonNode task)
    {
        var lease = task["lease"]!.GetValue<long>();
        await PostAsync($"/api/v2/tasks/{task["id"]}/progress", new { lease, phase = "accepted" });
        var collectors = task["desired"]!["collectors"]!.AsArray()
            .Select(c => new { name = c!["name"]!.GetValue<string>(), configurationHash = c["configurationHash"]!.GetValue<string>(), changed = true }).ToList();
        await PostAsync($"/api/v2/tasks/{task["id"]}/result", new { lease, outcome = "succeeded", collectors });
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _working;
        _http.Dispose();
        _ended.Dispose();
    }

    private async Task WorkAsync()
    {
        while (!_ended.IsCancellationRequested)
        {
            try
            {
                foreach (var task in await PollAsync(10) ?? [])
                {
                    await DoAsync(task!);
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
            {
                // The node died or is not there: the balancer leads to another one.
                await Task.Delay(100);
            }
        }
    }

    /// <summary>Until a node has answered; 409 says that the lease is not the current one any more, which the next poll mends.</summary>
    private async Task PostAsync(string path, object body)
    {
        while (!_ended.IsCancellationRequested)
        {
            try
            {
                using var answer = await _http.PostAsJsonAsync(new Uri(path, UriKind.Relative), body, _ended.Token);
                if ((int)answer.StatusCode < 500 && (int)answer.StatusCode != 429)
                {
                    return;
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException && !_ended.IsCancellationRequested)
            {
                // Not answered: whether it arrived is not known, so it is said again.
                await Task.Delay(100);
            }
        }
    }
}
