using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Phoenix.Domain.Experiments;
using Phoenix.Projections;
using Phoenix.Projections.Audit;
using Phoenix.Projections.Savings;

namespace Phoenix.Bench.Daemon;

/// <summary>
/// The same tables by hand: the log is read page by page, what the ledger needs is folded in memory, and each page is one
/// transaction of three set-based statements, its progress included.
/// </summary>
static class BatchedProjection
{
    /// <summary>Events a page, as Marten's daemon has them.</summary>
    const int Page = 500;

    public const string Ledger = "phoenix.mt_doc_savingsentry";

    public static async Task Run(NpgsqlDataSource database, int events)
    {
        var ledger = new Dictionary<Guid, SavingsEntry>();
        for (long done = 0; done < events;) done = await ProjectPage(database, ledger, done);
    }

    static async Task<long> ProjectPage(NpgsqlDataSource database, Dictionary<Guid, SavingsEntry> ledger, long after)
    {
        var rows = new Rows();
        var changed = new HashSet<Guid>();
        await using var connection = await database.OpenConnectionAsync();
        await using (var read = new NpgsqlCommand(
            "select seq_id, id, timestamp, stream_id, version, type, mt_dotnet_type, user_name, correlation_id, causation_id, headers ->> $3, headers ->> $4, headers ->> $5, data::text " +
            "from phoenix.mt_events where seq_id > $1 order by seq_id limit $2", connection))
        {
            foreach (var value in (object[])[after, Page, AuditLogProjection.VerificationHeader, AuditLogProjection.ReasonHeader, AuditLogProjection.ExperimentHeader])
                read.Parameters.Add(new() { Value = value });
            await using var reader = await read.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                rows.Add(reader);
                if (Fold(ledger, reader.GetString(5), reader.GetGuid(3), reader.GetFieldValue<DateTimeOffset>(2), reader.GetString(13))) changed.Add(reader.GetGuid(3));
            }
        }
        if (rows.Count == 0) throw new InvalidOperationException($"the log ends at {after}, before its end");
        await using var transaction = await connection.BeginTransactionAsync();
        await using var batch = new NpgsqlBatch(connection, transaction) { BatchCommands = { rows.Insert() } };
        if (changed.Count > 0) batch.BatchCommands.Add(Upsert([.. changed.Select(id => ledger[id])]));
        var progress = new NpgsqlBatchCommand("insert into phoenix.mt_event_progression (name, last_seq_id) values ('batched', $1) on conflict (name) do update set last_seq_id = excluded.last_seq_id");
        progress.Parameters.Add(new() { Value = rows.Last });
        batch.BatchCommands.Add(progress);
        await batch.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
        return rows.Last;
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

    /// <summary>A page of the audit log, column by column.</summary>
    sealed class Rows
    {
        readonly List<long> _sequence = [], _version = [];
        readonly List<Guid> _id = [], _stream = [];
        readonly List<Guid?> _experiment = [];
        readonly List<DateTimeOffset> _at = [];
        readonly List<string> _type = [], _data = [];
        readonly List<string?> _streamType = [], _actor = [], _correlation = [], _causation = [], _verification = [], _reason = [];

        public int Count => _sequence.Count;

        public long Last => _sequence[^1];

        public void Add(NpgsqlDataReader row)
        {
            string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);

            var dotnet = row.GetString(6).Split(',')[0].Split('.');
            _sequence.Add(row.GetInt64(0));
            _id.Add(row.GetGuid(1));
            _at.Add(row.GetFieldValue<DateTimeOffset>(2));
            _stream.Add(row.GetGuid(3));
            _version.Add(row.GetInt64(4));
            _streamType.Add(dotnet[^2]);
            _experiment.Add(dotnet[^2] == "Experiments" ? row.GetGuid(3) : Guid.TryParse(Text(12), out var id) ? id : null);
            _type.Add(row.GetString(5));
            _actor.Add(Text(7));
            _correlation.Add(Text(8));
            _causation.Add(Text(9));
            _verification.Add(Text(10));
            _reason.Add(Text(11));
            _data.Add(row.GetString(13));
        }

        public NpgsqlBatchCommand Insert()
        {
            var command = new NpgsqlBatchCommand(
                $"insert into {AuditLogProjection.TableName}(sequence, event_id, at, stream_id, stream_version, stream_type, experiment_id, type, actor, verification, reason, correlation_id, causation_id, data) " +
                "select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)");
            foreach (var column in (object[])[_sequence, _id, _at, _stream, _version, _streamType, _experiment, _type, _actor, _verification, _reason, _correlation, _causation])
                command.Parameters.Add(new() { Value = column });
            command.Parameters.Add(new() { Value = _data, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb });
            return command;
        }
    }
}
