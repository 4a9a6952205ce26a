using System.Text.Json;
using Npgsql;
using Phoenix.Projections.Tasks;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <summary>What is in the queue now.</summary>
/// <param name="ByPurpose">Purposes that have a task in it.</param>
/// <param name="OldestQueuedSeconds">Of those that could be taken now; null where none could.</param>
/// <param name="Waiting">Queued ones that may not be taken yet: they wait for their next attempt.</param>
/// <param name="HostsWithWork">Hosts that have a task queued or assigned.</param>
public sealed record TaskSummary(
    long Queued, long Assigned, long DeadLettered, IReadOnlyDictionary<string, TaskCounts> ByPurpose, double? OldestQueuedSeconds, long Waiting, long HostsWithWork);

public sealed record TaskCounts(long Queued, long Assigned, long DeadLettered);

public static class TaskSummaryEndpoint
{
    /// <summary>The queue in numbers. It holds what is open or dead-lettered; see the throughput for what has ended.</summary>
    [WolverineGet("/api/v2/tasks/summary"), Tags("Tasks")]
    public static async Task<TaskSummary> Get(NpgsqlDataSource database, CancellationToken cancellation)
    {
        // One picture of the table for all of it.
        await using var command = database.CreateCommand(
            $"""
            select grouping(purpose), purpose, count(*) filter (where status = 0), count(*) filter (where status = 1), count(*) filter (where status = 2),
                extract(epoch from now() - min(queued_at) filter (where status = 0 and not_before <= now()))::float8,
                count(*) filter (where status = 0 and not_before > now()), count(distinct host_id) filter (where status in (0, 1))
            from {TaskQueueProjection.TableName} group by grouping sets ((), (purpose)) order by purpose nulls last
            """);
        await using var r = await command.ExecuteReaderAsync(cancellation);
        SortedDictionary<string, TaskCounts> byPurpose = new(StringComparer.Ordinal);
        TaskSummary total = new(0, 0, 0, byPurpose, null, 0, 0);
        while (await r.ReadAsync(cancellation))
        {
            TaskCounts counts = new(r.GetInt64(2), r.GetInt64(3), r.GetInt64(4));
            if (r.GetInt32(0) == 0) byPurpose[JsonNamingPolicy.CamelCase.ConvertName(r.GetString(1))] = counts;
            else total = new(counts.Queued, counts.Assigned, counts.DeadLettered, byPurpose, r.IsDBNull(5) ? null : Math.Max(0, r.GetDouble(5)), r.GetInt64(6), r.GetInt64(7));
        }
        return total;
    }
}
