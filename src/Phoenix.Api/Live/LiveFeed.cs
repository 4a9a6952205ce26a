using Microsoft.AspNetCore.SignalR;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Projections;

namespace Phoenix.Api.Live;

/// <summary>
/// Tells dashboards that something has changed. A message carries type, id and version only and the client reads again: a
/// lost message costs freshness, never correctness.
/// </summary>
public sealed class LiveHub : Hub
{
    public const string Path = "/live";
    public const string Method = "changed";
}

/// <param name="Id">The stream; empty where many streams changed at once in this way, so that lists are read again instead of single things.</param>
/// <param name="Version">The stream's latest version; 0 with an empty id.</param>
public sealed record LiveMessage(string Type, Guid Id, long Version);

/// <summary>
/// Feeds the hub of this node from the event log, so that a change made by any node or tool is told on each. It looks when a node says that events
/// were appended, and each second besides.
/// </summary>
/// <remarks>
/// Numbers of events are given out before their transactions commit, so a lower one can come after a higher one, or never where its transaction was
/// rolled back. The feed waits for it for a while, telling the higher ones meanwhile, and tells it when it comes.
/// </remarks>
public sealed class LiveFeed(IHubContext<LiveHub> hub, NpgsqlDataSource database, ILogger<LiveFeed> log) : BackgroundService
{
    static readonly TimeSpan LooksEvery = TimeSpan.FromSeconds(1), BeforeTryingAgain = TimeSpan.FromSeconds(1);

    /// <summary>Changes within this time go out together: a stream that changed twice is told of once.</summary>
    static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        LiveCursor? cursor = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(stoppingToken);
                await using (var listen = new NpgsqlCommand($"listen {EventStoreOptions.AppendedChannel}", connection)) await listen.ExecuteNonQueryAsync(stoppingToken);
                // Clients that connect read the present state themselves: the feed begins where the log ends.
                cursor ??= new(await Head(connection, stoppingToken));
                while (true)
                {
                    await Tell(connection, cursor, stoppingToken);
                    await Task.Delay(Tick, stoppingToken);
                    await connection.WaitAsync(LooksEvery, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (Problems.DatabaseAway(e)) log.LogWarning("The live feed waits for the database: {Error}", e.Message);
                else log.LogError(e, "The live feed failed and begins again where it was");
                await Task.Delay(BeforeTryingAgain, stoppingToken);
            }
        }
    }

    async Task Tell(NpgsqlConnection connection, LiveCursor cursor, CancellationToken stopping)
    {
        List<(string Type, Guid Stream, long Version)> news = [];
        await using (var read = new NpgsqlCommand(
            $"select seq_id, type, stream_id, version from phoenix.mt_events where seq_id > $1 and not seq_id = any($2) order by seq_id limit {LiveCursor.Page}", connection))
        {
            read.Parameters.Add(new() { Value = cursor.Settled });
            read.Parameters.Add(new() { Value = cursor.Ahead });
            await using var reader = await read.ExecuteReaderAsync(stopping);
            List<long> sequences = [];
            while (await reader.ReadAsync(stopping))
            {
                sequences.Add(reader.GetInt64(0));
                news.Add((reader.GetString(1), reader.GetGuid(2), reader.GetInt64(3)));
            }
            cursor.See(sequences, DateTimeOffset.UtcNow);
        }
        foreach (var message in LiveMessages.Of(news)) await hub.Clients.All.SendAsync(LiveHub.Method, message, stopping);
    }

    static async Task<long> Head(NpgsqlConnection connection, CancellationToken stopping)
    {
        await using var read = new NpgsqlCommand("select coalesce(max(seq_id), 0) from phoenix.mt_events", connection);
        return (long)(await read.ExecuteScalarAsync(stopping))!;
    }
}

/// <summary>What goes out for the events of one tick. Pure.</summary>
public static class LiveMessages
{
    /// <summary>More streams than this with the same type of event in one tick are told of as one.</summary>
    public const int MostOfAType = 50;

    public static IReadOnlyList<LiveMessage> Of(IEnumerable<(string Type, Guid Stream, long Version)> events) =>
    [
        .. events.GroupBy(e => e.Type).SelectMany(type =>
        {
            var streams = type.GroupBy(e => e.Stream).Select(s => new LiveMessage(type.Key, s.Key, s.Max(e => e.Version))).ToList();
            return streams.Count <= MostOfAType ? streams : [new LiveMessage(type.Key, Guid.Empty, 0)];
        }),
    ];
}
