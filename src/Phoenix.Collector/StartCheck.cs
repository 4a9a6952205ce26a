using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Phoenix.Collector.Exporters;
using Phoenix.Collector.Http;
using Phoenix.Pipelines;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector;

/// <summary>
/// What only the host can tell about a configuration that is right in itself: whether files can be used (an error), and whether
/// addresses are free (a warning, since the one who has them may be the collector that the configuration is for).
/// </summary>
internal static class StartCheck
{
    public static LoadedConfiguration Run(LoadedConfiguration loaded)
    {
        if (loaded.Configuration is not { } configuration)
        {
            return loaded;
        }

        var errors = Files(configuration).ToList();
        List<ConfigurationIssue> warnings = [.. loaded.Warnings, .. Addresses(configuration)];
        return new(errors.Count == 0 ? configuration : null, errors, warnings);
    }

    private static IEnumerable<ConfigurationIssue> Files(CollectorConfiguration configuration)
    {
        foreach (var exporter in configuration.Exporters.OfType<QueuedExporterSettings>())
        {
            if (Problem(() => ExporterFactory.CheckFiles(exporter)) is { } problem)
            {
                yield return problem;
            }
        }

        foreach (var receiver in configuration.Receivers.OfType<OtlpReceiverSettings>())
        {
            foreach (var (name, listener) in new[] { ("grpc", receiver.Grpc), ("http", receiver.Http) })
            {
                if (listener?.Tls is { } tls && Problem(() => _ = new ServerCertificates(tls, SslApplicationProtocol.Http11)) is { } problem)
                {
                    yield return problem with { Key = $"receivers.{receiver.Id}.protocols.{name}.tls" };
                }
            }
        }

        foreach (var exporter in configuration.Exporters.OfType<PrometheusExporterSettings>())
        {
            if (exporter.Tls is { } tls && Problem(() => _ = new ServerCertificates(tls, SslApplicationProtocol.Http11)) is { } problem)
            {
                yield return problem with { Key = $"exporters.{exporter.Id}.tls" };
            }
        }
    }

    private static ConfigurationIssue? Problem(Action use)
    {
        try
        {
            use();
            return null;
        }
        catch (UnusableFileException e)
        {
            return new(e.File.Line, e.File.Key, e.Problem, e.Remedy);
        }
        catch (IOException e)
        {
            return new(0, "(file)", e.Message, "name files that this user can read");
        }
    }

    private static IEnumerable<ConfigurationIssue> Addresses(CollectorConfiguration configuration)
    {
        var listeners = new List<(string Key, IPEndPoint? Endpoint)> { ("service.telemetry.metrics", configuration.Telemetry.MetricsEndpoint) };
        foreach (var receiver in configuration.Receivers.OfType<OtlpReceiverSettings>())
        {
            listeners.Add(($"receivers.{receiver.Id}.protocols.grpc.endpoint", receiver.Grpc?.Endpoint));
            listeners.Add(($"receivers.{receiver.Id}.protocols.http.endpoint", receiver.Http?.Endpoint));
        }

        listeners.AddRange(configuration.Extensions.OfType<HealthCheckExtensionSettings>().Select(e => ($"extensions.{e.Id}.endpoint", (IPEndPoint?)e.Endpoint)));
        listeners.AddRange(configuration.Exporters.OfType<PrometheusExporterSettings>().Select(e => ($"exporters.{e.Id}.endpoint", (IPEndPoint?)e.Endpoint)));
        foreach (var (key, endpoint) in listeners)
        {
            if (endpoint is { Port: > 0 } && Taken(endpoint) is { } reason)
            {
                yield return new(0, key, $"{endpoint} cannot be listened on now: {reason}", "stop the process that has it, unless it is the collector that this configuration is for");
            }
        }
    }

    private static string? Taken(IPEndPoint endpoint)
    {
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endpoint);
            socket.Listen(1);
            return null;
        }
        catch (SocketException e)
        {
            return e.Message;
        }
    }
}
