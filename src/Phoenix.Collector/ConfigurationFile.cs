using System.Security.Cryptography;
using System.Text;
using Phoenix.Contracts;
using Phoenix.Pipelines;

namespace Phoenix.Collector;

/// <summary>A configuration file as read once: its content and hash belong together.</summary>
/// <param name="Hash">Lower-case hex SHA-256 of the file's bytes.</param>
internal sealed record ConfigurationFile(LoadedConfiguration Loaded, string Hash)
{
    public static ConfigurationFile Read(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(new LoadedConfiguration(null, [new(0, "(file)", $"cannot be read: {e.Message}", "check the path and its permissions")], []), "");
        }

        return new(CollectorConfiguration.Load(Encoding.UTF8.GetString(bytes), Environment.GetEnvironmentVariable), Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    public ConfigurationProblem Problem => new(Wire(Loaded.Errors)) { Warnings = Wire(Loaded.Warnings) };

    private static List<ConfigurationError> Wire(IEnumerable<ConfigurationIssue> issues) =>
        [.. issues.Select(i => new ConfigurationError(i.Line, i.Key, i.Message, i.Remedy))];
}
