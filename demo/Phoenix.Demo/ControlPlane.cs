using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Phoenix.Demo;

/// <summary>The control plane refused a request.</summary>
/// <param name="code">Stable code of the problem, such as <c>baseline-not-live</c>.</param>
internal sealed class ApiProblem(HttpStatusCode status, string code, string message) : Exception(message)
{
    public HttpStatusCode Status => status;

    public string Code => code;
}

/// <summary>The control plane's HTTP API as a user sees it: the demo has no other way in.</summary>
internal sealed class ControlPlane(Uri address) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan DatabaseAway = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };

    public void Dispose() => _http.Dispose();

    public void UseToken(string token) => _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

    public async Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri("/health/ready", UriKind.Relative), cancel);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            // Nothing listens yet.
            return false;
        }
    }

    public async Task<string> ExchangeSecretAsync(string secret, CancellationToken cancel) =>
        (await SendAsync<IssuedToken>(HttpMethod.Post, "auth/tokens", new { secret }, cancel)).Token;

    /// <summary>A one-time secret for the demo's own user.</summary>
    public async Task<string> CreateSignInSecretAsync(string reason, CancellationToken cancel)
    {
        var me = await SendAsync<SignedIn>(HttpMethod.Get, "users/me", null, cancel);
        return (await SendAsync<IssuedSecret>(HttpMethod.Post, $"users/{me.Id}/secret", new { reason }, cancel)).Secret;
    }

    public async Task<string> CreateEnrolmentTokenAsync(string name, CancellationToken cancel) =>
        (await SendAsync<IssuedToken>(HttpMethod.Post, "enrolment-tokens", new { name, expiresInHours = 1 }, cancel)).Token;

    public async Task<IReadOnlyList<FleetHost>> HostsAsync(CancellationToken cancel) =>
        (await SendAsync<Page<FleetHost>>(HttpMethod.Get, "agents", null, cancel)).Items;

    /// <summary>The newest version of the pipeline with this configuration: created, published as a new version, or as it is.</summary>
    public async Task<PipelineRef> PublishAsync(string name, string description, string configuration, string reason, CancellationToken cancel)
    {
        var known = (await SendAsync<Page<PipelineSummary>>(HttpMethod.Get, "pipelines", null, cancel)).Items.FirstOrDefault(p => p.Name == name);
        if (known is null)
        {
            var created = await SendAsync<Versioned>(HttpMethod.Post, "pipelines", new { name, description, configuration, reason }, cancel);
            return new(created.Id, created.Version);
        }

        var latest = await SendAsync<PipelineText>(HttpMethod.Get, $"pipelines/{known.Id}/versions/{known.LatestVersion}", null, cancel);
        if (latest.Configuration == configuration)
        {
            return new(known.Id, known.LatestVersion);
        }

        var published = await SendAsync<Versioned>(HttpMethod.Post, $"pipelines/{known.Id}/versions", new { configuration, reason }, cancel);
        return new(published.Id, published.Version);
    }

    public async Task<Guid> DraftAsync(ExperimentDraft draft, CancellationToken cancel) =>
        (await SendAsync<Versioned>(HttpMethod.Post, "experiments", draft, cancel)).Id;

    /// <param name="what"><c>start</c>, <c>stop</c>, <c>promote</c> or <c>rollback</c>.</param>
    /// <remarks>One host is one wave; it is watched for a few seconds before it is judged.</remarks>
    public Task CommandAsync(Guid experiment, string what, string reason, CancellationToken cancel) =>
        SendAsync<JsonElement?>(HttpMethod.Post, $"experiments/{experiment}/{what}",
            what == "promote" ? new { reason, rollout = new { soakSeconds = 5 } } : new { reason }, cancel);

    public Task<Experiment> ExperimentAsync(Guid id, CancellationToken cancel) => SendAsync<Experiment>(HttpMethod.Get, $"experiments/{id}", null, cancel);

    /// <summary>Experiments that have the host, the newest first.</summary>
    public async Task<IReadOnlyList<ListedExperiment>> ExperimentsOfAsync(string hostId, CancellationToken cancel) =>
        (await SendAsync<Page<ListedExperiment>>(HttpMethod.Get, $"experiments?host={Uri.EscapeDataString(hostId)}", null, cancel)).Items;

    /// <summary>Everything in the audit log behind the given sequence number, oldest first.</summary>
    public async Task<IReadOnlyList<AuditEntry>> AuditAsync(long after, CancellationToken cancel)
    {
        const int PageSize = 200;
        List<AuditEntry> entries = [];
        while (true)
        {
            var page = (await SendAsync<Page<AuditEntry>>(HttpMethod.Get, $"audit?after={after}&limit={PageSize}", null, cancel)).Items;
            entries.AddRange(page);
            if (page.Count < PageSize)
            {
                return entries;
            }

            after = page[^1].Sequence;
        }
    }

    private async Task<T> SendAsync<T>(HttpMethod method, string path, object? body, CancellationToken cancel)
    {
        for (var waited = TimeSpan.Zero; ; waited += Pause)
        {
            using var request = new HttpRequestMessage(method, $"/api/v2/{path}");
            if (body is not null)
            {
                request.Content = JsonContent.Create(body, body.GetType(), options: Json);
            }

            using var answer = await _http.SendAsync(request, cancel);
            // 503 says that the database is away and nothing was done: the one answer that may be repeated blindly.
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable && waited < DatabaseAway)
            {
                await Task.Delay(Pause, cancel);
                continue;
            }

            if (!answer.IsSuccessStatusCode)
            {
                throw await ProblemOf(method, path, answer, cancel);
            }

            if (answer.Content.Headers.ContentLength is 0 || answer.StatusCode is HttpStatusCode.NoContent)
            {
                return default!;
            }

            var text = await answer.Content.ReadAsStringAsync(cancel);
            return text.Length == 0 ? default! : JsonSerializer.Deserialize<T>(text, Json)!;
        }
    }

    private static async Task<ApiProblem> ProblemOf(HttpMethod method, string path, HttpResponseMessage answer, CancellationToken cancel)
    {
        var text = await answer.Content.ReadAsStringAsync(cancel);
        var (code, detail) = ("", text);
        try
        {
            using var problem = JsonDocument.Parse(text);
            if (problem.RootElement.ValueKind == JsonValueKind.Object)
            {
                code = problem.RootElement.TryGetProperty("code", out var c) ? c.GetString() ?? "" : "";
                detail = problem.RootElement.TryGetProperty("detail", out var d) ? d.GetString() ?? text : text;
            }
        }
        catch (JsonException)
        {
            // Not a problem document: the text itself is all there is to show.
        }

        return new(answer.StatusCode, code, $"{method} /api/v2/{path}: {(int)answer.StatusCode} {code} {detail}");
    }
}
