using System.Net;
using System.Net.Sockets;

namespace Phoenix.EndToEnd;

internal static class Ports
{
    /// <summary>
    /// A port that nothing listens on, below the range from which the kernel takes ports of outgoing connections: a
    /// restarted API must find it free again.
    /// </summary>
    public static int Free()
    {
        while (true)
        {
            var port = Random.Shared.Next(12_000, 19_999);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: another one.
                continue;
            }
        }
    }
}
