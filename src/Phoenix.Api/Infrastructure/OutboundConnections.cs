using System.Net;
using System.Net.Sockets;

namespace Phoenix.Api.Infrastructure;

/// <summary>
/// Where the control plane connects to because a user said so. Addresses are looked at after the name was resolved, for each connection anew: a name that
/// means something else on the second look does not get round it. <c>PHOENIX_OUTBOUND_NETWORKS</c> names the networks that alone are allowed, such as
/// <c>10.0.0.0/8,192.0.2.7/32</c>; without it all are but those of <see cref="NeverAllowed"/>.
/// </summary>
public sealed class OutboundConnections(IConfiguration configuration)
{
    public const string Variable = "PHOENIX_OUTBOUND_NETWORKS";

    static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Where clouds serve the credentials of a machine to whoever asks, and what is no single machine.</summary>
    static readonly IPNetwork[] NeverAllowed =
    [
        .. ((string[])
        [
            "169.254.0.0/16", "fe80::/10",
            "fd00:ec2::/32", // EC2's metadata and DNS, EKS' Pod Identity.
            "fd20:ce::254/128", // Google Cloud's metadata.
            "168.63.129.16/32", // Azure's WireServer.
            "100.100.100.200/32", // Alibaba Cloud's metadata.
            "0.0.0.0/8", "::/128", "224.0.0.0/4", "255.255.255.255/32", "ff00::/8",
        ]).Select(IPNetwork.Parse),
    ];

    /// <summary>IPv6 behind which a gateway reaches the IPv4 address in it: NAT64 (RFC 6052, section 2.1) from byte 12 on, 6to4 (RFC 3056, section 2) from byte 2 on.</summary>
    static readonly (IPNetwork Network, int At)[] Gateways = [(IPNetwork.Parse("64:ff9b::/96"), 12), (IPNetwork.Parse("2002::/16"), 2)];

    readonly IPNetwork[] _allowed = Allowed(configuration[Variable]);

    /// <summary>A handler that follows no redirects, keeps no cookies and uses no proxy, which would connect on its behalf to where it may not.</summary>
    public SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectTimeout = ConnectTimeout, AutomaticDecompression = DecompressionMethods.All,
        MaxResponseHeadersLength = 32, PooledConnectionLifetime = TimeSpan.FromMinutes(2), ActivityHeadersPropagator = null, ConnectCallback = Connect,
    };

    async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var host = context.DnsEndPoint.Host;
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancellation);
        // One answer among several that leads inside is refused as a whole.
        if (addresses.Length == 0 || Array.Find(addresses, a => !IsAllowed(a)) is not null)
            throw new AddressNotAllowedException($"The control plane may not connect to '{host}': it has an address outside of what {Variable} allows, or one that is never allowed (where clouds serve a machine's credentials, link-local, multicast).");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public bool IsAllowed(IPAddress address)
    {
        var reached = Reached(address);
        return !NeverAllowed.Any(n => Array.Exists(reached, n.Contains)) && (_allowed.Length == 0 || _allowed.Any(n => Array.Exists(reached, n.Contains)));
    }

    /// <summary>The address, and the one in it that a gateway goes on to.</summary>
    static IPAddress[] Reached(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) return [address.MapToIPv4()];
        var at = Array.Find(Gateways, g => g.Network.Contains(address)).At;
        return at == 0 ? [address] : [address, new IPAddress(address.GetAddressBytes().AsSpan(at, 4))];
    }

    /// <exception cref="FormatException">Names the setting and what is wrong with it.</exception>
    static IPNetwork[] Allowed(string? setting) =>
        [.. (setting ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(text => IPNetwork.TryParse(text, out var network)
            ? network : throw new FormatException($"{Variable} names '{text}', which is no network. Use CIDR notation, such as 10.0.0.0/8,192.0.2.7/32."))];
}

/// <summary>Where the control plane was told to connect, it must not.</summary>
public sealed class AddressNotAllowedException(string message) : IOException(message);
