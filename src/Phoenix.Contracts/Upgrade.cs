using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Phoenix.Contracts;

/// <summary>Which version of itself the agent should run (<see cref="TaskKind.Upgrade"/>).</summary>
/// <param name="Version">The version to install, or the one to leave.</param>
/// <param name="Files">The release's files for every runtime, with their hashes; the agent takes those of its own. Empty for a return.</param>
/// <param name="ConfirmSeconds">How long the other version may take to reach the control plane and find its collectors.</param>
public sealed record UpgradeOrder(UpgradeAction Action, string Version, IReadOnlyList<ReleaseFile> Files, double ConfirmSeconds);

[JsonConverter(typeof(CamelCaseEnum<UpgradeAction>))]
public enum UpgradeAction
{
    /// <summary>Run this version.</summary>
    Install,

    /// <summary>Leave this version for the one before it; nothing where another one runs.</summary>
    Return,
}

/// <param name="Runtime">.NET runtime identifier, such as <c>linux-x64</c>.</param>
/// <param name="Name"><c>phoenix-agent</c> or <c>phoenix-collector</c>.</param>
/// <param name="Sha256">Lower-case hex.</param>
public sealed record ReleaseFile(string Runtime, string Name, long Bytes, string Sha256);

/// <summary>What a host runs after a successful upgrade or return.</summary>
/// <param name="FromVersion">What ran before; the same where there was nothing to do.</param>
/// <param name="Attempts">Starts of the new version until it proved itself; 0 where there was nothing to do.</param>
public sealed record UpgradeReport(string FromVersion, string Version, string Runtime, int Attempts);

/// <summary><c>GET /api/v2/agent-releases/{version}/{runtime}</c>: what the control plane vouches for.</summary>
/// <param name="Files">By name.</param>
/// <param name="Signature">Over <see cref="SignedBytes"/>, in the form of <see cref="ConfigurationSignature"/>.</param>
public sealed record SignedRelease(string Version, string Runtime, IReadOnlyList<ReleaseFile> Files, string Signature)
{
    /// <summary>The bytes that are signed: no other document that the same key signs begins so.</summary>
    public static byte[] SignedBytes(string version, string runtime, IEnumerable<ReleaseFile> files)
    {
        var text = new StringBuilder("phoenix-agent-release-v1\n").Append(version).Append('\n').Append(runtime).Append('\n');
        foreach (var file in files.OrderBy(f => f.Name, StringComparer.Ordinal))
            text.Append(file.Name).Append(' ').Append(file.Bytes.ToString(CultureInfo.InvariantCulture)).Append(' ').Append(file.Sha256).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}

/// <summary>Versions as semver.org 2.0.0 has them, without build metadata: they name directories, and they have an order.</summary>
public static partial class ReleaseVersion
{
    public static bool IsVersion(string? text) => text is { Length: <= 64 } && Pattern().IsMatch(text);

    /// <summary>Precedence (semver §11). Text that is no version comes before all versions.</summary>
    public static int Compare(string a, string b)
    {
        if (!IsVersion(a) || !IsVersion(b)) return IsVersion(a).CompareTo(IsVersion(b));
        var (core, pre) = Split(a);
        var (otherCore, otherPre) = Split(b);
        for (var i = 0; i < 3; i++)
            if (CompareNumbers(core[i], otherCore[i]) is not 0 and var number) return number;
        // 1.0.0-rc.1 comes before 1.0.0.
        if (pre.Length == 0 || otherPre.Length == 0) return otherPre.Length.CompareTo(pre.Length);
        for (var i = 0; i < Math.Min(pre.Length, otherPre.Length); i++)
            if (CompareIdentifiers(pre[i], otherPre[i]) is not 0 and var order) return order;
        return pre.Length.CompareTo(otherPre.Length);
    }

    private static (string[] Core, string[] Pre) Split(string version)
    {
        var dash = version.IndexOf('-', StringComparison.Ordinal);
        return dash < 0 ? (version.Split('.'), []) : (version[..dash].Split('.'), version[(dash + 1)..].Split('.'));
    }

    private static int CompareIdentifiers(string a, string b) => (a.All(char.IsAsciiDigit), b.All(char.IsAsciiDigit)) switch
    {
        (true, true) => CompareNumbers(a, b),
        (true, false) => -1,
        (false, true) => 1,
        _ => Math.Sign(string.CompareOrdinal(a, b)),
    };

    /// <summary>Numbers of any length: without leading zeros the longer one is larger.</summary>
    private static int CompareNumbers(string a, string b) =>
        a.Length != b.Length ? a.Length.CompareTo(b.Length) : Math.Sign(string.CompareOrdinal(a, b));

    [GeneratedRegex(@"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?\z", RegexOptions.ECMAScript)]
    private static partial Regex Pattern();
}
