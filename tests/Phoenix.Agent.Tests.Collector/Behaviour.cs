using System.Security.Cryptography;
using System.Text;

namespace Phoenix.TestCollector;

/// <summary>How the stand-in behaves, one <c>key: value</c> a line of its configuration.</summary>
internal sealed record Behaviour(string Hash, IReadOnlyDictionary<string, string> Values)
{
    private static readonly string[] Known = ["note", "healthy", "crash", "ignoreSigterm", "reload", "mismatch", "preview", "load", "breach", "say"];

    public bool Is(string key) => Values.GetValueOrDefault(key) is "true";

    public static Behaviour Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var values = Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0].Trim(), pair => pair[^1].Trim());
        return new Behaviour(Convert.ToHexStringLower(SHA256.HashData(bytes)), values);
    }

    /// <summary>Line and key of the first unknown key; null where all are known.</summary>
    public static (int Line, string Key)? FirstUnknown(string path)
    {
        var lines = File.ReadAllLines(path);
        for (var i = 0; i < lines.Length; i++)
        {
            var key = lines[i].Split(':', 2)[0].Trim();
            if (key.Length > 0 && !Known.Contains(key))
                return (i + 1, key);
        }
        return null;
    }
}
