using System.Net;

namespace Phoenix.Pipelines.Components;

/// <summary>A configured extension: what a collector offers beside its pipeline.</summary>
public abstract record ExtensionSettings(string Id);

/// <summary><c>health_check</c>: answers over HTTP whether data flows.</summary>
/// <param name="HealthyBody">Answered with 200; null for a JSON object.</param>
/// <param name="UnhealthyBody">Answered with 503; null for a JSON object with the reason.</param>
public sealed record HealthCheckExtensionSettings(string Id, IPEndPoint Endpoint, string Path, string? HealthyBody, string? UnhealthyBody) : ExtensionSettings(Id)
{
    public const string Type = "health_check";

    internal static HealthCheckExtensionSettings Read(string id, SectionReader section)
    {
        // Address and port to listen on; port 0 takes a free one. Default localhost:13133.
        var endpoint = ListenEndpoint.Read(section, "endpoint", new IPEndPoint(IPAddress.Loopback, 13133));
        // The path that answers. Default /.
        var path = section.Text("path") ?? "/";
        if (!path.StartsWith('/'))
        {
            section.Error("path", $"`{section.Written("path")}` does not begin with /", $"write /{section.Written("path")}");
        }

        string? healthy = null, unhealthy = null;
        if (section.Section("response_body") is { } body)
        {
            // What to answer instead of JSON.
            healthy = body.Text("healthy");
            unhealthy = body.Text("unhealthy");
            body.RejectUnknown();
        }

        section.RejectUnknown();
        return new(id, endpoint, path, healthy, unhealthy);
    }
}
