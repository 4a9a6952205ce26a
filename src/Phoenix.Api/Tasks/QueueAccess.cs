using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Tasks;

/// <summary>
/// Shuts the queue to all but its owner, and opens the one way in for a role that can do nothing else: claiming for proved hosts.
/// The matchmaker claims through that role's connections.
/// </summary>
/// <remarks>
/// The role has a login of its own: one that a session can take with SET ROLE it can also leave again with RESET ROLE. Where this node's own role may
/// make roles, the login is made here, with a password that follows from the queue's key, so that all nodes agree on it without telling each
/// other. Elsewhere an administrator makes it and names it in <c>PHOENIX_QUEUE_DATABASE_URL</c>.
/// </remarks>
public sealed class QueueAccess(NpgsqlDataSource owner, IConfiguration configuration, ILogger<QueueAccess> log) : IHostedService, IAsyncDisposable
{
    public const string Variable = "PHOENIX_QUEUE_DATABASE_URL";

    /// <summary>Connections of the claiming role: one for the round under way, the rest in reserve for a node that runs several matchmakers.</summary>
    public const int MaxConnections = 4;

    const int MaxRoleLength = 63;

    NpgsqlDataSource? _claims;

    /// <summary>Connections of the role that may claim and nothing else.</summary>
    public NpgsqlDataSource Claims => _claims ?? throw new InvalidOperationException("The queue was asked before the node had started.");

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var named = configuration[Variable] is { Length: > 0 } url ? new NpgsqlConnectionStringBuilder(Database.ConnectionString(url)) : null;
        await using var connection = await owner.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // Nodes that start together do this one after the other.
        await Execute(connection, "select pg_advisory_xact_lock(hashtext('phoenix.queue_access'))", cancellationToken);
        await MakeKey(connection, cancellationToken);
        await Execute(connection, Shut, cancellationToken);
        var login = named ?? await MakeLogin(connection, cancellationToken);
        var role = Quoted(login.Username!);
        await Execute(connection,
            $"grant usage on schema phoenix to {role}; grant execute on function {TaskClaim.Claim}(text[], timestamptz[], bytea[], interval, integer, integer) to {role}",
            cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        login.MaxPoolSize = MaxConnections;
        login.ApplicationName = "phoenix-queue";
        // One function is called on these connections and leaves nothing behind; a reset would throw away the plans in it, which take longer than the claim.
        login.NoResetOnClose = true;
        _claims = NpgsqlDataSource.Create(login);
        log.LogInformation("Tasks are claimed as role {Role}", login.Username);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_claims is not null) await _claims.DisposeAsync();
    }

    /// <summary>Forced: it holds for the owner too, whose one policy says that it sees everything; nobody else has a policy.</summary>
    const string Shut =
        $"""
        alter table {TaskQueueProjection.TableName} enable row level security;
        alter table {TaskQueueProjection.TableName} force row level security;
        drop policy if exists control_plane on {TaskQueueProjection.TableName};
        do $$ begin
          execute format('create policy control_plane on {TaskQueueProjection.TableName} to %I using (true) with check (true)', current_user);
        end $$;
        revoke all on {TaskQueueProjection.TableName}, {TaskClaim.KeyTableName} from public;
        revoke all on function {TaskClaim.Prove}(text[]) from public;
        revoke all on function {TaskClaim.Claim}(text[], timestamptz[], bytea[], interval, integer, integer) from public;
        """;

    /// <summary>HMAC's two padded keys (RFC 2104) over 32 random bytes; the first node's count.</summary>
    static async Task MakeKey(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var key = new byte[64];
        RandomNumberGenerator.Fill(key.AsSpan(0, 32));
        await using var command = new NpgsqlCommand($"insert into {TaskClaim.KeyTableName}(id, inner_pad, outer_pad) values (1, $1, $2) on conflict do nothing", connection);
        command.Parameters.Add(new() { Value = key.Select(b => (byte)(b ^ 0x36)).ToArray() });
        command.Parameters.Add(new() { Value = key.Select(b => (byte)(b ^ 0x5C)).ToArray() });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    async Task<NpgsqlConnectionStringBuilder> MakeLogin(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var read = new NpgsqlCommand(
            $"select current_database(), encode(sha256(outer_pad || 'login'::bytea), 'hex'), (select rolcreaterole or rolsuper from pg_roles where rolname = current_user) from {TaskClaim.KeyTableName}",
            connection);
        string database, password;
        bool mayMake;
        await using (var reader = await read.ExecuteReaderAsync(cancellation))
        {
            await reader.ReadAsync(cancellation);
            (database, password, mayMake) = (reader.GetString(0), reader.GetString(1), reader.GetBoolean(2));
        }
        // Roles belong to the whole server: one for each database, so that installations do not share it.
        var name = RoleOf(database);
        if (!mayMake)
            throw new InvalidOperationException(
                $"The queue is claimed through a role of its own, and the role of {Database.Variable} may not make one. Either: alter role … createrole; " +
                $"or make one (create role {name} login password '…') and set {Variable} to postgres://{name}:…@host:port/{database}.");
        await using var known = new NpgsqlCommand("select exists (select from pg_roles where rolname = $1)", connection);
        known.Parameters.Add(new() { Value = name });
        // Who is no superuser may not even say again that another role is none.
        var (verb, may) = (bool)(await known.ExecuteScalarAsync(cancellation))! ? ("alter", "") : ("create", "nosuperuser nocreatedb nocreaterole noinherit");
        await Execute(connection, $"{verb} role {Quoted(name)} login {may} password '{password}'", cancellation);
        // A member may end the role's connections, as dropping the database needs.
        await Execute(connection, $"grant {Quoted(name)} to current_user", cancellation);
        return new NpgsqlConnectionStringBuilder(owner.ConnectionString) { Username = name, Password = password, Database = database };
    }

    static string RoleOf(string database)
    {
        const string suffix = "_claim";
        if (Encoding.UTF8.GetByteCount(database) + suffix.Length <= MaxRoleLength) return database + suffix;
        return "phoenix_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(database)))[..16] + suffix;
    }

    static string Quoted(string name) => '"' + name.Replace("\"", "\"\"") + '"';

    static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
