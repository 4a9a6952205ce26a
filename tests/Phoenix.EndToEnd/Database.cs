using Npgsql;

namespace Phoenix.EndToEnd;

/// <summary>A database of its own on a PostgreSQL server.</summary>
public sealed class Database : IAsyncDisposable
{
    private readonly string _server;

    private Database(string server, string name)
    {
        (_server, Name) = (server, name);
        ConnectionString = new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
    }

    public string Name { get; }

    public string ConnectionString { get; }

    /// <param name="url">The server as <c>postgres://user:password@host:port/database</c>.</param>
    public static async Task<Database> CreateAsync(string url)
    {
        var uri = new Uri(url);
        var user = uri.UserInfo.Split(':');
        var server = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host, Port = uri.Port, Username = Uri.UnescapeDataString(user[0]), Password = Uri.UnescapeDataString(user[1]),
            Database = uri.AbsolutePath[1..], Pooling = false,
        };
        var database = new Database(server.ConnectionString, $"phoenix_e2e_{Guid.NewGuid():N}");
        await database.OnServerAsync($"create database {database.Name}");
        return database;
    }

    public async Task<int> ExecuteAsync(string sql, params object[] parameters)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new() { Value = parameter });
        }

        return await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await OnServerAsync($"drop database {Name} with (force)");
                return;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege && attempt < 10)
            {
                // A worker that vacuums in it may not be ended by who is no superuser. It ends by itself, and the server ends it for those that do not ask for force.
            }

            try
            {
                await OnServerAsync($"drop database {Name}");
                return;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ObjectInUse)
            {
                // Other sessions are there too, which force can end.
            }
        }
    }

    private async Task OnServerAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_server);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
