using System.Collections;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// Takes secrets out of log lines before they leave the host: those that the host knows, wherever they stand, and what looks like one by where it stands.
/// Rather too much than too little: a line is for a person who looks for a cause.
/// </summary>
internal sealed partial class LogRedaction
{
    public const string Mark = "[redacted]";

    /// <summary>A value shorter than this keeps no secret, and would be found in the middle of every other word.</summary>
    private const int ShortestSecret = 4;

    /// <summary>Shorter ones count only where they stand for themselves, as a port or the name of an environment would.</summary>
    private const int ShortestAnywhere = 8;

    /// <summary>Of a line that goes into a heartbeat or a result.</summary>
    private const int LongestLine = 2000;

    private readonly string[] _secrets;

    /// <param name="secrets">In plain text; one of several lines is taken line by line.</param>
    public LogRedaction(IEnumerable<string?> secrets)
    {
        // The longest first: one may be part of another.
        _secrets = [.. secrets.OfType<string>().SelectMany(secret => secret.Split(['\n', '\r'])).Select(line => line.Trim())
            .Where(line => line.Length >= ShortestSecret).Distinct().SelectMany(Forms).Distinct().OrderByDescending(form => form.Length)];
    }

    /// <summary>What this host knows: the agent's own credentials, and what configurations of collectors hold or refer to.</summary>
    /// <param name="identity">Null for lines of a program that was told nothing of it.</param>
    /// <param name="more">Configurations that are none of a collector's, or not any more: those of a task whose change was put back.</param>
    public static LogRedaction For(AgentSettings settings, Identity? identity, IEnumerable<Collector> collectors, IEnumerable<string> more)
    {
        List<string?> secrets = [identity?.Credential, settings.EnrolmentToken];
        var own = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value);
        secrets.AddRange(own.Where(variable => SecretName().IsMatch(variable.Key) && !IsPlace(variable.Key)).Select(variable => variable.Value));
        foreach (var collector in collectors)
        {
            // One that an earlier agent started runs with the variables of that time.
            var environment = EnvironmentOf(collector.State?.Process);
            foreach (var file in new[] { collector.ConfigurationFile, collector.LastGoodFile })
            {
                if (Read(file) is not { } text)
                    continue;
                foreach (var name in References(text))
                {
                    secrets.Add(own.GetValueOrDefault(name));
                    secrets.Add(environment.GetValueOrDefault(name));
                    secrets.Add(collector.StartsWith?.GetValueOrDefault(name));
                }
                secrets.AddRange(Written(text));
            }
        }
        foreach (var text in more)
        {
            secrets.AddRange(References(text).Select(own.GetValueOrDefault));
            secrets.AddRange(Written(text));
        }
        return new LogRedaction(secrets);
    }

    /// <summary>The configurations that a task brings.</summary>
    public static IEnumerable<string> ConfigurationsOf(AssignedTask? task) =>
        [.. (task?.Desired?.Collectors ?? []).Select(collector => collector.Configuration), .. task?.Preview is { } preview ? [preview.Configuration] : Array.Empty<string>()];

    /// <summary>A result as it may be kept and sent: the lines that a program left beside its error go without secrets.</summary>
    public TaskResult Apply(TaskResult result) =>
        result.Error is { } error ? result with { Error = error with { LogTail = Apply(error.LogTail) } } : result;

    /// <summary>Lines as they may leave. Each is cut after that, so that no half of a secret is left at its end.</summary>
    public IReadOnlyList<string> Apply(IReadOnlyList<string> lines) =>
        [.. lines.Select(Apply).Select(line => line.Length > LongestLine ? line[..LongestLine] : line)];

    public string Apply(string line)
    {
        foreach (var secret in _secrets)
            line = secret.Length < ShortestAnywhere ? ReplaceWord(line, secret) : line.Replace(secret, Mark, StringComparison.Ordinal);
        line = UserInfo().Replace(line, "${scheme}" + Mark + "@");
        line = Token().Replace(line, Mark);
        line = Credentials().Replace(line, "${scheme}" + Mark);
        line = Parameter().Replace(line, "${name}" + Mark);
        return Named().Replace(line, match => IsPlace(match.Groups["key"].Value) ? match.Value : match.Groups["name"].Value + Mark);
    }

    private static string ReplaceWord(string line, string word)
    {
        for (var at = line.IndexOf(word, StringComparison.Ordinal); at >= 0; at = at < line.Length ? line.IndexOf(word, at, StringComparison.Ordinal) : -1)
        {
            var end = at + word.Length;
            if ((at > 0 && char.IsLetterOrDigit(line[at - 1])) || (end < line.Length && char.IsLetterOrDigit(line[end])))
            {
                at++;
                continue;
            }
            line = string.Concat(line.AsSpan(0, at), Mark, line.AsSpan(end));
            at += Mark.Length;
        }
        return line;
    }

    /// <summary>As it is written into JSON, into an address, and as it is.</summary>
    private static IEnumerable<string> Forms(string secret) =>
        [secret, JavaScriptEncoder.Default.Encode(secret), JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(secret), Uri.EscapeDataString(secret)];

    /// <summary>Null where there is none, or none any more.</summary>
    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Names of the variables that a configuration refers to.</summary>
    private static IEnumerable<string> References(string configuration) => Reference().Matches(configuration).Select(reference => reference.Groups["name"].Value);

    /// <summary>Secrets that stand in a configuration itself, by the names of their keys.</summary>
    private static IEnumerable<string> Written(string configuration)
    {
        foreach (Match entry in ConfiguredSecret().Matches(configuration))
        {
            var value = entry.Groups["value"].Value.Trim();
            if (IsPlace(entry.Groups["key"].Value) || value.StartsWith("${", StringComparison.Ordinal) || value is "true" or "false" or "null")
                continue;
            yield return value;
            // Behind a scheme, as in a header.
            if (value.LastIndexOf(' ') is > 0 and var space)
                yield return value[(space + 1)..];
        }
    }

    /// <summary>Where a secret is to be found is none.</summary>
    private static bool IsPlace(string key) =>
        key.EndsWith("file", StringComparison.OrdinalIgnoreCase) || key.EndsWith("url", StringComparison.OrdinalIgnoreCase) || key.EndsWith("path", StringComparison.OrdinalIgnoreCase);

    private static Dictionary<string, string> EnvironmentOf(ProcessIdentity? process)
    {
        Dictionary<string, string> variables = [];
        if (process is null)
            return variables;
        try
        {
            foreach (var entry in Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{process.Id}/environ")).Split('\0', StringSplitOptions.RemoveEmptyEntries))
            {
                if (entry.IndexOf('=', StringComparison.Ordinal) is > 0 and var at)
                    variables[entry[..at]] = entry[(at + 1)..];
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile. What it was started with is most likely what the agent has.
            Log.Info("The environment of a collector could not be read.", ("pid", process.Id), ("error", e.Message));
        }
        return variables;
    }

    /// <summary><c>${env:NAME}</c>, and <c>${NAME}</c> of a stock collector.</summary>
    [GeneratedRegex(@"\$\{(?:env:)?(?<name>[A-Za-z_][A-Za-z0-9_]*)")]
    private static partial Regex Reference();

    private const string SecretWords = "(?:password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|authorization|cookie)";

    [GeneratedRegex(SecretWords, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretName();

    [GeneratedRegex(@"(?<key>[\w.-]{0,60}" + SecretWords + @"[\w.-]{0,60})[""']?[ \t]*:[ \t]*(?:""(?<value>[^""\r\n]+)""|'(?<value>[^'\r\n]+)'|(?<value>[^\s,}\]#""'][^,}\]#\r\n]*))", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ConfiguredSecret();

    /// <summary>A character of a value in text or in a JSON string, where quotes and ampersands end it in either spelling.</summary>
    private const string Value = @"(?:[^\s""',;&\\}\]]|\\u(?!002[267])[0-9A-Fa-f]{4}|\\/)";

    /// <summary>What is out already is not taken out again.</summary>
    private const string NotYet = @"(?!(?:(?:bearer|basic)\s{1,5})?\[redacted\])";

    /// <summary>RFC 3986, section 3.2.1.</summary>
    [GeneratedRegex(@"(?<scheme>[a-z][a-z0-9+.-]{0,20}://)[^/\s""'<>]{1,500}@", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex UserInfo();

    /// <summary>A JSON Web Token, RFC 7519.</summary>
    [GeneratedRegex(@"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*")]
    private static partial Regex Token();

    /// <summary>RFC 6750 and RFC 7617.</summary>
    [GeneratedRegex(@"(?<scheme>\b(?:bearer|basic)\s{1,5})" + Value + "{8,}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Credentials();

    /// <summary>Of an address or a form, under names that would mean something else elsewhere.</summary>
    [GeneratedRegex(@"(?<name>(?:[?&]|\\u0026)(?:key|sig|signature|auth|pwd|pass|code)=)" + NotYet + Value + "+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Parameter();

    /// <summary>A field, header, variable or parameter that is named after a secret.</summary>
    [GeneratedRegex(@"(?<name>(?<key>[\w.-]{0,60}" + SecretWords + @"[\w.-]{0,60})(?:\\?[""']|\\u002[27])?\s{0,5}[:=]\s{0,5}(?:\\?[""']|\\u002[27])?(?:(?:bearer|basic)\s{1,5})?)" + NotYet + Value + "+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Named();
}
