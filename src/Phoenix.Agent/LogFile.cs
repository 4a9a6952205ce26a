using System.Text;

namespace Phoenix.Agent;

/// <summary>A collector's output: a file, because a pipe would die with the agent and take the collector with it.</summary>
internal static class LogFile
{
    public const long Limit = 1 << 20;
    private const int TailBytes = 16 << 10;

    /// <summary>The last lines as they were written, which leave the host through <see cref="LogRedaction"/>; empty where there is no file. A cut first line is left out.</summary>
    public static IReadOnlyList<string> Tail(string path, int lines = 20)
    {
        if (!File.Exists(path))
            return [];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var start = Math.Max(0, file.Length - TailBytes);
        file.Seek(start, SeekOrigin.Begin);
        var buffer = new byte[TailBytes];
        var read = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        var all = Encoding.UTF8.GetString(buffer, 0, read).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var whole = start > 0 && all.Length > 1 ? all[1..] : all;
        return [.. whole.TakeLast(lines)];
    }

    /// <summary>The last lines of the file and of the one before it, oldest first, and whether there are more before them. Empty where there is no file.</summary>
    /// <param name="bytes">That many are read at most; a first line that is not whole is left out.</param>
    public static (IReadOnlyList<string> Lines, bool More) Last(string path, int lines, int bytes)
    {
        var (now, more) = End(path, bytes, out var read);
        if (!more && now.Count < lines && read < bytes)
        {
            var (before, yetMore) = End(path + ".1", bytes - read, out _);
            (now, more) = ([.. before, .. now], yetMore);
        }
        return ([.. now.TakeLast(lines)], more || now.Count > lines);
    }

    private static (List<string> Lines, bool More) End(string path, int bytes, out int read)
    {
        read = 0;
        if (!File.Exists(path))
            return ([], false);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var start = Math.Max(0, file.Length - bytes);
        file.Seek(start, SeekOrigin.Begin);
        var buffer = new byte[(int)Math.Min(bytes, file.Length)];
        read = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        var all = Encoding.UTF8.GetString(buffer, 0, read).Split('\n');
        return ([.. (start > 0 ? all[1..] : all).Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0)], start > 0);
    }

    /// <summary>
    /// Bounds the file: past the limit it is copied aside (one generation) and truncated in place. The collector writes
    /// with O_APPEND, so it goes on at the new end; lines written between copy and truncation are lost.
    /// </summary>
    public static void Rotate(string path)
    {
        var info = new FileInfo(path);
        if (!info.Exists || info.Length <= Limit)
            return;
        File.Copy(path, path + ".1", overwrite: true);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(0);
    }
}
