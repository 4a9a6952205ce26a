using Marten;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Phoenix.Api.Infrastructure;

/// <summary>
/// Ready while the database answers and every async projection is close to the event log: a money or audit projection
/// that has stopped shows here, with its name and how far behind it is.
/// </summary>
public sealed class ReadyCheck(IDocumentStore store, NpgsqlDataSource database) : IHealthCheck
{
    /// <summary>Events a projection may be behind before the node calls itself not ready.</summary>
    const long MaxLag = 10_000;

    /// <summary>How long the log may stand ahead of a projection, however little, before that counts as stopped.</summary>
    static readonly TimeSpan MaxStall = TimeSpan.FromSeconds(60);

    readonly Dictionary<string, (long Sequence, DateTimeOffset At)> _progress = [];
    readonly Lock _lock = new();

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var head = database.CreateCommand("select last_value from phoenix.mt_events_sequence");
            var log = (long)(await head.ExecuteScalarAsync(cancellationToken))!;
            var progress = (await store.Advanced.AllProjectionProgress(token: cancellationToken)).ToDictionary(s => s.ShardName, s => s.Sequence);
            var behind = new Dictionary<string, object>();
            var stopped = new List<string>();
            // A projection that never got anywhere has no row: it is as far behind as the log is long.
            foreach (var shard in ((DocumentStore)store).Options.Projections.AllShards().Select(s => s.Name.Identity))
            {
                var sequence = progress.GetValueOrDefault(shard);
                behind[shard] = log - sequence;
                if (Stalled(shard, sequence, log) || log - sequence > MaxLag) stopped.Add(shard);
            }
            return stopped.Count == 0
                ? HealthCheckResult.Healthy("ready", behind)
                : HealthCheckResult.Unhealthy($"projections have stopped: {string.Join(", ", stopped)}", data: behind);
        }
        catch (Exception e) when (Problems.DatabaseAway(e))
        {
            return HealthCheckResult.Unhealthy("the database cannot be reached", e);
        }
    }

    bool Stalled(string shard, long sequence, long log)
    {
        lock (_lock)
        {
            var now = DateTimeOffset.UtcNow;
            if (sequence >= log || !_progress.TryGetValue(shard, out var before) || before.Sequence != sequence)
            {
                _progress[shard] = (sequence, now);
                return false;
            }
            return now - before.At > MaxStall;
        }
    }
}
