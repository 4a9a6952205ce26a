using System.Text;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Receivers.Host.Scrapers;

/// <summary><c>network</c>: /proc/net/dev, and the states of TCP connections from /proc/net/tcp and tcp6.</summary>
internal static class NetworkScraper
{
    // Fields of /proc/net/dev: eight received, then eight sent.
    private const int Bytes = 0, Packets = 1, Errors = 2, Dropped = 3, Sent = 8;

    // Kernel, include/net/tcp_states.h; the first is 1.
    private static readonly string[] States =
        ["ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT_1", "FIN_WAIT_2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING"];

    public static void Write(PointWriter points, ProcFile proc, NameFilter interfaces, IReadOnlySet<string> enabled)
    {
        var devices = new List<(string Device, long[] Fields)>();
        var lines = proc.Read("/proc/net/dev\0"u8);
        while (lines.NextLine(out var line))
        {
            var colon = line.IndexOf((byte)':');
            if (colon < 0 || Encoding.UTF8.GetString(line[..colon]).Trim() is not { } name || !interfaces.Selects(name))
            {
                continue;
            }

            var words = new ProcText(line[(colon + 1)..]);
            var fields = new long[2 * Sent];
            for (var i = 0; i < fields.Length; i++)
            {
                fields[i] = words.NextNumber();
            }

            devices.Add((name, fields));
        }

        Counter("system.network.io", "By", "Bytes by device and direction.", Bytes);
        Counter("system.network.packets", "{packet}", "Packets by device and direction.", Packets);
        Counter("system.network.errors", "{error}", "Errors by device and direction.", Errors);
        Counter("system.network.dropped", "{packet}", "Dropped packets by device and direction.", Dropped);
        if (enabled.Contains("system.network.connections"))
        {
            Connections(points);
        }

        void Counter(string name, string unit, string description, int field)
        {
            if (points.Counter(name, unit, description))
            {
                foreach (var (device, fields) in devices)
                {
                    points.Add(fields[field], ("device", device), ("direction", "receive"));
                    points.Add(fields[field + Sent], ("device", device), ("direction", "transmit"));
                }

                points.End();
            }
        }
    }

    private static void Connections(PointWriter points)
    {
        var counts = new long[States.Length];
        foreach (var path in (ReadOnlySpan<string>)["/proc/net/tcp", "/proc/net/tcp6"])
        {
            if (!File.Exists(path))
            {
                // A kernel without IPv6 has no tcp6.
                continue;
            }

            // sl local_address rem_address st …: read line by line, since a busy host has a hundred thousand of them.
            foreach (var line in File.ReadLines(path).Skip(1))
            {
                var fields = line.AsSpan().TrimStart();
                for (var i = 0; i < 3; i++)
                {
                    fields = fields[(fields.IndexOf(' ') + 1)..].TrimStart();
                }

                var state = Convert.ToInt32(fields[..2].ToString(), 16) - 1;
                if (state >= 0 && state < counts.Length)
                {
                    counts[state]++;
                }
            }
        }

        points.Level("system.network.connections", "{connection}", "Connections by protocol and state.");
        for (var i = 0; i < counts.Length; i++)
        {
            points.Add(counts[i], ("protocol", "tcp"), ("state", States[i]));
        }

        points.End();
    }
}
