using System.Buffers;

namespace Phoenix.Pipelines.Components;

/// <summary><c>headers</c>: names and values that are sent with every request. Values may be secrets and are never quoted.</summary>
internal static class RequestHeaders
{
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!#$%&'*+^`|~");

    /// <param name="reserved">Names, in lower case, that the exporter sets itself.</param>
    public static IReadOnlyDictionary<string, string> Read(SectionReader section, params ReadOnlySpan<string> reserved)
    {
        var headers = section.TextMap("headers");
        foreach (var (name, value) in headers)
        {
            if (value.AsSpan().ContainsAny('\r', '\n') || name.Length == 0 || name.AsSpan().ContainsAnyExcept(TokenCharacters))
            {
                section.Error("headers", $"the header {name} has a character that HTTP does not allow", "remove line breaks from its value and anything but letters, digits and - from its name");
            }
            else if (reserved.Contains(name.ToLowerInvariant()))
            {
                section.Error("headers", $"the header {name} is set by the exporter itself", "remove it");
            }
        }

        return headers;
    }
}
