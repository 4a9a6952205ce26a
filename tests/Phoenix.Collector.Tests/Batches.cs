using System.Net.Http.Headers;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

/// <summary>OTLP batches to send.</summary>
internal static class Batches
{
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>A cumulative counter <c>shop.requests</c> with one stream per customer, each at <paramref name="value"/>.</summary>
    public static byte[] Requests(int customers, long value, int padding = 0, Temporality temporality = Temporality.Cumulative, long? unixNanos = null)
    {
        var writer = new OtlpWriter();
        var now = (ulong)(unixNanos ?? Clock.UnixNanos());
        writer.BeginResource();
        writer.ResourceAttribute("service.name", "shop");
        writer.BeginScope("test", "");
        writer.BeginSum("shop.requests", "1", "", monotonic: true, temporality);
        for (var i = 0; i < customers; i++)
        {
            writer.BeginPoint(1_000_000_000, now);
            writer.Attribute("customer", $"c{i}{new string('x', padding)}");
            writer.EndPoint(value * (i + 1));
        }

        writer.EndMetric();
        writer.EndScope();
        writer.EndResource();
        return writer.WrittenSpan.ToArray();
    }

    public static Task<HttpResponseMessage> PostAsync(Uri otlp, byte[] batch, string contentType = "application/x-protobuf", string? encoding = null)
    {
        var content = new ByteArrayContent(batch);
        content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        if (encoding is not null)
        {
            content.Headers.ContentEncoding.Add(encoding);
        }

        return Client.PostAsync(new Uri(otlp, "/v1/metrics"), content);
    }

    /// <summary>Sends as a good sender does: what is refused for now (503) is sent again.</summary>
    public static Task SendAsync(Uri otlp, byte[] batch) => Wait.UntilAsync("the batch to be accepted", async () =>
    {
        using var response = await PostAsync(otlp, batch);
        return (int)response.StatusCode switch
        {
            200 => true,
            503 => false,
            var status => throw new InvalidOperationException($"{status}: {await response.Content.ReadAsStringAsync()}"),
        };
    });
}
