using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Phoenix.Collector.Parity;

/// <summary>The queries of a Prometheus-compatible server that a comparison needs.</summary>
/// <param name="match">Matchers that every selector gets, such as <c>arm="candidate"</c>; empty for none.</param>
internal sealed class PrometheusApi(HttpClient client, Uri server, string match, AuthenticationHeaderValue? authorization)
{
    /// <exception cref="InvalidDataException">The server cannot be asked, or refuses; the message says what it answered.</exception>
    public async Task<IReadOnlyList<LabelledValue>> QueryAsync(string expression, DateTimeOffset at)
    {
        using var answer = await GetAsync($"query?query={Uri.EscapeDataString(expression)}&time={Seconds(at)}");
        var data = answer.RootElement.GetProperty("data");
        return data.GetProperty("resultType").GetString() is "vector"
            ?
            [
                .. data.GetProperty("result").EnumerateArray().Select(r => new LabelledValue(
                    r.GetProperty("metric").EnumerateObject().ToDictionary(l => l.Name, l => l.Value.GetString() ?? ""),
                    Number(r.GetProperty("value")[1].GetString() ?? ""))),
            ]
            : throw new InvalidDataException($"{server} answers {expression} with something else than a vector");
    }

    /// <summary>A single number; 0 where nothing matches.</summary>
    public async Task<long> CountAsync(string expression, DateTimeOffset at) => (long)(await QueryAsync(expression, at)).Sum(v => v.Value);

    /// <summary>Names of metrics with samples in the time given.</summary>
    public Task<IReadOnlyList<string>> MetricsAsync(DateTimeOffset from, DateTimeOffset to) =>
        TextsAsync($"label/__name__/values?{Matching("""{__name__=~".+"}""", from, to)}");

    public Task<IReadOnlyList<string>> LabelsAsync(string metric, DateTimeOffset from, DateTimeOffset to) =>
        TextsAsync($"labels?{Matching(metric, from, to)}");

    /// <summary>Types by metric family; empty where the server keeps none, as of what came by remote write.</summary>
    public async Task<IReadOnlyDictionary<string, string>> TypesAsync()
    {
        using var answer = await GetAsync("metadata");
        return answer.RootElement.GetProperty("data").EnumerateObject()
            .ToDictionary(m => m.Name, m => m.Value[0].GetProperty("type").GetString() ?? "unknown");
    }

    /// <summary>The metric with the matchers of this arm.</summary>
    public string Select(string metric) => match.Length == 0 ? metric : metric.StartsWith('{') ? $"{metric[..^1]},{match}}}" : $"{metric}{{{match}}}";

    private string Matching(string selector, DateTimeOffset from, DateTimeOffset to) =>
        $"match[]={Uri.EscapeDataString(Select(selector))}&start={Seconds(from)}&end={Seconds(to)}";

    private async Task<IReadOnlyList<string>> TextsAsync(string path)
    {
        using var answer = await GetAsync(path);
        return [.. answer.RootElement.GetProperty("data").EnumerateArray().Select(n => n.GetString() ?? "")];
    }

    private async Task<JsonDocument> GetAsync(string path)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{server.AbsoluteUri.TrimEnd('/')}/api/v1/{path}"));
            request.Headers.Authorization = authorization;
            using var response = await client.SendAsync(request);
            var body = await response.Content.ReadAsByteArrayAsync();
            return response.IsSuccessStatusCode
                ? JsonDocument.Parse(body)
                : throw new InvalidDataException($"{server} answers {(int)response.StatusCode} to {path}: {Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 500)))}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException)
        {
            throw new InvalidDataException($"{server} cannot be asked: {e.Message}; give the base URL of a Prometheus-compatible server, such as http://localhost:9090", e);
        }
    }

    private static string Seconds(DateTimeOffset at) => (at.ToUnixTimeMilliseconds() / 1000d).ToString("0.###", CultureInfo.InvariantCulture);

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };
}
