using System.Globalization;
using System.Text;

namespace Phoenix.Collector.Receivers.Host;

/// <summary>Reads files of /proc into one buffer, and counts those that cannot be read.</summary>
internal sealed class ProcFile
{
    private readonly byte[] _buffer = new byte[256 << 10];

    /// <summary>Reads that failed since the last look at this.</summary>
    public int Errors { get; set; }

    /// <summary>Unix nanoseconds at which the machine started.</summary>
    public static ulong BootTime { get; } =
        ulong.Parse(File.ReadLines("/proc/stat").First(l => l.StartsWith("btime ", StringComparison.Ordinal)).AsSpan(6), CultureInfo.InvariantCulture) * 1_000_000_000;

    /// <summary>The text of a file, valid until the next read; empty where it cannot be read.</summary>
    /// <param name="path">Ends with a zero byte.</param>
    public ProcText Read(ReadOnlySpan<byte> path)
    {
        var length = Libc.ReadFile(path, _buffer);
        if (length < 0)
        {
            Errors++;
            Log.Warn("a file of /proc cannot be read", ("path", Encoding.UTF8.GetString(path[..^1])), ("errno", -length));
        }

        return new ProcText(_buffer.AsSpan(0, Math.Max(length, 0)));
    }

    /// <summary>Values of lines <c>key value</c> or <c>key: value kB</c>, as numbers.</summary>
    public Dictionary<string, long> Values(ReadOnlySpan<byte> path, long scale = 1)
    {
        var values = new Dictionary<string, long>(StringComparer.Ordinal);
        var lines = Read(path);
        while (lines.NextLine(out var line))
        {
            var words = new ProcText(line);
            var key = words.NextWord().TrimEnd((byte)':');
            values[Encoding.UTF8.GetString(key)] = words.NextNumber() * scale;
        }

        return values;
    }
}
