using Npgsql;

namespace Phoenix.Api.Infrastructure;

public static class Database
{
    public const string Variable = "PHOENIX_DATABASE_URL";

    /// <summary>
    /// Accepts <c>postgres://user:password@host:port/database?host=/socket/dir</c> as other tools write it, and Npgsql's
    /// own <c>Host=…;Database=…</c>.
    /// </summary>
    /// <exception cref="FormatException">Names what is missing; never repeats the value, which holds a password.</exception>
    public static string ConnectionString(string? value)
    {
        if (string.IsNullOrWhiteSpace(value))
            throw new FormatException($"{Variable} is not set. Give the database as postgres://user:password@host:5432/phoenix.");
        if (!value.StartsWith("postgres://", StringComparison.Ordinal) && !value.StartsWith("postgresql://", StringComparison.Ordinal))
            return new NpgsqlConnectionStringBuilder(value).ConnectionString;
        if (!Uri.TryCreate(value, UriKind.Absolute, out var uri) || uri.AbsolutePath.Length < 2)
            throw new FormatException($"{Variable} is not a URL of the form postgres://user:password@host:5432/database.");
        var user = uri.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host, Port = uri.Port > 0 ? uri.Port : 5432, Database = Uri.UnescapeDataString(uri.AbsolutePath[1..]),
            Username = Uri.UnescapeDataString(user[0]), Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
        };
        foreach (var (key, values) in Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(uri.Query))
            builder[key == "sslmode" ? "SSL Mode" : key] = values.ToString();
        return builder.ConnectionString;
    }
}
