using System.Net;

namespace Phoenix.Pipelines.Components;

/// <summary>Reads <c>address:port</c> keys of listeners.</summary>
internal static class ListenEndpoint
{
    /// <summary>An IP address or <c>localhost</c> and a port; port 0 takes a free one, no address means every one.</summary>
    public static IPEndPoint Read(SectionReader section, string key, IPEndPoint byDefault)
    {
        if (section.Text(key) is not { } text)
        {
            return byDefault;
        }

        if (Parse(text) is { } endpoint)
        {
            return endpoint;
        }

        section.Error(key, $"`{section.Written(key)}` is no address:port", $"write an IP address or localhost and a port, such as 0.0.0.0:{byDefault.Port}");
        return byDefault;
    }

    private static IPEndPoint? Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text.AsSpan(colon + 1), out var port))
        {
            return null;
        }

        var host = text[..colon].Trim('[', ']');
        return host == "localhost" ? new(IPAddress.Loopback, port)
            : host.Length == 0 ? new(IPAddress.Any, port)
            : IPAddress.TryParse(host, out var address) ? new(address, port)
            : null;
    }
}
