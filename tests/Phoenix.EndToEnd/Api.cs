using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Phoenix.EndToEnd;

/// <summary>The control plane's HTTP API, as a user calls it.</summary>
public sealed class Api(int port) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(60) };

    public string Address => $"http://127.0.0.1:{port}";

    public void Dispose() => _http.Dispose();

    public void UseToken(string token) => _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

    /// <summary>The answer whatever its status; null where nothing listens.</summary>
    public async Task<HttpResponseMessage?> TryGetAsync(string path)
    {
        try
        {
            return await _http.GetAsync(new Uri(path, UriKind.Relative));
        }
        catch (HttpRequestException)
        {
            // Refused or cut off: the API is being started or was killed.
            return null;
        }
    }

    public Task<HttpResponseMessage> PostRawAsync(string path, object body) => _http.PostAsJsonAsync(new Uri(path, UriKind.Relative), body);

    public async Task<bool> IsReadyAsync()
    {
        using var answer = await TryGetAsync("/health/ready");
        return answer is { IsSuccessStatusCode: true };
    }

    /// <summary>Null while the API or its database is away.</summary>
    public async Task<JsonNode?> TryReadAsync(string path)
    {
        using var answer = await TryGetAsync("/api/v2/" + path);
        if (answer is null or { StatusCode: System.Net.HttpStatusCode.ServiceUnavailable })
        {
            return null;
        }

        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonNode.Parse(text) : throw new InvalidOperationException($"GET {path}: {(int)answer.StatusCode} {text}");
    }

    public async Task<JsonNode> ReadAsync(string path) => await TryReadAsync(path) ?? throw new InvalidOperationException($"GET {path}: the API or its database is away.");

    public async Task<JsonNode?> PostAsync(string path, object body)
    {
        using var answer = await PostRawAsync("/api/v2/" + path, body);
        var text = await answer.Content.ReadAsStringAsync();
        return !answer.IsSuccessStatusCode ? throw new InvalidOperationException($"POST {path}: {(int)answer.StatusCode} {text}")
            : text.Length == 0 ? null : JsonNode.Parse(text);
    }

    public async Task<Guid> PublishAsync(string name, string configuration) =>
        (await PostAsync("pipelines", new { name, description = "", configuration, reason = $"publishing {name}" }))!["id"]!.GetValue<Guid>();

    /// <remarks>A promotion is watched for a few seconds before it is judged.</remarks>
    public Task CommandAsync(Guid experiment, string what, string reason) =>
        PostAsync($"experiments/{experiment}/{what}", what == "promote" ? new { reason, rollout = new { soakSeconds = 5 } } : new { reason });

    /// <summary>The audit log, whole and in order.</summary>
    public async Task<IReadOnlyList<AuditEntry>> AuditAsync(Guid? experiment = null)
    {
        var filter = experiment is { } id ? $"&experimentId={id}" : "";
        List<AuditEntry> entries = [];
        while (true)
        {
            var after = entries.Count == 0 ? 0 : entries[^1].Sequence;
            var page = await ReadAsync($"audit?after={after}&limit=1000{filter}");
            var items = page["items"].Deserialize<List<AuditEntry>>(JsonSerializerOptions.Web)!;
            entries.AddRange(items);
            if (page["next"] is null)
            {
                return entries;
            }
        }
    }
}

/// <summary>One event as auditors read it.</summary>
public sealed record AuditEntry(
    long Sequence, DateTimeOffset Timestamp, Guid StreamId, Guid? ExperimentId, string Type, string? Actor, string? Reason, JsonElement Data);
