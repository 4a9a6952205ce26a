using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers;

/// <summary>Who this machine is: <c>host.id</c> and <c>host.name</c> of the semantic conventions.</summary>
/// <param name="Id">/etc/machine-id where there is one, else the host name.</param>
internal sealed record HostIdentity(string Id, string Name)
{
    public static HostIdentity Read()
    {
        var name = Environment.MachineName;
        foreach (var path in (ReadOnlySpan<string>)["/etc/machine-id", "/var/lib/dbus/machine-id"])
        {
            if (File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } id)
            {
                return new(id, name);
            }
        }

        return new(name, name);
    }

    public void Write(OtlpWriter writer)
    {
        writer.ResourceAttribute("host.id", Id);
        writer.ResourceAttribute("host.name", Name);
    }
}
