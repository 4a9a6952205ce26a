using System.Buffers.Text;
using System.Globalization;
using System.IO.Enumeration;
using System.Text;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Receivers.Host;

/// <summary>What is known of one process. Identified by pid and start time, since pids are used again.</summary>
internal sealed class ProcessEntry
{
    public int Pid;
    public long StartTicks;
    public ulong StartUnixNanos;
    public byte[] Name = [];
    public (byte[] Key, byte[] Value)[] Attributes = [];
    public bool Selected;
    public bool Alive;
    public long UserTicks;
    public long SystemTicks;
    public long Threads;
    public long VirtualBytes;
    public long ResidentBytes;

    /// <summary>-1 where the kernel does not let this user read it.</summary>
    public long ReadBytes;
    public long WrittenBytes;
}

/// <summary>
/// Reads /proc once per collection. What never changes about a process is read when it first appears, or when its name
/// changes (an exec); after that a process costs two small reads and no allocation.
/// </summary>
internal sealed class ProcessTable(ProcessSelection selection)
{
    // A command line may have megabytes; as an attribute of every point it must not.
    private const int MaxCommandLine = 1024;

    private static readonly EnumerationOptions EveryEntry = new() { AttributesToSkip = 0, IgnoreInaccessible = true };
    private readonly Dictionary<int, ProcessEntry> _entries = [];
    private readonly List<int> _ended = [];
    private readonly byte[] _buffer = new byte[8192];
    private readonly ulong _bootUnixNanos = BootTime();
    private readonly UserNames _users = new();

    /// <summary>Reads every process that lives now.</summary>
    public IEnumerable<ProcessEntry> Read()
    {
        foreach (var entry in _entries.Values)
        {
            entry.Alive = false;
        }

        var pids = new FileSystemEnumerable<int>("/proc", static (ref FileSystemEntry e) => Pid(e.FileName), EveryEntry)
        {
            ShouldIncludePredicate = static (ref FileSystemEntry e) => Pid(e.FileName) > 0,
        };
        foreach (var pid in pids)
        {
            ReadProcess(pid);
        }

        _ended.Clear();
        foreach (var (pid, entry) in _entries)
        {
            if (!entry.Alive)
            {
                _ended.Add(pid);
            }
        }

        foreach (var pid in _ended)
        {
            _entries.Remove(pid);
        }

        return _entries.Values.Where(e => e.Selected);
    }

    private static int Pid(ReadOnlySpan<char> name) => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0;

    private void ReadProcess(int pid)
    {
        Span<byte> path = stackalloc byte[40];
        var length = Libc.ReadFile(ProcPath(path, pid, "/stat\0"u8), _buffer);
        if (length <= 0)
        {
            // It ended between the listing and now.
            return;
        }

        // pid (name) state ppid …: the name may hold spaces and parentheses, so it ends at the last one.
        var stat = _buffer.AsSpan(0, length);
        var open = stat.IndexOf((byte)'(');
        var close = stat.LastIndexOf((byte)')');
        if (open < 0 || close < open)
        {
            return;
        }

        var name = stat[(open + 1)..close];
        var fields = new ProcText(stat[(close + 1)..]);
        fields.Skip(1);
        var parent = fields.NextNumber();
        fields.Skip(9);
        var user = fields.NextNumber();
        var system = fields.NextNumber();
        fields.Skip(4);
        var threads = fields.NextNumber();
        fields.Skip(1);
        var start = fields.NextNumber();
        var virtualBytes = fields.NextNumber();
        var residentPages = fields.NextNumber();

        if (!_entries.TryGetValue(pid, out var entry) || entry.StartTicks != start || !name.SequenceEqual(entry.Name))
        {
            entry = new ProcessEntry
            {
                Pid = pid,
                StartTicks = start,
                StartUnixNanos = _bootUnixNanos + (ulong)(start * (1_000_000_000 / Libc.ClockTicksPerSecond)),
                Name = name.ToArray(),
            };
            _entries[pid] = entry;
            entry.Selected = selection.Selects(Encoding.UTF8.GetString(name));
            if (entry.Selected)
            {
                entry.Attributes = Describe(entry, parent);
            }
        }

        entry.Alive = true;
        (entry.UserTicks, entry.SystemTicks, entry.Threads) = (user, system, threads);
        (entry.VirtualBytes, entry.ResidentBytes) = (virtualBytes, residentPages * Environment.SystemPageSize);
        if (entry.Selected)
        {
            ReadIo(entry, path);
        }
    }

    private void ReadIo(ProcessEntry entry, Span<byte> path)
    {
        entry.ReadBytes = entry.WrittenBytes = -1;
        var length = Libc.ReadFile(ProcPath(path, entry.Pid, "/io\0"u8), _buffer);
        if (length <= 0)
        {
            return;
        }

        var lines = new ProcText(_buffer.AsSpan(0, length));
        while (lines.NextLine(out var line))
        {
            var words = new ProcText(line);
            var key = words.NextWord();
            if (key.SequenceEqual("read_bytes:"u8))
            {
                entry.ReadBytes = words.NextNumber();
            }
            else if (key.SequenceEqual("write_bytes:"u8))
            {
                entry.WrittenBytes = words.NextNumber();
            }
        }
    }

    private (byte[] Key, byte[] Value)[] Describe(ProcessEntry entry, long parent)
    {
        var attributes = new List<(byte[] Key, byte[] Value)>();
        Add("process.pid", entry.Pid.ToString(CultureInfo.InvariantCulture));
        Add("process.parent_pid", parent.ToString(CultureInfo.InvariantCulture));
        Add("process.executable.name", Encoding.UTF8.GetString(entry.Name));
        Span<byte> path = stackalloc byte[40];
        var target = new byte[4096];
        var length = Libc.ReadLink(ProcPath(path, entry.Pid, "/exe\0"u8), target);
        if (length > 0)
        {
            Add("process.executable.path", Encoding.UTF8.GetString(target, 0, length));
        }

        length = Libc.ReadFile(ProcPath(path, entry.Pid, "/cmdline\0"u8), target);
        if (length > 0)
        {
            var arguments = target.AsSpan(0, length).TrimEnd((byte)0);
            var first = arguments.IndexOf((byte)0);
            Add("process.command", Bounded(first < 0 ? arguments : arguments[..first]));
            arguments.Replace((byte)0, (byte)' ');
            Add("process.command_line", Bounded(arguments));
        }

        length = Libc.ReadFile(ProcPath(path, entry.Pid, "/status\0"u8), target);
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

    private static ReadOnlySpan<byte> ProcPath(Span<byte> path, int pid, ReadOnlySpan<byte> file)
    {
        "/proc/"u8.CopyTo(path);
        Utf8Formatter.TryFormat(pid, path[6..], out var digits);
        file.CopyTo(path[(6 + digits)..]);
        return path[..(6 + digits + file.Length)];
    }

    private static ulong BootTime()
    {
        var boot = File.ReadLines("/proc/stat").First(l => l.StartsWith("btime ", StringComparison.Ordinal));
        return ulong.Parse(boot.AsSpan(6), CultureInfo.InvariantCulture) * 1_000_000_000;
    }
}

/// <summary>User names of /etc/passwd, read again when an id is met that it did not have.</summary>
internal sealed class UserNames
{
    private readonly Dictionary<long, string> _names = [];

    public string Name(long uid)
    {
        if (_names.TryGetValue(uid, out var name))
        {
            return name;
        }

        if (File.Exists("/etc/passwd"))
        {
            foreach (var line in File.ReadLines("/etc/passwd"))
            {
                var fields = line.Split(':');
                if (fields.Length > 2 && long.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                {
                    _names.TryAdd(id, fields[0]);
                }
            }
        }

        return _names[uid] = _names.TryGetValue(uid, out name) ? name : uid.ToString(CultureInfo.InvariantCulture);
    }
}
