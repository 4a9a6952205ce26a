using Npgsql;

namespace Phoenix.Api.Live;

/// <summary>
/// Tells the other nodes that this one has appended events, and hears it of them: after the commit, on connections of its own, and once
/// for all that was committed within <see cref="Gather"/>. What is not told or heard is found by looking into the log.
/// </summary>
public sealed class AppendRelay(NpgsqlDataSource database, AppendSignal signal, ILogger<AppendRelay> log) : BackgroundService
{
    const string Channel = "phoenix_events", Subscribe = $"listen {Channel}";

    static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(25);
    static readonly TimeSpan BeforeTryingAgain = TimeSpan.FromSeconds(1);

    /// <summary>A connection that a firewall has forgotten looks alive until something is sent.</summary>
    static readonly TimeSpan AsksWhetherAlive = TimeSpan.FromSeconds(15);

    readonly string _node = Guid.NewGuid().ToString("N");

    /// <summary>Whether the other nodes are heard now.</summary>
    public bool Listens { get; private set; }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(Tell(stoppingToken), Listen(stoppingToken));

    async Task Tell(CancellationToken stopping)
    {
        long raised = 0, told = 0;
        while (!stopping.IsCancellationRequested)
        {
            raised = await signal.Next(raised, Timeout.InfiniteTimeSpan, stopping);
            var committed = signal.Committed;
            if (committed == told) continue;
            try
            {
                await using var command = database.CreateCommand("select pg_notify($1, $2)");
                command.Parameters.Add(new() { Value = Channel });
                command.Parameters.Add(new() { Value = _node });
                await command.ExecuteNonQueryAsync(stopping);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                log.LogWarning("The other nodes were not told of new events and find them by looking: {Error}", e.Message);
            }
            told = committed;
            await Task.Delay(Gather, stopping);
        }
    }

    async Task Listen(CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(stopping);
                connection.Notification += (_, notification) =>
                {
                    if (notification.Payload != _node) signal.Raise();
                };
                await Execute(connection, Subscribe, stopping);
                Listens = true;
                // What was told while nobody listened.
                signal.Raise();
                while (true)
                    if (!await connection.WaitAsync(AsksWhetherAlive, stopping)) await Execute(connection, Subscribe, stopping);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                log.LogWarning("The other nodes are not heard, their events are found by looking: {Error}", e.Message);
                await Task.Delay(BeforeTryingAgain, stopping);
            }
            finally
            {
                Listens = false;
            }
        }
    }

    static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken stopping)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(stopping);
    }
}
