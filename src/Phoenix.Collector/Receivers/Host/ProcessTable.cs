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
    public long MinorFaults;
    public long MajorFaults;
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
internal sealed class ProcessTable(NameFilter? selection, bool creationTime)
{
    private const int PermissionDenied = 13;

    // By the letter in /proc/PID/stat (proc(5)), with the words of the OpenTelemetry Collector.
    private static readonly (byte Letter, string Status)[] KnownStatuses =
    [
        ((byte)'R', "running"), ((byte)'S', "sleeping"), ((byte)'D', "blocked"), ((byte)'I', "idle"), ((byte)'Z', "zombies"),
        ((byte)'T', "stopped"), ((byte)'t', "stopped"), ((byte)'P', "stopped"), ((byte)'X', "dead"),
    ];

    private static readonly EnumerationOptions EveryEntry = new() { AttributesToSkip = 0, IgnoreInaccessible = true };
    private readonly Dictionary<int, ProcessEntry> _entries = [];
    private readonly List<int> _ended = [];
    private readonly byte[] _buffer = new byte[8192];
    private readonly Dictionary<string, long> _statuses = KnownStatuses.Select(s => s.Status).Append("unknown").Distinct().ToDictionary(s => s, _ => 0L);
    private readonly ProcessDescription _description = new(creationTime);

    /// <summary>Processes by status at the last <see cref="Read"/>.</summary>
    public IReadOnlyDictionary<string, long> Statuses => _statuses;

    /// <summary>Processes at the last <see cref="Read"/> that this user may not look into: their disk I/O is left out.</summary>
    public int Denied { get; private set; }

    /// <summary>Reads every process that lives now.</summary>
    /// <returns>Those that are selected.</returns>
    public IEnumerable<ProcessEntry> Read()
    {
        Denied = 0;
        foreach (var status in _statuses.Keys)
        {
            _statuses[status] = 0;
        }

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
        var length = Libc.ReadFile(ProcPath(path, pid, "/stat\0"u8), _buffer, atOnce: true);
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
        Count(fields.NextWord());
        if (selection is null)
        {
            return;
        }

        var parent = fields.NextNumber();
        fields.Skip(5);
        var minorFaults = fields.NextNumber();
        fields.Skip(1);
        var majorFaults = fields.NextNumber();
        fields.Skip(1);
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
                StartUnixNanos = ProcFile.BootTime + (ulong)(start * (1_000_000_000 / Libc.ClockTicksPerSecond)),
                Name = name.ToArray(),
            };
            _entries[pid] = entry;
            entry.Selected = selection.Selects(Encoding.UTF8.GetString(name));
            if (entry.Selected)
            {
                entry.Attributes = _description.Of(entry, parent);
            }
        }

        entry.Alive = true;
        (entry.UserTicks, entry.SystemTicks, entry.Threads) = (user, system, threads);
        (entry.MinorFaults, entry.MajorFaults) = (minorFaults, majorFaults);
        (entry.VirtualBytes, entry.ResidentBytes) = (virtualBytes, residentPages * Environment.SystemPageSize);
        if (entry.Selected)
        {
            ReadIo(entry, path);
        }
    }

    private void ReadIo(ProcessEntry entry, Span<byte> path)
    {
        entry.ReadBytes = entry.WrittenBytes = -1;
        var length = Libc.ReadFile(ProcPath(path, entry.Pid, "/io\0"u8), _buffer, atOnce: true);
        if (length <= 0)
        {
            Denied += length == -PermissionDenied ? 1 : 0;
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

    private void Count(ReadOnlySpan<byte> letter)
    {
        foreach (var (known, status) in KnownStatuses)
        {
            if (letter.Length == 1 && letter[0] == known)
            {
                _statuses[status]++;
                return;
            }
        }

        _statuses["unknown"]++;
    }

    public static ReadOnlySpan<byte> ProcPath(Span<byte> path, int pid, ReadOnlySpan<byte> file)
    {
        "/proc/"u8.CopyTo(path);
        Utf8Formatter.TryFormat(pid, path[6..], out var digits);
        file.CopyTo(path[(6 + digits)..]);
        return path[..(6 + digits + file.Length)];
    }
}
