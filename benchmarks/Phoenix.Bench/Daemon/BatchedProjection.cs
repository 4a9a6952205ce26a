using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Phoenix.Domain.Experiments;
using Phoenix.Projections;
using Phoenix.Projections.Savings;

namespace Phoenix.Bench.Daemon;

/// <summary>
/// The same table by hand: what the ledger needs is read page by page and folded in memory, and each page is one
/// transaction of two statements, its progress included.
/// </summary>
static class BatchedProjection
{
    /// <summary>Events a page, as Marten's daemon has them.</summary>
    const int Page = 500;

    public const string Ledger = "phoenix.mt_doc_savingsentry";

    /// <summary>What the projection asks for too.</summary>
    static readonly string[] Types = ["experiment_drafted", "window_measured", "verdict_reached", "experiment_promoted", "experiment_rolled_back", "experiment_stopped"];

    public static async Task Run(NpgsqlDataSource database, int events)
    {
        var ledger = new Dictionary<Guid, SavingsEntry>();
        for (long done = 0; done < events;) done = await ProjectPage(database, ledger, done, events);
    }

    static async Task<long> ProjectPage(NpgsqlDataSource database, Dictionary<Guid, SavingsEntry> ledger, long after, long until)
    {
        var last = after;
        var changed = new HashSet<Guid>();
        await using var connection = await database.OpenConnectionAsync();
        await using (var read = new NpgsqlCommand(
            "select seq_id, timestamp, stream_id, type, data::text from phoenix.mt_events where seq_id > $1 and seq_id <= $2 and type = any($3) order by seq_id limit $4", connection))
        {
            foreach (var value in (object[])[after, until, Types, Page]) read.Parameters.Add(new() { Value = value });
            await using var reader = await read.ExecuteReaderAsync();
            var count = 0;
            for (; await reader.ReadAsync(); count++)
            {
                last = reader.GetInt64(0);
                if (Fold(ledger, reader.GetString(3), reader.GetGuid(2), reader.GetFieldValue<DateTimeOffset>(1), reader.GetString(4))) changed.Add(reader.GetGuid(2));
            }
            if (count < Page) last = until;
        }
        await using var transaction = await connection.BeginTransactionAsync();
        await using var batch = new NpgsqlBatch(connection, transaction);
        if (changed.Count > 0) batch.BatchCommands.Add(Upsert([.. changed.Select(id => ledger[id])]));
        var progress = new NpgsqlBatchCommand("insert into phoenix.mt_event_progression (name, last_seq_id) values ('batched', $1) on conflict (name) do update set last_seq_id = excluded.last_seq_id");
        progress.Parameters.Add(new() { Value = last });
        batch.BatchCommands.Add(progress);
        await batch.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
        return last;
    }

    static bool Fold(Dictionary<Guid, SavingsEntry> ledger, string type, Guid stream, DateTimeOffset at, string data)
    {
        switch (type)
        {
            case "experiment_drafted":
                var drafted = JsonSerializer.Deserialize<ExperimentDrafted>(data, EventStoreOptions.Json)!;
                ledger[stream] = new()
                {
                    Id = stream, Experiment = drafted.Name, Baseline = $"{drafted.Baseline.Name} v{drafted.Baseline.Version}",
                    Candidate = $"{drafted.Candidate.Name} v{drafted.Candidate.Version}", Hosts = drafted.Hosts.Count, PriceEntry = drafted.PriceEntry,
                };
                return true;
            case "window_measured":
                var window = JsonSerializer.Deserialize<WindowMeasured>(data, EventStoreOptions.Json)!;
                var entry = ledger[stream];
                var day = DateOnly.FromDateTime(at.UtcDateTime);
                var before = entry.Days.FirstOrDefault(d => d.Day == day) ?? new(day, 0, 0, 0, 0, 0, 0);
                ledger[stream] = entry with
                {
                    Days =
                    [
                        .. entry.Days.Where(d => d.Day != day),
                        before with
                        {
                            Windows = before.Windows + 1, Minutes = before.Minutes + window.Seconds / 60,
                            BaselineSamples = before.BaselineSamples + window.Baseline.Samples, CandidateSamples = before.CandidateSamples + window.Candidate.Samples,
                            BaselineWireBytes = before.BaselineWireBytes + window.Baseline.WireBytes, CandidateWireBytes = before.CandidateWireBytes + window.Candidate.WireBytes,
                        },
                    ],
                };
                return true;
            default:
                return false;
        }
    }

    static NpgsqlBatchCommand Upsert(IReadOnlyList<SavingsEntry> entries)
    {
        var command = new NpgsqlBatchCommand(
            $"insert into {Ledger} (id, data, mt_last_modified, mt_dotnet_type, mt_version) select id, data, now(), $3, 1 from unnest($1, $2) t(id, data) " +
            "on conflict (id) do update set data = excluded.data, mt_last_modified = excluded.mt_last_modified");
        command.Parameters.Add(new() { Value = entries.Select(e => e.Id).ToArray() });
        command.Parameters.Add(new() { Value = entries.Select(e => JsonSerializer.Serialize(e, EventStoreOptions.Json)).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb });
        command.Parameters.Add(new() { Value = typeof(SavingsEntry).FullName! });
        return command;
    }
}
