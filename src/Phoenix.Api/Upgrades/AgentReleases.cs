using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Phoenix.Contracts;
using Phoenix.Domain.Upgrades;

namespace Phoenix.Api.Upgrades;

/// <param name="Version">The release it belongs to.</param>
public sealed record StoredProgram(string Version, AgentProgram Program, string Path);

/// <summary>
/// Releases of the agent that this node serves: <c>VERSION/RUNTIME/phoenix-agent</c> and perhaps <c>phoenix-collector</c>
/// beside it, below a directory. They are read when they are asked for: a release that is copied there needs no restart.
/// </summary>
public sealed partial class AgentReleases(IConfiguration configuration)
{
    public const string Variable = "PHOENIX_AGENT_RELEASES_DIR";
    static readonly string[] Names = [AgentPrograms.Agent, AgentPrograms.Collector];

    /// <summary>A file is hashed again when it has another length or time.</summary>
    readonly ConcurrentDictionary<string, (long Bytes, DateTime WrittenAt, string Sha256)> _hashes = new();

    string? Root => configuration[Variable] is { Length: > 0 } path ? Path.GetFullPath(path) : null;

    /// <summary>Every program of every release, the newest first. Directories that are no version or runtime are passed over.</summary>
    public IReadOnlyList<StoredProgram> List() => Root is not { } root || !Directory.Exists(root) ? [] :
        [
            .. Directory.EnumerateDirectories(root).Select(v => Path.GetFileName(v)).Where(ReleaseVersion.IsVersion)
                .OrderDescending(Comparer<string>.Create(ReleaseVersion.Compare)).SelectMany(Of),
        ];

    /// <summary>The programs of one release; empty where there is none.</summary>
    public IReadOnlyList<StoredProgram> Of(string? version) =>
        Root is not { } root || !ReleaseVersion.IsVersion(version) || !Directory.Exists(Path.Combine(root, version!)) ? [] :
        [
            .. Directory.EnumerateDirectories(Path.Combine(root, version!)).Select(r => Path.GetFileName(r)).Order(StringComparer.Ordinal)
                .SelectMany(runtime => Names.Select(name => Find(version!, runtime, name))).OfType<StoredProgram>(),
        ];

    public StoredProgram? Find(string version, string runtime, string name)
    {
        // What is asked for becomes a path: only what can be a name is looked for.
        if (Root is not { } root || !ReleaseVersion.IsVersion(version) || !Runtime().IsMatch(runtime) || !Names.Contains(name)) return null;
        var path = Path.Combine(root, version, runtime, name);
        try
        {
            using var file = File.OpenRead(path);
            var (bytes, writtenAt) = (file.Length, File.GetLastWriteTimeUtc(file.SafeFileHandle));
            if (!_hashes.TryGetValue(path, out var known) || known.Bytes != bytes || known.WrittenAt != writtenAt)
                _hashes[path] = known = (bytes, writtenAt, Convert.ToHexStringLower(SHA256.HashData(file)));
            return new(version, new(runtime, name, bytes, known.Sha256), path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9.-]{0,40}\z")]
    private static partial Regex Runtime();
}
