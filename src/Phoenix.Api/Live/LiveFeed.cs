using Npgsql;
using Phoenix.Api.Reading;

namespace Phoenix.Api.Live;

/// <summary>
/// Tails the event log for the dashboards of this node, so that a change made by any node or tool is told by every node. Each node
/// reads for itself, whether anybody is there or not, and remembers only in memory: who connects hears what has changed since it began to read.
/// </summary>
public sealed class LiveFeed(NpgsqlDataSource database, AppendSignal signal, LiveClients clients, ILogger<LiveFeed> log) : BackgroundService
{
    /// <summary>How often it looks where nobody told of anything, such as of a tool that writes events by itself.</summary>
    static readonly TimeSpan LooksEvery = TimeSpan.FromSeconds(1);

    /// <summary>One look for the events of many commits.</summary>
    static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(50);

    const int PerLook = 5000;

    /// <summary>Transactions that may be open when the node begins to follow have numbers that lie no farther back.</summary>
    const long LooksBack = 10_000;

    const string Running = "select virtualtransaction from pg_locks where locktype = 'virtualxid' and pid <> pg_backend_pid()";

    const string Events =
        """
        (select seq_id, type, stream_id, version from phoenix.mt_events where seq_id > $1 order by seq_id limit $2)
        union all
        select e.seq_id, e.type, e.stream_id, e.version from unnest($3, $4) g(from_id, to_id) join phoenix.mt_events e on e.seq_id between g.from_id and g.to_id
        """;

    LogCursor? _cursor;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var seen = signal.Raised;
            try
            {
                while (await Look(stoppingToken)) { }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogWarning("The live feed could not read the event log and tries again: {Error}", e.Message);
                await Task.Delay(LooksEvery, stoppingToken);
            }
            if (clients.IsEmpty) await clients.SomebodyConnects(LooksEvery, stoppingToken);
            else await signal.Next(seen, LooksEvery, stoppingToken);
            await Task.Delay(Gather, stoppingToken);
        }
    }

    /// <summary>True where more is waiting.</summary>
    async Task<bool> Look(CancellationToken stopping)
    {
        await using var connection = await database.OpenConnectionAsync(stopping);
        if (_cursor is null)
        {
            _cursor = await Begin(connection, stopping);
            clients.Follows();
        }
        var gaps = _cursor.Gaps;
        // Before the log, so that who is no longer running has left in it all that it ever will.
        var running = _cursor.HasGaps ? (await Column<string>(connection, Running, stopping)).ToHashSet() : null;
        List<long> found = [];
        var above = 0;
        await using (var command = new NpgsqlCommand(Events, connection))
        {
            command.Parameters.Add(new() { Value = _cursor.Head });
            command.Parameters.Add(new() { Value = PerLook });
            command.Parameters.Add(new() { Value = gaps.Select(g => g.From).ToArray() });
            command.Parameters.Add(new() { Value = gaps.Select(g => g.To).ToArray() });
            await using var reader = await command.ExecuteReaderAsync(stopping);
            while (await reader.ReadAsync(stopping))
            {
                var number = reader.GetInt64(0);
                if (number > _cursor.Head) above++;
                found.Add(number);
                var type = reader.GetString(1);
                clients.Tell(new(type, StreamTypes.Of(type) ?? "", reader.GetGuid(2), reader.GetInt64(3)));
            }
        }
        _cursor.Seen(running, found);
        return above == PerLook;
    }

    /// <summary>From the end of the log as it is now, with what is missing shortly before it: its transactions may still be open.</summary>
    static async Task<LogCursor> Begin(NpgsqlConnection connection, CancellationToken stopping)
    {
        var known = await Column<long>(connection,
            $"select seq_id from phoenix.mt_events where seq_id > (select coalesce(max(seq_id), 0) - {LooksBack} from phoenix.mt_events)", stopping);
        if (known.Count == 0) return new(0);
        var cursor = new LogCursor(Math.Max(0, known.Max() - LooksBack));
        cursor.Seen(null, known);
        return cursor;
    }

    static async Task<List<T>> Column<T>(NpgsqlConnection connection, string sql, CancellationToken stopping)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(stopping);
        List<T> values = [];
        while (await reader.ReadAsync(stopping)) values.Add(reader.GetFieldValue<T>(0));
        return values;
    }
}
