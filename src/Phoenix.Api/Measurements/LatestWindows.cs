using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Phoenix.Contracts;
using Phoenix.Projections.Experiments;

namespace Phoenix.Api.Measurements;

/// <summary>What a host counted of what left its production arm, in the newest window that counts.</summary>
public sealed record LatestWindow(int Number, DateTimeOffset StartedAt, DateTimeOffset EndedAt, ArmOutput Output);

public static class LatestWindows
{
    /// <summary>A host that is so many windows behind the others has no latest one.</summary>
    const int LooksBack = 50;

    /// <summary>By host; those without a window that counts among the newest are absent.</summary>
    public static async Task<IReadOnlyDictionary<string, LatestWindow>> Of(NpgsqlDataSource database, Guid experimentId, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select distinct on (host_id) host_id, number, (report->'baseline'->>'startedAt')::timestamptz, (report->'baseline'->>'endedAt')::timestamptz, report->'baseline'->'output'
            from {WindowStore.TableName}
            where experiment_id = $1 and number > (select max(number) - {LooksBack} from {WindowStore.TableName} where experiment_id = $1)
              and report->>'voidReason' is null and jsonb_typeof(report->'baseline') = 'object'
            order by host_id, number desc
            """);
        command.Parameters.Add(new() { Value = experimentId, NpgsqlDbType = NpgsqlDbType.Uuid });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        Dictionary<string, LatestWindow> found = [];
        while (await reader.ReadAsync(cancellation))
            found[reader.GetString(0)] = new(reader.GetInt32(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetFieldValue<DateTimeOffset>(3),
                JsonSerializer.Deserialize<ArmOutput>(reader.GetString(4), WireJson.Default.Options)!);
        return found;
    }

    /// <summary>Of hosts in whichever experiments they take part now.</summary>
    public static async Task<IReadOnlyDictionary<string, LatestWindow>> Of(NpgsqlDataSource database, IReadOnlyCollection<string> hosts, CancellationToken cancellation)
    {
        var wanted = hosts.ToHashSet();
        List<Guid> experiments = [];
        await using (var command = database.CreateCommand($"select distinct experiment_id from {ExperimentHostsProjection.TableName} where host_id = any($1)"))
        {
            command.Parameters.Add(new() { Value = hosts.ToArray() });
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation)) experiments.Add(reader.GetGuid(0));
        }
        Dictionary<string, LatestWindow> found = [];
        foreach (var experiment in experiments)
            foreach (var (host, window) in await Of(database, experiment, cancellation))
                // A host takes part in one experiment at a time.
                if (wanted.Contains(host)) found[host] = window;
        return found;
    }
}
