using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>What the control plane answered.</summary>
/// <param name="Status">Null where there was no answer.</param>
/// <param name="Code">The stable code of an RFC 9457 problem, or the kind of network error.</param>
internal sealed record ApiAnswer(HttpStatusCode? Status, string? Code, string? Detail, TimeSpan? RetryAfter)
{
    public bool IsSuccess => Status is { } status && (int)status is >= 200 and < 300;

    /// <summary>No answer, or one that may differ the next time.</summary>
    public bool IsTransient => Status is null or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or HttpStatusCode.Unauthorized
        || (int)Status >= 500;
}

internal sealed record ApiAnswer<T>(ApiAnswer Answer, T? Content);

/// <summary>A newer agent process speaks for this host: exit code 3, collectors go on.</summary>
internal sealed class FencedException(string? detail) : Exception(
    "A newer agent process runs for this host id, so this one ends and leaves the collectors to it. If two hosts share the id, give each its own "
    + AgentSettings.HostIdVariable + "." + (detail is null ? "" : $" ({detail})"));

/// <summary>The agent protocol over HTTP. Never throws for an answer or its absence, but for <see cref="FencedException"/>.</summary>
internal sealed class ApiClient : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private readonly HttpClient _client;

    public ApiClient(AgentSettings settings, string credential, Guid bootId)
    {
        _client = new HttpClient(new SocketsHttpHandler
        {
            // A redirect would carry the credential to where somebody else decides.
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
            // Follows a control plane whose address changes.
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        })
        {
            BaseAddress = settings.ApiUrl,
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = 32 << 20,
        };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", credential);
        _client.DefaultRequestHeaders.Add(AgentHeaders.HostId, settings.HostId);
        _client.DefaultRequestHeaders.Add(AgentHeaders.BootId, bootId.ToString("D"));
    }

    public async Task<ApiAnswer> PostAsync<T>(string path, T body, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        (await PostAsync<T, Problem>(path, body, type, null, cancellation)).Answer;

    /// <param name="answer">What the body of a 200 holds; null where it does not matter.</param>
    public async Task<ApiAnswer<TAnswer>> PostAsync<T, TAnswer>(string path, T body, JsonTypeInfo<T> type, JsonTypeInfo<TAnswer>? answer, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Content = JsonContent.Create(body, type);
        return await SendAsync(request, answer, Limit, cancellation);
    }

    /// <param name="wait">How long the control plane may take on purpose, beside the usual limit.</param>
    public async Task<ApiAnswer<T>> GetAsync<T>(string path, JsonTypeInfo<T> type, TimeSpan wait, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await SendAsync(request, type, wait + Limit, cancellation);
    }

    /// <summary>Whether the control plane has taken anything from this process.</summary>
    public bool Answered { get; private set; }

    /// <summary>Appends what is missing of a file. Ends where the server or the connection does: the caller looks at what it has.</summary>
    /// <param name="tag">The hash that the file must have: another one is answered with 412.</param>
    /// <param name="most">Bytes that the whole file has; what comes beyond is not written.</param>
    public async Task<ApiAnswer> DownloadAsync(string path, string tag, FileStream into, long most, TimeSpan silence, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{tag}\""));
        if (into.Length > 0)
            request.Headers.Range = new RangeHeaderValue(into.Length, null);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(silence);
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limited.Token);
            if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
            {
                var problem = await ReadProblemAsync(response, limited.Token);
                if (problem?.Code is "agent-fenced")
                    throw new FencedException(problem.Detail);
                return new ApiAnswer(response.StatusCode, problem?.Code, problem?.Detail, RetryAfter(response.Headers.RetryAfter));
            }
            if (response.StatusCode is HttpStatusCode.OK)
                into.SetLength(0);
            else if (response.Content.Headers.ContentRange?.From != into.Length)
                return new ApiAnswer(null, "range-not-asked-for", $"asked from byte {into.Length}, got {response.Content.Headers.ContentRange}", null);
            into.Seek(0, SeekOrigin.End);
            await using var body = await response.Content.ReadAsStreamAsync(limited.Token);
            var buffer = new byte[64 << 10];
            while (into.Length < most)
            {
                // Silence ends a download, slowness does not.
                limited.CancelAfter(silence);
                var read = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, most - into.Length)), limited.Token);
                if (read is 0)
                    break;
                await into.WriteAsync(buffer.AsMemory(0, read), limited.Token);
            }
            return new ApiAnswer(response.StatusCode, null, null, null);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new ApiAnswer(null, "timeout", $"nothing came for {silence.TotalSeconds:0} s", null);
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException)
        {
            return new ApiAnswer(null, "broken-download", e.Message, null);
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<ApiAnswer<T>> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T>? type, TimeSpan limit, CancellationToken cancellation)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(limit);
        try
        {
            using var response = await _client.SendAsync(request, limited.Token);
            if (response.IsSuccessStatusCode)
            {
                Answered = true;
                var content = type is null || response.StatusCode is HttpStatusCode.NoContent
                    ? default : await response.Content.ReadFromJsonAsync(type, limited.Token);
                return new ApiAnswer<T>(new ApiAnswer(response.StatusCode, null, null, null), content);
            }
            var problem = await ReadProblemAsync(response, limited.Token);
            if (response.StatusCode is HttpStatusCode.Conflict && problem?.Code is "agent-fenced")
                throw new FencedException(problem.Detail);
            return new ApiAnswer<T>(
                new ApiAnswer(response.StatusCode, problem?.Code, problem?.Detail ?? problem?.Title, RetryAfter(response.Headers.RetryAfter)), default);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return NoAnswer<T>("timeout", $"no answer within {limit.TotalSeconds:0} s");
        }
        catch (HttpRequestException e)
        {
            return NoAnswer<T>(e.HttpRequestError.ToString(), e.Message);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return NoAnswer<T>("unreadable-answer", e.Message);
        }
    }

    private static ApiAnswer<T> NoAnswer<T>(string code, string detail) => new(new ApiAnswer(null, code, detail, null), default);

    private static async Task<Problem?> ReadProblemAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync(WireJson.Default.Problem, cancellation);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A proxy's error page is no problem document; its status says enough.
            return null;
        }
    }

    private static TimeSpan? RetryAfter(RetryConditionHeaderValue? header)
    {
        var asked = header?.Delta ?? header?.Date - DateTimeOffset.UtcNow;
        return asked > TimeSpan.Zero ? asked : null;
    }
}
