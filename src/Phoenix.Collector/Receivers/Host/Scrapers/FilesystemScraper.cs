using System.Text;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Receivers.Host.Scrapers;

/// <summary>
/// <c>filesystem</c>: /proc/self/mounts and statvfs. File systems without a device are left out unless asked for: among them
/// are network ones, which make a reader wait when their server is away.
/// </summary>
internal static class FilesystemScraper
{
    public static void Write(PointWriter points, ProcFile proc, HostScraperOptions options)
    {
        var mounts = Mounts(proc, options);
        if (points.Level("system.filesystem.usage", "By", "Bytes by mount point and state."))
        {
            foreach (var (mount, space) in mounts)
            {
                Add(mount, "used", (space.Blocks - space.BlocksFree) * space.BlockBytes);
                Add(mount, "free", space.BlocksAvailable * space.BlockBytes);
                Add(mount, "reserved", (space.BlocksFree - space.BlocksAvailable) * space.BlockBytes);
            }

            points.End();
        }

        if (points.Level("system.filesystem.inodes.usage", "{inode}", "Inodes by mount point and state."))
        {
            foreach (var (mount, space) in mounts)
            {
                Add(mount, "used", space.Files - space.FilesFree);
                Add(mount, "free", space.FilesFree);
            }

            points.End();
        }

        void Add(Mount mount, string state, ulong value) =>
            points.Add((long)value, ("device", mount.Device), ("mode", mount.Mode), ("mountpoint", mount.Point), ("type", mount.Type), ("state", state));
    }

    private static List<(Mount Mount, FilesystemSpace Space)> Mounts(ProcFile proc, HostScraperOptions options)
    {
        var withoutDevice = options.VirtualFilesystems ? [] : WithoutDevice(proc);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var found = new List<Mount>();
        var lines = proc.Read("/proc/self/mounts\0"u8);
        while (lines.NextLine(out var line))
        {
            var words = new ProcText(line);
            var mount = new Mount(Unescape(words.NextWord()), Unescape(words.NextWord()), Unescape(words.NextWord()), words.NextWord().StartsWith("ro"u8) ? "ro" : "rw");
            if (!withoutDevice.Contains(mount.Type) && options.FilesystemDevices.Selects(mount.Device) && options.FilesystemTypes.Selects(mount.Type)
                && options.MountPoints.Selects(mount.Point) && seen.Add(mount.Point))
            {
                found.Add(mount);
            }
        }

        var mounts = new List<(Mount, FilesystemSpace)>();
        foreach (var mount in found)
        {
            var error = Libc.StatFilesystem(mount.Point, out var space);
            if (error != 0)
            {
                proc.Errors++;
                Log.Warn("a file system cannot be read", ("mountpoint", mount.Point), ("errno", error));
            }
            else if (space.Blocks > 0)
            {
                mounts.Add((mount, space));
            }
        }

        return mounts;
    }

    /// <summary>Types that /proc/filesystems marks as <c>nodev</c>. ZFS has pools for devices.</summary>
    private static HashSet<string> WithoutDevice(ProcFile proc)
    {
        var types = new HashSet<string>(StringComparer.Ordinal);
        var lines = proc.Read("/proc/filesystems\0"u8);
        while (lines.NextLine(out var line))
        {
            var words = new ProcText(line);
            if (words.NextWord().SequenceEqual("nodev"u8))
            {
                types.Add(Encoding.UTF8.GetString(words.NextWord()));
            }
        }

        types.Remove("zfs");
        return types;
    }

    /// <summary>The kernel writes blanks in names as octal: <c>\040</c>.</summary>
    private static string Unescape(ReadOnlySpan<byte> word)
    {
        var text = Encoding.UTF8.GetString(word);
        return text.Contains('\\') ? text.Replace("\\040", " ", StringComparison.Ordinal).Replace("\\011", "\t", StringComparison.Ordinal)
            .Replace("\\012", "\n", StringComparison.Ordinal).Replace("\\134", "\\", StringComparison.Ordinal) : text;
    }

    private sealed record Mount(string Device, string Point, string Type, string Mode);
}
