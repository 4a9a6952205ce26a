using System.Runtime.Versioning;
using System.Text;

[assembly: SupportedOSPlatform("linux")]

namespace Phoenix.Collector;

/// <summary>A Unix socket cannot be listened on; the message says why and what to do.</summary>
internal sealed class UnixSocketException(string message) : Exception(message);

/// <summary>
/// Claims a path for a Unix socket: one process at a time, a file left by a dead one is replaced, a live one is refused.
/// The lock file beside it is what decides, since the kernel lets go of it however its process ends.
/// </summary>
internal sealed class UnixSocketPath : IDisposable
{
    // sun_path of sockaddr_un on Linux, with its closing zero.
    private const int MaxPathBytes = 107;

    private readonly string _path;
    private readonly FileStream _lock;

    private UnixSocketPath(string path, FileStream heldLock) => (_path, _lock) = (path, heldLock);

    /// <exception cref="UnixSocketException">The path is unusable, or another live process has it.</exception>
    public static UnixSocketPath Claim(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) > MaxPathBytes)
        {
            throw new UnixSocketException($"{path}: a socket path may have at most {MaxPathBytes} bytes; choose a shorter directory");
        }

        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(directory))
        {
            throw new UnixSocketException($"{path}: the directory {directory} does not exist; create it with mode 0700");
        }

        var mode = File.GetUnixFileMode(directory);
        if ((mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0 && (mode & UnixFileMode.StickyBit) == 0)
        {
            throw new UnixSocketException($"{path}: others may write to {directory}, and could put their own socket there; chmod 0700 {directory}");
        }

        if (Directory.Exists(path) || (File.Exists(path) && new FileInfo(path).Length > 0))
        {
            throw new UnixSocketException($"{path}: is no socket and would be overwritten; choose another path");
        }

        FileStream heldLock;
        try
        {
            heldLock = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new UnixSocketException($"{path}: another collector is serving it ({e.Message}); stop that one first, or choose another path");
        }
        catch (UnauthorizedAccessException)
        {
            throw new UnixSocketException($"{path}: no permission to write in {directory}; run as its owner");
        }

        File.Delete(path);
        return new UnixSocketPath(path, heldLock);
    }

    /// <summary>Removes the socket. The lock file stays: removing it would let two later processes hold two different ones.</summary>
    public void Dispose()
    {
        File.Delete(_path);
        _lock.Dispose();
    }
}
