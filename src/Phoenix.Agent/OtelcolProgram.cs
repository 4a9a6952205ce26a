using System.Text.RegularExpressions;

namespace Phoenix.Agent;

/// <summary>Finds the host's stock OpenTelemetry Collector and tells whether it knows what Phoenix renders.</summary>
internal static partial class OtelcolProgram
{
    /// <summary>The first version whose <c>validate</c> finds what would keep it from starting, and that knows every rendered key.</summary>
    public static readonly Version Oldest = new(0, 124, 0);

    private static readonly string[] Names = ["otelcol-contrib", "otelcol"];

    /// <param name="configured">Path from the settings; null where the search path decides.</param>
    /// <param name="searchPath">Directories, as in PATH.</param>
    /// <exception cref="ProgramMissingException">There is none.</exception>
    public static string Find(string? configured, string searchPath)
    {
        if (configured is not null)
        {
            return File.Exists(configured) ? configured
                : throw new ProgramMissingException($"{AgentSettings.OtelcolVariable} points to {configured}, which does not exist: set it to the path of an OpenTelemetry Collector.");
        }

        var folders = searchPath.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return Names.SelectMany(name => folders.Select(folder => Path.Combine(folder, name))).FirstOrDefault(IsExecutable)
            ?? throw new ProgramMissingException($"No {string.Join(" or ", Names)} is on the agent's PATH: install one, or set {AgentSettings.OtelcolVariable} to its path.");
    }

    /// <summary>Why the program cannot be used, from what <c>--version</c> printed; null where it can.</summary>
    public static string? Problem(string program, string version)
    {
        // Distributions of vendors count their own versions, which say nothing of the keys; their validate decides.
        var match = VersionPattern().Match(version);
        if (!match.Success || !Version.TryParse(match.Groups[1].ValueSpan, out var found) || found >= Oldest)
            return null;
        return $"{program} is version {found}, and Phoenix needs {Oldest} or newer: upgrade it, or point {AgentSettings.OtelcolVariable} to a newer one.";
    }

    private static bool IsExecutable(string path) =>
        File.Exists(path) && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;

    [GeneratedRegex(@"^otelcol(?:-contrib|-k8s|-otlp)? version v?(\d+\.\d+\.\d+)", RegexOptions.Multiline)]
    private static partial Regex VersionPattern();
}
