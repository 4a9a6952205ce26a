using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Phoenix.Agent;

/// <summary>
/// Tells systemd how the agent is, where it asks (<c>Type=notify</c>): one datagram each, as sd_notify(3) describes. Without
/// <c>NOTIFY_SOCKET</c> nothing is sent.
/// </summary>
internal sealed class ServiceManager
{
    public const string SocketVariable = "NOTIFY_SOCKET";
    public const string WatchdogVariable = "WATCHDOG_USEC";

    private readonly string? _path;
    private readonly long _aliveEveryMs;
    private long _aliveAt;

    public ServiceManager(Func<string, string?> variable)
    {
        _path = variable(SocketVariable) is { Length: > 1 } path ? path : null;
        // Half of what it allows, as sd_watchdog_enabled(3) advises.
        _aliveEveryMs = long.TryParse(variable(WatchdogVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) ? microseconds / 2000 : 0;
    }

    public void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    public void Stopping() => Send("STOPPING=1\nSTATUS=ends the collectors");

    /// <summary>Called at every look after the collectors: an agent that hangs there is of no use and is restarted.</summary>
    public void Alive()
    {
        if (_aliveEveryMs is 0 || Environment.TickCount64 - _aliveAt < _aliveEveryMs)
            return;
        _aliveAt = Environment.TickCount64;
        Send("WATCHDOG=1");
    }

    private void Send(string message)
    {
        if (_path is null)
            return;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            // A name that begins with @ is in the abstract namespace (unix(7)).
            socket.Connect(new UnixDomainSocketEndPoint(_path[0] is '@' ? '\0' + _path[1..] : _path));
            socket.Send(Encoding.UTF8.GetBytes(message));
        }
        catch (SocketException e)
        {
            // Collectors are worth more than what the service manager thinks of the agent.
            Log.Warn("The service manager could not be told.", ("error", e.Message));
        }
    }
}
