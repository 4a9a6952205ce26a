using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Phoenix.Domain.Agents;

namespace Phoenix.Projections.Fleet;

/// <summary>A label selector as a condition on a <c>jsonb</c> column of labels, which its GIN index can answer.</summary>
public static class LabelSelectorSql
{
    /// <summary>Adds what the condition needs to the parameters, and names them by their places.</summary>
    public static string Condition(this LabelSelector selector, string column, NpgsqlParameterCollection parameters) =>
        selector.Requirements.Count == 0 ? "true" : string.Join(" and ", selector.Requirements.Select(r => Condition(r, column, parameters)));

    static string Condition(LabelRequirement requirement, string column, NpgsqlParameterCollection parameters) => requirement.Operator switch
    {
        LabelOperator.Exists => $"{column} ? {Add(parameters, requirement.Key, NpgsqlDbType.Text)}",
        LabelOperator.NotExists => $"not {column} ? {Add(parameters, requirement.Key, NpgsqlDbType.Text)}",
        LabelOperator.In => HasOne(requirement, column, parameters),
        _ => $"not {HasOne(requirement, column, parameters)}",
    };

    static string HasOne(LabelRequirement requirement, string column, NpgsqlParameterCollection parameters) =>
        $"({string.Join(" or ", requirement.Values.Select(value => $"{column} @> {Add(parameters, Pair(requirement.Key, value), NpgsqlDbType.Jsonb)}"))})";

    static string Pair(string key, string value) => JsonSerializer.Serialize(new Dictionary<string, string> { [key] = value });

    static string Add(NpgsqlParameterCollection parameters, string value, NpgsqlDbType type)
    {
        parameters.Add(new NpgsqlParameter { Value = value, NpgsqlDbType = type });
        return "$" + parameters.Count;
    }
}
