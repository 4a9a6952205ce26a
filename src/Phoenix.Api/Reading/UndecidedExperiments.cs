using Npgsql;
using Phoenix.Domain.Experiments;
using Phoenix.Projections.Experiments;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <summary>An experiment that is over, and that nobody has decided about.</summary>
/// <param name="Breach">What a guardrail found, in words; null where all held.</param>
/// <param name="Outcome">Of its verdict; null before one is reached.</param>
/// <param name="Scope">For what the verdict is proved.</param>
/// <param name="ReductionPct">Of live series, by the claim that it was to prove; null where nothing could be claimed, and of verdicts of versions that knew one claim only.</param>
public sealed record UndecidedExperiment(
    Guid Id, string Name, ExperimentState State, DateTimeOffset DraftedAt, string? Breach, VerdictOutcome? Outcome, string? Scope, double? ReductionPct);

public static class UndecidedExperimentsEndpoint
{
    /// <summary>
    /// Experiments that wait for a person: completed with a verdict, or ended by a guardrail; not archived, and nobody decided for the baseline. First those that a
    /// guardrail ended, then those that may be promoted, each the newest first. What a person rolled back, and what a failed host did, was decided by that.
    /// </summary>
    [WolverineGet("/api/v2/experiments/undecided"), Tags("Experiments")]
    public static async Task<Page<UndecidedExperiment>> List(NpgsqlDataSource database, int? limit, int? after, CancellationToken cancellation)
    {
        var (take, skip) = (Paging.Limit(limit), Math.Max(0, after ?? 0));
        await using var command = database.CreateCommand(
            $$"""
            with waiting as (
              select id, name, state, drafted_at, verdict, breach from {{ExperimentSummaries.TableName}}
              where not archived and not baseline_kept and state in ('completed', 'rolledBack') and (breach is not null or state = 'completed' and verdict is not null)
              order by breach is null, verdict is distinct from 'promote', drafted_at desc, id desc offset {{skip}} limit {{take + 1}})
            select s.id, s.name, s.state, s.drafted_at, d.data->'breach'->>'detail', s.verdict, d.data->'verdict'->>'scope',
                (jsonb_path_query_first(d.data, '$.verdict.claims[*] ? (@.claim == $claim).reductionPct', jsonb_build_object('claim', d.data->'criteria'->'claim')) #>> '{}')::float8
            from waiting s join phoenix.mt_doc_experiment d on d.id = s.id order by s.breach is null, s.verdict is distinct from 'promote', s.drafted_at desc, s.id desc
            """);
        List<UndecidedExperiment> found = [];
        await using var r = await command.ExecuteReaderAsync(cancellation);
        while (await r.ReadAsync(cancellation))
            found.Add(new(
                r.GetGuid(0), r.GetString(1), Enum.Parse<ExperimentState>(r.GetString(2), ignoreCase: true), r.GetFieldValue<DateTimeOffset>(3), Text(r, 4),
                Text(r, 5) is { } outcome ? Enum.Parse<VerdictOutcome>(outcome, ignoreCase: true) : null, Text(r, 6), r.IsDBNull(7) ? null : r.GetDouble(7)));
        return Paging.Of(found, take, _ => (skip + take).ToString());
    }

    static string? Text(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : r.GetString(column);
}
