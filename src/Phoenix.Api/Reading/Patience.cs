using Npgsql;
using Phoenix.Api.Infrastructure;

namespace Phoenix.Api.Reading;

/// <summary>
/// Reads of which nobody knows beforehand how much they have to look at. The database ends them itself, so that none goes on for somebody who has long gone, and whoever
/// asked is told how to ask for less.
/// </summary>
public static class Patience
{
    /// <summary>How long the database may look. Shorter than a command may take at all: that one cannot tell a long question from a database that is away.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>Runs a read in a transaction of its own.</summary>
    /// <exception cref="PostgresException">57014: it took longer. An endpoint that lets it pass is answered with 503 <c>database-slow</c>.</exception>
    public static async Task<T> Within<T>(NpgsqlDataSource database, Func<NpgsqlConnection, Task<T>> read, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using (var patience = new NpgsqlCommand($"set local statement_timeout = {Limit.TotalMilliseconds:0}", connection)) await patience.ExecuteNonQueryAsync(cancellation);
        return await read(connection);
    }

    /// <summary>The same for an endpoint: 422 where it took longer.</summary>
    /// <param name="remedy">What to ask for instead, as a sentence.</param>
    public static async Task<IResult> Run(
        NpgsqlDataSource database, string code, string remedy, Func<NpgsqlConnection, Task<IResult>> read, CancellationToken cancellation)
    {
        try
        {
            return await Within(database, read, cancellation);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.QueryCanceled && !cancellation.IsCancellationRequested)
        {
            return Problems.Of(422, code, $"To find that would take longer than {Limit.TotalSeconds:0} seconds. {remedy}");
        }
    }
}
