using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Phoenix.Pipelines.Catalogue;

/// <summary>The value of a template's parameter: a text (also durations and enums), a number, or a list of texts.</summary>
public abstract record ParameterValue
{
    private ParameterValue()
    {
    }

    /// <summary>What kind of value it is, for error texts.</summary>
    public abstract string Shape { get; }

    /// <summary>True for an empty list, an empty text and the text <c>none</c>: what <c>if</c> in a template asks.</summary>
    public virtual bool IsEmpty => false;

    public abstract JsonNode ToJson();

    public sealed record Text(string Value) : ParameterValue
    {
        public override string Shape => "a text";

        public override bool IsEmpty => Value is "" or "none";

        public override JsonNode ToJson() => JsonValue.Create(Value);

        public override string ToString() => Value;
    }

    public sealed record Whole(long Value) : ParameterValue
    {
        public override string Shape => "a number";

        public override JsonNode ToJson() => JsonValue.Create(Value);

        public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
    }

    public sealed record Real(double Value) : ParameterValue
    {
        public override string Shape => "a number with decimals";

        public override JsonNode ToJson() => JsonValue.Create(Value);

        public override string ToString() => Value.ToString("R", CultureInfo.InvariantCulture);
    }

    public sealed record Items(IReadOnlyList<string> Values) : ParameterValue
    {
        public override string Shape => "a list";

        public override bool IsEmpty => Values.Count == 0;

        public override JsonNode ToJson() => new JsonArray([.. Values.Select(v => JsonValue.Create(v))]);

        public bool Equals(Items? other) => other is not null && Values.SequenceEqual(other.Values);

        public override int GetHashCode() => Values.Aggregate(Values.Count, (hash, value) => HashCode.Combine(hash, value));
    }

    /// <summary>The value that JSON holds; null where no parameter can hold such a one (an object, a truth value, null).</summary>
    public static ParameterValue? Of(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => new Text(json.GetString()!),
        JsonValueKind.Number when json.TryGetInt64(out var whole) => new Whole(whole),
        JsonValueKind.Number when json.TryGetDouble(out var real) => new Real(real),
        JsonValueKind.Array when json.EnumerateArray().All(i => i.ValueKind == JsonValueKind.String) => new Items([.. json.EnumerateArray().Select(i => i.GetString()!)]),
        _ => null,
    };

    /// <summary>What a person or a YAML file writes for a parameter of this type; a comma separates the items of a list.</summary>
    internal static ParameterValue Parse(ParameterType type, string text) => type switch
    {
        ParameterType.Integer when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => new Whole(whole),
        ParameterType.Number when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) => new Real(real),
        ParameterType.List or ParameterType.Metrics => new Items(text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)),
        _ => new Text(text),
    };
}
