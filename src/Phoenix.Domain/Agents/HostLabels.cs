namespace Phoenix.Domain.Agents;

/// <summary>
/// What a label may be: the rules of Kubernetes, so that labels of nodes can be taken over as they are. A key is a name, or a DNS
/// subdomain, a slash and a name; a value is a name or empty.
/// </summary>
public static class HostLabels
{
    public const int MaxLabels = 64, MaxNameLength = 63, MaxPrefixLength = 253;

    /// <summary>Null where all of them are good.</summary>
    public static Rejection? Problem(IReadOnlyDictionary<string, string> labels)
    {
        if (labels.Count > MaxLabels)
            return Rejection.Invalid("labels-too-many", "labels", $"A host has at most {MaxLabels} labels; these are {labels.Count}.");
        foreach (var (key, value) in labels)
        {
            if (!IsKey(key))
                return Rejection.Invalid("label-key-invalid", "labels",
                    $"'{Shown(key)}' is no label key: a name of 1 to {MaxNameLength} letters, digits, '-', '_', '.', which begins and ends with a letter or digit; before it, if wanted, a DNS subdomain and '/'.");
            if (!IsValue(value))
                return Rejection.Invalid("label-value-invalid", "labels",
                    $"The value of label '{key}' is none: up to {MaxNameLength} letters, digits, '-', '_', '.', which begins and ends with a letter or digit, or empty.");
        }
        return null;
    }

    public static bool IsKey(string? key)
    {
        if (key is null) return false;
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? IsName(key) : IsSubdomain(key.AsSpan(0, slash)) && IsName(key.AsSpan(slash + 1));
    }

    public static bool IsValue(string? value) => value is not null && (value.Length == 0 || IsName(value));

    static bool IsName(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > MaxNameLength || !char.IsAsciiLetterOrDigit(name[0]) || !char.IsAsciiLetterOrDigit(name[^1])) return false;
        foreach (var c in name)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')) return false;
        return true;
    }

    /// <summary>Lower-case DNS labels between dots (RFC 1123).</summary>
    static bool IsSubdomain(ReadOnlySpan<char> domain)
    {
        if (domain.Length is 0 or > MaxPrefixLength) return false;
        foreach (var part in domain.Split('.'))
        {
            var label = domain[part];
            if (label.Length == 0 || label[0] == '-' || label[^1] == '-') return false;
            foreach (var c in label)
                if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-') return false;
        }
        return true;
    }

    static string Shown(string? text) => text is null ? "" : text.Length > 80 ? text[..80] + "…" : text;
}
