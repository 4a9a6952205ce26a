namespace Phoenix.Domain.Agents;

public enum LabelOperator
{
    /// <summary>The label is there and has one of the values.</summary>
    In,

    /// <summary>The label has none of the values, or is not there at all.</summary>
    NotIn,

    Exists,
    NotExists,
}

/// <param name="Values">Sorted, each once; empty for <see cref="LabelOperator.Exists"/> and <see cref="LabelOperator.NotExists"/>.</param>
public sealed record LabelRequirement(string Key, LabelOperator Operator, IReadOnlyList<string> Values)
{
    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        var there = labels.TryGetValue(Key, out var value);
        return Operator switch
        {
            LabelOperator.In => there && Values.Contains(value),
            LabelOperator.NotIn => !there || !Values.Contains(value),
            LabelOperator.Exists => there,
            _ => !there,
        };
    }

    public override string ToString() => (Operator, Values) switch
    {
        (LabelOperator.In, [var one]) => $"{Key}={one}",
        (LabelOperator.NotIn, [var one]) => $"{Key}!={one}",
        (LabelOperator.In, _) => $"{Key} in ({string.Join(",", Values)})",
        (LabelOperator.NotIn, _) => $"{Key} notin ({string.Join(",", Values)})",
        (LabelOperator.Exists, _) => Key,
        _ => "!" + Key,
    };
}

/// <summary>
/// Chooses hosts by their labels, in the language of Kubernetes: requirements between commas, all of which must hold;
/// <c>key=value</c>, <c>key!=value</c>, <c>key in (a,b)</c>, <c>key notin (a,b)</c>, <c>key</c>, <c>!key</c>. The empty one takes every host.
/// </summary>
public sealed record LabelSelector(IReadOnlyList<LabelRequirement> Requirements)
{
    public const int MaxLength = 2000, MaxRequirements = 32;

    public static readonly LabelSelector Everything = new([]);

    public bool Matches(IReadOnlyDictionary<string, string> labels) => Requirements.All(r => r.Matches(labels));

    public override string ToString() => string.Join(",", Requirements);

    /// <summary>Says where the text stops being a selector.</summary>
    public static (LabelSelector? Selector, Rejection? Rejection) Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return (Everything, null);
        if (text.Length > MaxLength) return (null, Rejection.Invalid("selector-invalid", "selector", $"A selector has at most {MaxLength} characters."));
        var reader = new Reader(text);
        List<LabelRequirement> requirements = [];
        do
        {
            if (reader.Requirement() is not { } requirement)
                return (null, Rejection.Invalid("selector-invalid", "selector", $"At character {reader.At + 1} of the selector: {reader.Expected}."));
            requirements.Add(requirement);
        } while (reader.Take(','));
        if (!reader.AtEnd)
            return (null, Rejection.Invalid("selector-invalid", "selector", $"At character {reader.At + 1} of the selector: expected ',' or its end."));
        return requirements.Count > MaxRequirements
            ? (null, Rejection.Invalid("selector-invalid", "selector", $"A selector has at most {MaxRequirements} requirements."))
            : (new(requirements), null);
    }

    sealed class Reader(string text)
    {
        public int At { get; private set; }

        /// <summary>What should have been at <see cref="At"/>.</summary>
        public string Expected { get; private set; } = "";

        public bool AtEnd
        {
            get
            {
                Skip();
                return At == text.Length;
            }
        }

        public LabelRequirement? Requirement()
        {
            if (Take('!')) return Key() is { } absent ? new(absent, LabelOperator.NotExists, []) : null;
            if (Key() is not { } key) return null;
            if (Take('!')) return Take('=') ? One(key, LabelOperator.NotIn) : Fail("expected '=' after '!'");
            if (Take('='))
            {
                Take('=');
                return One(key, LabelOperator.In);
            }
            if (AtEnd || text[At] == ',') return new(key, LabelOperator.Exists, []);
            var before = At;
            switch (Word())
            {
                case "in": return Set(key, LabelOperator.In);
                case "notin": return Set(key, LabelOperator.NotIn);
                default:
                    At = before;
                    return Fail("expected '=', '!=', 'in', 'notin' or ','");
            }
        }

        public bool Take(char c)
        {
            Skip();
            if (At == text.Length || text[At] != c) return false;
            At++;
            return true;
        }

        LabelRequirement? One(string key, LabelOperator op) => Value() is { } value ? new(key, op, [value]) : null;

        LabelRequirement? Set(string key, LabelOperator op)
        {
            if (!Take('(')) return Fail("expected '('");
            SortedSet<string> values = new(StringComparer.Ordinal);
            do
            {
                if (Value() is not { } value) return null;
                values.Add(value);
            } while (Take(','));
            return Take(')') ? new(key, op, [.. values]) : Fail("expected ',' or ')'");
        }

        string? Key() => Checked(HostLabels.IsKey, "expected a label key");

        string? Value() => Checked(HostLabels.IsValue, "expected a label value");

        string? Checked(Func<string, bool> good, string expected)
        {
            Skip();
            var before = At;
            var word = Word();
            if (good(word)) return word;
            At = before;
            Expected = expected;
            return null;
        }

        string Word()
        {
            Skip();
            var begin = At;
            while (At < text.Length && (char.IsAsciiLetterOrDigit(text[At]) || text[At] is '-' or '_' or '.' or '/')) At++;
            return text[begin..At];
        }

        LabelRequirement? Fail(string expected)
        {
            Expected = expected;
            return null;
        }

        void Skip()
        {
            while (At < text.Length && char.IsWhiteSpace(text[At])) At++;
        }
    }
}
