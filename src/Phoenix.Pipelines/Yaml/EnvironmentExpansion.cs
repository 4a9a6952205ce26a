using System.Text;

namespace Phoenix.Pipelines.Yaml;

/// <summary>
/// Expands <c>${env:NAME}</c> and <c>${env:NAME:-default}</c> inside values, as the OpenTelemetry Collector does; <c>$$</c>
/// is a dollar sign. Keys are never expanded. Without an environment (validation on a server that is not the host) a
/// variable without default stays unresolved and its value is accepted unseen.
/// </summary>
internal sealed class EnvironmentExpansion(Func<string, string?>? environment)
{
    /// <summary>Leaves every value as written, for text that another program will expand by rules of its own.</summary>
    public static readonly EnvironmentExpansion Verbatim = new(null) { Expands = false };

    private bool Expands { get; init; } = true;

    public (string Text, bool Unresolved) Expand(string text, int line, string path, List<ConfigurationIssue> errors)
    {
        if (!Expands || !text.Contains('$'))
        {
            return (text, false);
        }

        var expanded = new StringBuilder(text.Length);
        var unresolved = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                expanded.Append(text[i]);
            }
            else if (text[i + 1] == '$')
            {
                expanded.Append('$');
                i++;
            }
            else if (text[i + 1] == '{')
            {
                var end = text.IndexOf('}', i);
                if (end < 0)
                {
                    errors.Add(new(line, path, "`${` is never closed", "close it with `}`, or write `$$` for a dollar sign"));
                    return (text, true);
                }

                var reference = text[(i + 2)..end];
                if (Resolve(reference, line, path, errors) is { } value)
                {
                    expanded.Append(value);
                }
                else
                {
                    unresolved = true;
                }

                i = end;
            }
            else
            {
                expanded.Append('$');
            }
        }

        return (expanded.ToString(), unresolved);
    }

    private string? Resolve(string reference, int line, string path, List<ConfigurationIssue> errors)
    {
        const string scheme = "env:";
        var name = reference.StartsWith(scheme, StringComparison.Ordinal) ? reference[scheme.Length..] : reference;
        var fallbackAt = name.IndexOf(":-", StringComparison.Ordinal);
        var fallback = fallbackAt < 0 ? null : name[(fallbackAt + 2)..];
        name = fallbackAt < 0 ? name : name[..fallbackAt];
        if (!IsVariableName(name))
        {
            errors.Add(new(line, path, $"`${{{reference}}}` is no reference to an environment variable", "write `${env:NAME}` or `${env:NAME:-default}`; other providers do not exist here"));
            return null;
        }

        if (environment is null)
        {
            return fallback;
        }

        if ((environment(name) ?? fallback) is { } value)
        {
            return value;
        }

        errors.Add(new(line, path, $"the environment variable {name} is not set", $"set it, or give a default: `${{env:{name}:-default}}`"));
        return null;
    }

    private static bool IsVariableName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
