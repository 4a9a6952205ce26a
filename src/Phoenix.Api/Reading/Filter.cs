using Npgsql;
using NpgsqlTypes;

namespace Phoenix.Api.Reading;

/// <summary>The conditions of a query: those that were asked for and no others, so that its plan is made for them alone.</summary>
public sealed class Filter(NpgsqlParameterCollection parameters, string always)
{
    public string Where { get; private set; } = always;

    /// <summary>Adds <c>condition ($n)</c> where there is a value.</summary>
    public void And(string condition, object? value, NpgsqlDbType type)
    {
        if (value is null) return;
        parameters.Add(new() { Value = value, NpgsqlDbType = type });
        Where += $" and {condition} (${parameters.Count})";
    }
}
