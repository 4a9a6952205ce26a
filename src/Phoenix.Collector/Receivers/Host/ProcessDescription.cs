using System.Globalization;
using System.Text;

namespace Phoenix.Collector.Receivers.Host;

/// <summary>Reads what never changes about a process: the attributes of its resource.</summary>
internal sealed class ProcessDescription(bool creationTime)
{
    // A command line may have megabytes; as an attribute of every point it must not.
    private const int MaxCommandLine = 1024;

    private readonly UserNames _users = new();

    public (byte[] Key, byte[] Value)[] Of(ProcessEntry entry, long parent)
    {
        var attributes = new List<(byte[] Key, byte[] Value)>();
        Add("process.pid", entry.Pid.ToString(CultureInfo.InvariantCulture));
        if (creationTime)
        {
            Add("process.creation.time", Clock.Time((long)entry.StartUnixNanos).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
        }

        Add("process.parent_pid", parent.ToString(CultureInfo.InvariantCulture));
        Add("process.executable.name", Encoding.UTF8.GetString(entry.Name));
        Span<byte> path = stackalloc byte[40];
        var target = new byte[4096];
        var length = Libc.ReadLink(ProcessTable.ProcPath(path, entry.Pid, "/exe\0"u8), target);
        if (length > 0)
        {
            Add("process.executable.path", Encoding.UTF8.GetString(target, 0, length));
        }

        length = Libc.ReadFile(ProcessTable.ProcPath(path, entry.Pid, "/cmdline\0"u8), target);
        if (length > 0)
        {
            var arguments = target.AsSpan(0, length).TrimEnd((byte)0);
            var first = arguments.IndexOf((byte)0);
            Add("process.command", Bounded(first < 0 ? arguments : arguments[..first]));
            arguments.Replace((byte)0, (byte)' ');
            Add("process.command_line", Bounded(arguments));
        }

        length = Libc.ReadFile(ProcessTable.ProcPath(path, entry.Pid, "/status\0"u8), target);
        var lines = new ProcText(target.AsSpan(0, Math.Max(length, 0)));
        while (lines.NextLine(out var line))
        {
            if (line.StartsWith("Uid:"u8))
            {
                var words = new ProcText(line[4..]);
                Add("process.owner", _users.Name(words.NextNumber()));
            }
        }

        return [.. attributes];

        void Add(string key, string value) => attributes.Add((Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value)));
    }

    private static string Bounded(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text[..Math.Min(text.Length, MaxCommandLine)]);
}
