using System.Net;
using System.Net.Security;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Phoenix.Collector.Exporters;
using Phoenix.Collector.Http;
using Phoenix.Contracts;
using Phoenix.Pipelines;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Control;

/// <summary>
/// What the production arm serves over TCP beside its receivers: its own metrics, <c>health_check</c> and what <c>prometheus</c>
/// exporters hold. A listener whose
/// address stays is kept over a reload.
/// </summary>
internal sealed class ServiceListeners(Func<CollectorStatus> status, Func<string> metrics, Func<IReadOnlyList<IExporter>> exporters) : IAsyncDisposable
{
    private readonly Dictionary<string, Listener> _open = new(StringComparer.Ordinal);

    /// <summary>Opens what is new before anything is closed: where this throws, all is as before.</summary>
    /// <exception cref="IOException">An address cannot be listened on, or a certificate cannot be used.</exception>
    public async Task ApplyAsync(CollectorConfiguration configuration)
    {
        var wanted = Wanted(configuration);
        var opened = new Dictionary<string, Listener>(StringComparer.Ordinal);
        try
        {
            foreach (var service in wanted)
            {
                if (!_open.TryGetValue(service.Name, out var open) || !open.Service.Endpoint.Equals(service.Endpoint))
                {
                    opened[service.Name] = await Listener.OpenAsync(service);
                }
            }
        }
        catch
        {
            foreach (var listener in opened.Values)
            {
                await listener.DisposeAsync();
            }

            throw;
        }

        foreach (var (name, listener) in _open.ToList())
        {
            if (opened.ContainsKey(name) || !wanted.Any(w => w.Name == name))
            {
                _open.Remove(name);
                await listener.DisposeAsync();
            }
        }

        foreach (var (name, listener) in opened)
        {
            _open[name] = listener;
        }

        foreach (var service in wanted)
        {
            _open[service.Name].Service = service;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _open.Values)
        {
            await listener.DisposeAsync();
        }

        _open.Clear();
    }

    private List<Service> Wanted(CollectorConfiguration configuration)
    {
        var wanted = new List<Service>();
        if (configuration.Telemetry.MetricsEndpoint is { } endpoint)
        {
            wanted.Add(new("service.telemetry.metrics", endpoint, MetricsAsync, null));
        }

        foreach (var health in configuration.Extensions.OfType<HealthCheckExtensionSettings>())
        {
            wanted.Add(new($"extensions.{health.Id}", health.Endpoint, context => HealthAsync(context, health), null));
        }

        foreach (var prometheus in configuration.Exporters.OfType<PrometheusExporterSettings>())
        {
            wanted.Add(new($"exporters.{prometheus.Id}", prometheus.Endpoint, context => ScrapeAsync(context, prometheus.Id),
                prometheus.Tls is { } tls ? new ServerCertificates(tls, SslApplicationProtocol.Http11) : null));
        }

        return wanted;
    }

    private Task ScrapeAsync(HttpContext context, string id) =>
        exporters().OfType<PrometheusExporter>().FirstOrDefault(e => e.Id == id) is { } exporter
            ? exporter.ScrapeAsync(context)
            // Between the listener and the exporter of a reload.
            : AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "text/plain", "not ready yet\n");

    private Task MetricsAsync(HttpContext context) =>
        context.Request.Path == "/metrics"
            ? AnswerAsync(context, StatusCodes.Status200OK, "text/plain; version=0.0.4; charset=utf-8", metrics())
            : AnswerAsync(context, StatusCodes.Status404NotFound, "text/plain", "only /metrics exists here\n");

    private Task HealthAsync(HttpContext context, HealthCheckExtensionSettings settings)
    {
        if (context.Request.Path != settings.Path)
        {
            return AnswerAsync(context, StatusCodes.Status404NotFound, "text/plain", $"only {settings.Path} exists here\n");
        }

        var now = status();
        var code = now.Healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return (now.Healthy ? settings.HealthyBody : settings.UnhealthyBody) is { } body
            ? AnswerAsync(context, code, "text/plain", body)
            : AnswerAsync(context, code, "application/json", Json(now));
    }

    /// <summary>The extension's answer in the OpenTelemetry Collector, and the reason.</summary>
    private static string Json(CollectorStatus status)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteString("status", status.Healthy ? "Server available" : "Server not available");
            json.WriteString("upSince", status.StartedAt);
            json.WriteString("uptime", Duration.Format(TimeSpan.FromSeconds(Math.Floor((DateTimeOffset.UtcNow - status.StartedAt).TotalSeconds))));
            if (status.Reason is { } reason)
            {
                json.WriteString("reason", reason);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }

    private static async Task AnswerAsync(HttpContext context, int status, string type, string text)
    {
        var body = Encoding.UTF8.GetBytes(text);
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <param name="Certificates">Null where it speaks plain text.</param>
    private sealed record Service(string Name, IPEndPoint Endpoint, Func<HttpContext, Task> Handler, ServerCertificates? Certificates);

    private sealed class Listener(Service service) : IAsyncDisposable
    {
        private const int MaxConnections = 64;
        private BareServer _server = null!;
        private volatile Service _service = service;

        /// <summary>What it does with the next connection and request.</summary>
        public Service Service
        {
            get => _service;
            set => _service = value;
        }

        public static async Task<Listener> OpenAsync(Service service)
        {
            var listener = new Listener(service);
            listener._server = await BareServer.StartAsync(
                options =>
                {
                    options.Limits.MaxRequestBodySize = 0;
                    options.Limits.MaxConcurrentConnections = MaxConnections;
                    options.Listen(service.Endpoint, listen =>
                    {
                        listen.Protocols = HttpProtocols.Http1;
                        listen.UseTls(() => listener.Service.Certificates);
                    });
                },
                context => listener.Service.Handler(context));
            var address = listener._server.Addresses.First();
            Log.Info("serving", ("what", service.Name), ("endpoint", service.Certificates is null ? address : address.Replace("http://", "https://", StringComparison.Ordinal)));
            return listener;
        }

        public ValueTask DisposeAsync() => _server.DisposeAsync();
    }
}
