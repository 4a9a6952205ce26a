using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Phoenix.Agent;

/// <summary>
/// The loopback ports through which a stock collector and Phoenix meet on this host. Configurations name them by variables,
/// so that they are the same bytes everywhere; kept on disk, since collectors outlive the agent that started them.
/// </summary>
internal sealed class LoopbackPorts(StateDirectory directory)
{
    /// <summary>As rendered by the control plane's <c>StockPipeline</c>.</summary>
    public const string LinkVariable = "PHOENIX_LINK_ENDPOINT";

    /// <inheritdoc cref="LinkVariable"/>
    public const string MetricsPortVariable = "PHOENIX_STOCK_METRICS_PORT";

    // Below the range from which the kernel takes ports of outgoing connections (ip_local_port_range, 32768 by default),
    // where a port that is free now may be somebody's a second later.
    private const int First = 24317;
    private const int Last = 32767;

    private readonly Lock _gate = new();
    private PortsFile? _ports;

    /// <summary>Names the address where Phoenix hears a stock collector, for whoever is started on this host.</summary>
    public IReadOnlyDictionary<string, string> LinkVariables() =>
        new Dictionary<string, string> { [LinkVariable] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Link()}") };

    /// <summary>The port on which the named stock collector serves its own metrics; 0 where it never was started.</summary>
    public int MetricsOf(string collector)
    {
        lock (_gate)
            return Load().Metrics.GetValueOrDefault(collector);
    }

    /// <summary>The same, for a start: a port that somebody else has taken meanwhile is given up for a free one.</summary>
    public int MetricsForStart(string collector)
    {
        lock (_gate)
        {
            var ports = Load();
            if (ports.Metrics.TryGetValue(collector, out var port) && IsFree(port))
                return port;
            port = Free(ports);
            Save(ports with { Metrics = new Dictionary<string, int>(ports.Metrics) { [collector] = port } });
            return port;
        }
    }

    /// <summary>The same, for a check that starts nothing: the port that it has, which it may be serving on, or one that it could get.</summary>
    public int MetricsForCheck(string collector)
    {
        lock (_gate)
        {
            var ports = Load();
            return ports.Metrics.TryGetValue(collector, out var port) ? port : Free(ports);
        }
    }

    private int Link()
    {
        lock (_gate)
        {
            var ports = Load();
            if (ports.Link is 0)
                Save(ports = ports with { Link = Free(ports) });
            return ports.Link;
        }
    }

    private PortsFile Load() => _ports ??= DurableFile.Read(directory.PortsFile, AgentJson.Default.PortsFile) ?? new PortsFile(0, new Dictionary<string, int>());

    private void Save(PortsFile ports)
    {
        DurableFile.Write(directory.PortsFile, ports, AgentJson.Default.PortsFile);
        _ports = ports;
    }

    private static int Free(PortsFile ports)
    {
        for (var port = First; port <= Last; port++)
        {
            if (port != ports.Link && !ports.Metrics.Values.Contains(port) && IsFree(port))
                return port;
        }
        throw new IOException($"No loopback port from {First} to {Last} is free for a stock collector and Phoenix to meet on.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            return false;
        }
    }
}

/// <summary>What <c>ports.json</c> says.</summary>
/// <param name="Link">0 until first needed.</param>
/// <param name="Metrics">By name of the stock collector.</param>
internal sealed record PortsFile(int Link, IReadOnlyDictionary<string, int> Metrics);
