using Npgsql;

namespace Phoenix.Api.Tasks;

/// <summary>
/// Tells the other nodes which hosts have got work here, and wakes the hosts that they tell of. A node holds one connection for
/// it, however many agents it has parked.
/// </summary>
/// <remarks>
/// It tells after the commit and on a connection of its own: a NOTIFY inside the transaction takes a lock that makes all commits
/// of the database wait for each other. What is told of at the same time goes out together. Nothing rests on it: what a node
/// that dies has not told, or one that was away has not heard, is found by the matchmaker's sweep.
/// </remarks>
public sealed class WakeUpRelay(NpgsqlDataSource database, WakeUps wakeUps, ILogger<WakeUpRelay> log) : BackgroundService
{
    const string Channel = "phoenix_wake_up", Subscribe = $"listen {Channel}";

    /// <summary>PostgreSQL takes payloads below 8000 bytes.</summary>
    const int MaxPayload = 7900;

    static readonly TimeSpan BeforeTryingAgain = TimeSpan.FromSeconds(1);

    /// <summary>A connection that a firewall has forgotten looks alive until something is sent.</summary>
    static readonly TimeSpan AsksWhetherAlive = TimeSpan.FromSeconds(15);

    readonly string _node = Guid.NewGuid().ToString("N");
    long _heard;

    /// <summary>Hosts woken because another node told of them.</summary>
    public long Heard => Interlocked.Read(ref _heard);

    /// <summary>Whether the other nodes are heard now.</summary>
    public bool Listens { get; private set; }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(Tell(stoppingToken), Listen(stoppingToken));

    /// <summary>A payload names the node it comes from, then one host a line.</summary>
    public static IReadOnlyList<string> Payloads(string node, IEnumerable<string> hosts)
    {
        List<string> payloads = [];
        var payload = node;
        foreach (var host in hosts)
        {
            // Host ids are ASCII: a character is a byte.
            if (payload.Length > node.Length && payload.Length + 1 + host.Length > MaxPayload)
            {
                payloads.Add(payload);
                payload = node;
            }
            payload += "\n" + host;
        }
        return [.. payloads, payload];
    }

    async Task Tell(CancellationToken stopping)
    {
        while (await wakeUps.ToTell.WaitToReadAsync(stopping))
        {
            HashSet<string> hosts = [];
            while (wakeUps.ToTell.TryRead(out var host)) hosts.Add(host);
            try
            {
                await using var command = database.CreateCommand("select pg_notify($1, payload) from unnest($2) payload");
                command.Parameters.Add(new() { Value = Channel });
                command.Parameters.Add(new() { Value = Payloads(_node, hosts).ToArray() });
                await command.ExecuteNonQueryAsync(stopping);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                log.LogWarning("The other nodes were not told of work for {Hosts} hosts and find it by their sweeps: {Error}", hosts.Count, e.Message);
            }
        }
    }

    async Task Listen(CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(stopping);
                connection.Notification += (_, notification) => Hear(notification.Payload);
                await Execute(connection, Subscribe, stopping);
                Listens = true;
                while (true)
                    if (!await connection.WaitAsync(AsksWhetherAlive, stopping)) await Execute(connection, Subscribe, stopping);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                log.LogWarning("The other nodes are not heard, the sweep finds their work: {Error}", e.Message);
                await Task.Delay(BeforeTryingAgain, stopping);
            }
            finally
            {
                Listens = false;
            }
        }
    }

    void Hear(string payload)
    {
        if (payload.Split('\n') is not [var node, .. var hosts] || node == _node) return;
        foreach (var host in hosts) wakeUps.Wake(host);
        Interlocked.Add(ref _heard, hosts.Length);
    }

    static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken stopping)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(stopping);
    }
}
