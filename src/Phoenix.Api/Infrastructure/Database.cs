using Npgsql;

namespace Phoenix.Api.Infrastructure;

public static class Database
{
    public const string Variable = "PHOENIX_DATABASE_URL";

    /// <summary>
    /// Connections of one node at most, without the few that claim work (<see cref="Tasks.QueueAccess.MaxConnections"/>): requests, messages,
    /// projections, the leader's lock and two that listen. See docs/operations.md.
    /// </summary>
    public const int MaxConnections = 50;

    public const string ApplicationName = "phoenix-api";

    /// <summary>Statements that a connection keeps prepared, those that it runs again and again: planning them takes longer than running them.</summary>
    const int PreparedStatements = 40;

    /// <summary>
    /// The connection string of a node's pool. What the URL does not say: how many connections at most, that the server soon ends those of a node
    /// that the network has swallowed (locks and transactions would stay with it for hours), and transactions that nobody goes on with; that no
    /// statement is compiled (ours are short, and compiling one takes longer than running it); and that an index costs what it costs on a disk without moving parts.
    /// </summary>
    public static string OfNode(string? value)
    {
        var builder = new NpgsqlConnectionStringBuilder(ConnectionString(value));
        if (!builder.ShouldSerialize("Maximum Pool Size")) builder.MaxPoolSize = MaxConnections;
        if (string.IsNullOrEmpty(builder.ApplicationName)) builder.ApplicationName = ApplicationName;
        if (string.IsNullOrEmpty(builder.Options))
            builder.Options = "-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c idle_in_transaction_session_timeout=60s -c jit=off -c random_page_cost=1.1";
        if (!builder.ShouldSerialize("Max Auto Prepare")) builder.MaxAutoPrepare = PreparedStatements;
        if (builder.KeepAlive == 0) (builder.TcpKeepAlive, builder.TcpKeepAliveTime, builder.TcpKeepAliveInterval) = (true, 15, 5);
        return builder.ConnectionString;
    }

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
