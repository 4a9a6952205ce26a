using System.Globalization;
using System.Net;
using System.Text.Json;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Backends;

namespace Phoenix.Api.Backends;

/// <summary>One series of an instant query.</summary>
public sealed record InstantValue(IReadOnlyDictionary<string, string> Labels, double Value);

/// <param name="Partial">The backend said that parts of it did not answer.</param>
/// <param name="Warnings">What it said beside the answer.</param>
public sealed record InstantAnswer(IReadOnlyList<InstantValue> Values, bool Partial, IReadOnlyList<string> Warnings);

/// <param name="Kind"><c>Prometheus</c>, <c>VictoriaMetrics</c>, <c>Mimir</c>, <c>Thanos</c>, or <c>unknown</c> where it speaks the API and does not say.</param>
public sealed record BackendIdentity(string Kind, string? Version);

/// <summary>The part of Prometheus' HTTP API (<c>/api/v1</c>) that Phoenix asks, with the ways in which those who speak it differ. Every failure is a <see cref="BackendException"/>.</summary>
public sealed class PrometheusClient(HttpClient http, BackendSettings settings) : IDisposable
{
    /// <summary>Of an error that a backend tells; the rest is seldom of use.</summary>
    const int MaxShown = 500;

    /// <summary>An instant query, sent in a body since it may be longer than a URL.</summary>
    public async Task<InstantAnswer> Query(string expression, CancellationToken cancellation)
    {
        using var content = new FormUrlEncodedContent([new("query", expression), new("timeout", string.Create(CultureInfo.InvariantCulture, $"{settings.Timeout.TotalMilliseconds:0}ms"))]);
        using var answer = await Send(() => http.PostAsync("api/v1/query", content, cancellation), cancellation);
        var root = answer.RootElement;
        try
        {
            var data = root.GetProperty("data");
            if (data.GetProperty("resultType").GetString() != "vector") throw Unknown();
            return new([.. data.GetProperty("result").EnumerateArray().Select(series => new InstantValue(
                    series.GetProperty("metric").EnumerateObject().ToDictionary(l => l.Name, l => l.Value.GetString() ?? "", StringComparer.Ordinal),
                    double.Parse(series.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture)))],
                // VictoriaMetrics' cluster answers with what it has, and says so here alone.
                root.TryGetProperty("isPartial", out var partial) && partial.ValueKind == JsonValueKind.True,
                [.. Texts(root, "warnings"), .. Texts(root, "infos")]);
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException or ArgumentException)
        {
            throw Unknown();
        }
    }

    /// <summary>What the backend is. One that does not know <c>buildinfo</c> but answers a query is of an unknown kind.</summary>
    public async Task<BackendIdentity> Identify(CancellationToken cancellation)
    {
        JsonElement data;
        try
        {
            using var answer = await Send(() => http.GetAsync("api/v1/status/buildinfo", cancellation), cancellation);
            data = answer.RootElement.TryGetProperty("data", out var found) ? found.Clone() : default;
        }
        catch (BackendException fault) when (fault.Code is "backend-answer-unknown" or "backend-query-failed")
        {
            await Query("vector(1)", cancellation);
            return new("unknown", null);
        }
        // The kind is in no field that all have: Mimir names an application, VictoriaMetrics says which version of Prometheus it stands for and not which own.
        var application = Text(data, "application");
        var version = Text(data, "version");
        if (application?.Contains("Mimir", StringComparison.OrdinalIgnoreCase) == true) return new("Mimir", version);
        if (application is { Length: > 0 and < 60 }) return new(application, version);
        if (await IsVictoriaMetrics(cancellation) is { } victoria) return victoria;
        return new(Text(data, "revision") is not null || Text(data, "goVersion") is not null ? "Prometheus" : "unknown", version);
    }

    /// <summary>MetricsQL has functions that PromQL has not; the version is one of the backend's own metrics, where those can be asked.</summary>
    async Task<BackendIdentity?> IsVictoriaMetrics(CancellationToken cancellation)
    {
        try
        {
            await Query("now()", cancellation);
        }
        catch (BackendException fault) when (fault.Code == "backend-query-failed")
        {
            return null;
        }
        var versions = await Query("topk(1, vm_app_version)", cancellation);
        return new("VictoriaMetrics", versions.Values.Select(v => v.Labels.GetValueOrDefault("short_version") is { Length: > 0 } s ? s : v.Labels.GetValueOrDefault("version")).FirstOrDefault());
    }

    async Task<JsonDocument> Send(Func<Task<HttpResponseMessage>> send, CancellationToken cancellation)
    {
        try
        {
            using var answer = await send();
            if (answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                throw new BackendException(502, "backend-credential-refused", $"The backend answered {(int)answer.StatusCode}: it does not take the credential, or the tenant. Put the right one with PUT /api/v2/backends/{{name}}.");
            if ((int)answer.StatusCode is >= 300 and < 400)
                throw new BackendException(502, "backend-redirects", "The backend sends elsewhere, which is not followed with a credential in hand. Put the final address into the backend.");
            await using var body = await answer.Content.ReadAsStreamAsync(cancellation);
            JsonDocument document;
            try
            {
                document = await JsonDocument.ParseAsync(body, cancellationToken: cancellation);
            }
            catch (JsonException)
            {
                throw answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.NotFound ? Unknown()
                    : new BackendException(502, "backend-failed", $"The backend answered {(int)answer.StatusCode} without saying why.");
            }
            if (document.RootElement.ValueKind == JsonValueKind.Object && Text(document.RootElement, "status") == "success" && answer.IsSuccessStatusCode) return document;
            using (document)
            {
                if (document.RootElement.ValueKind != JsonValueKind.Object || Text(document.RootElement, "status") != "error") throw Unknown();
                var (type, error) = (Text(document.RootElement, "errorType") ?? "error", Text(document.RootElement, "error") ?? "");
                throw new BackendException(type is "timeout" ? 504 : 502, "backend-query-failed", $"The backend says {Short(type)}: {Short(error)}");
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new BackendException(504, "backend-timeout", $"The backend did not answer within {settings.Timeout.TotalSeconds:0.#} s. Give it more with timeoutSeconds, or see what keeps it.");
        }
        catch (HttpRequestException e) when (e.InnerException is AddressNotAllowedException refused)
        {
            throw new BackendException(502, "address-not-allowed", refused.Message);
        }
        catch (HttpRequestException e)
        {
            throw e.HttpRequestError switch
            {
                HttpRequestError.ConfigurationLimitExceeded => new BackendException(502, "backend-answer-too-large", $"The backend's answer is larger than {http.MaxResponseContentBufferSize >> 20} MB, which no answer to what was asked can be. Is the address that of a metrics backend?"),
                HttpRequestError.SecureConnectionError => new BackendException(502, "backend-tls-failed", $"There is no secure connection to the backend: {Short(e.InnerException?.Message ?? e.Message)} Where it has a certificate of your own authority, give that as certificateAuthority."),
                HttpRequestError.NameResolutionError => new BackendException(502, "backend-unreachable", "The backend's name cannot be resolved."),
                var other => new BackendException(502, "backend-unreachable", $"The backend cannot be reached ({other})."),
            };
        }
    }

    static BackendException Unknown() => new(502, "backend-answer-unknown",
        "What answers there is not Prometheus' API. The address ends before /api/v1: Mimir's ends with /prometheus, that of a VictoriaMetrics cluster with /select/0/prometheus.");

    static IEnumerable<string> Texts(JsonElement root, string name) =>
        root.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Take(10).Where(t => t.ValueKind == JsonValueKind.String).Select(t => Short(t.GetString()!)) : [];

    static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    static string Short(string text) => text.Length > MaxShown ? text[..MaxShown] + "…" : text;

    public void Dispose() => http.Dispose();
}
