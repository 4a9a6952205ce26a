using Npgsql;
using NpgsqlTypes;

namespace Phoenix.Api.Reading;

/// <summary>The conditions of a query: those that were asked for and no others, so that its plan is made for them alone.</summary>
public sealed class Filter(NpgsqlParameterCollection parameters, string always)
{
    /// <summary>The pattern that <c>like</c> takes for: this text, as it is, somewhere.</summary>
    public static string Containing(string text) =>
        $"%{text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal)}%";

    public string Where { get; private set; } = always;

    /// <summary>Adds <c>condition ($n)</c> where there is a value.</summary>
    public void And(string condition, object? value, NpgsqlDbType type) => And(parameter => $"{condition} ({parameter})", value, type);

    /// <summary>Adds what the condition makes of the value's place in the statement, where there is a value.</summary>
    public void And(Func<string, string> condition, object? value, NpgsqlDbType type)
    {
        if (value is null) return;
        parameters.Add(new() { Value = value, NpgsqlDbType = type });
        Where += $" and {condition($"${parameters.Count}")}";
    }
}
