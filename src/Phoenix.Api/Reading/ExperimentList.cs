using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Pipelines;
using Phoenix.Domain.Pricing;
using Phoenix.Projections;
using Phoenix.Projections.Experiments;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <summary>What a list of experiments is sorted by.</summary>
public enum ExperimentSort
{
    DraftedAt,
    Name,

    /// <summary>Of live series; experiments without counted windows are below all others.</summary>
    Reduction,

    /// <summary>In the order of the life cycle, drafts first.</summary>
    State,
}

public enum SortOrder
{
    Asc,
    Desc,
}

/// <param name="ByState">Of those that are not archived; every state is there.</param>
/// <param name="Archived">In any state.</param>
public sealed record ExperimentCounts(IReadOnlyDictionary<string, long> ByState, long Archived);

public static class ExperimentListEndpoints
{
    static readonly string[] States = [.. Enum.GetNames<ExperimentState>().Select(JsonNamingPolicy.CamelCase.ConvertName)];

    static readonly string StatePlace = $"array_position(array[{string.Join(",", States.Select(s => $"'{s}'"))}], s.state)";

    /// <summary>A cursor is no longer than this: a name of the longest kind, packed.</summary>
    const int MaxCursorLength = 8_000;

    const int MaxSearchLength = 200;

    /// <summary>
    /// Experiments in rows: the newest first, or in another order. All filters that are given must hold. Archived ones where they are asked for, and then those
    /// alone. <c>after</c> is what <c>next</c> of the page before said, in the same order.
    /// </summary>
    /// <param name="search">Text in the name of the experiment or of one of its pipelines, in upper or lower case.</param>
    /// <param name="state">One or more, with commas between them.</param>
    /// <param name="host">Those that have this host.</param>
    /// <param name="pipelineId">Those whose baseline or candidate is a version of it.</param>
    [WolverineGet("/api/v2/experiments"), Tags("Experiments"), ProducesResponseType<Page<ExperimentSummary>>(200), ProducesResponseType(422)]
    public static async Task<IResult> List(
        NpgsqlDataSource database, string? search, string? state, string? host, Guid? pipelineId, ExperimentSort? sort, SortOrder? order, bool? archived, int? limit,
        string? after, CancellationToken cancellation)
    {
        var (states, unknown) = StatesOf(state);
        if (unknown is not null) return unknown;
        if (Problems.TooLong(("search", search, MaxSearchLength)) is { } tooLong) return tooLong;
        var by = sort ?? ExperimentSort.DraftedAt;
        var descending = (order ?? (by == ExperimentSort.DraftedAt ? SortOrder.Desc : SortOrder.Asc)) == SortOrder.Desc;
        (object Key, Guid Id)? cursor = null;
        if (!string.IsNullOrEmpty(after) && (cursor = Cursor(by, after)) is null)
            return Problems.Of(422, "cursor-invalid", "'after' is what 'next' of an earlier page in the same order said.", "after");
        var take = Paging.Limit(limit);
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var command = Query(connection, search, states, host, pipelineId, by, descending, archived ?? false, cursor, take + 1);
        List<(ExperimentSummary Summary, object Key)> found = [];
        await using (var r = await command.ExecuteReaderAsync(cancellation))
            while (await r.ReadAsync(cancellation)) found.Add((Read(r), r.GetValue(KeyColumn)));
        var page = Paging.Of(found, take, f => Next(by, f.Key, f.Summary.Id));
        return TypedResults.Ok(new Page<ExperimentSummary>([.. page.Items.Select(i => i.Summary)], page.Next));
    }

    /// <summary>How many experiments there are in each state.</summary>
    [WolverineGet("/api/v2/experiments/counts"), Tags("Experiments")]
    public static async Task<ExperimentCounts> Counts(NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"select state, count(*) filter (where not archived), count(*) filter (where archived) from {ExperimentSummaries.TableName} group by state");
        await using var r = await command.ExecuteReaderAsync(cancellation);
        var byState = States.ToDictionary(s => s, _ => 0L);
        var archived = 0L;
        while (await r.ReadAsync(cancellation))
        {
            byState[r.GetString(0)] = r.GetInt64(1);
            archived += r.GetInt64(2);
        }
        return new(byState, archived);
    }

    const int KeyColumn = 21;

    public static NpgsqlCommand Query(
        NpgsqlConnection connection, string? search, string[]? states, string? host, Guid? pipelineId, ExperimentSort sort, bool descending, bool archived,
        (object Key, Guid Id)? after, int limit)
    {
        var command = new NpgsqlCommand { Connection = connection };
        List<string> conditions = [archived ? "s.archived" : "not s.archived"];
        if (!string.IsNullOrWhiteSpace(search)) conditions.Add($"concat_ws(E'\\n', s.name, s.baseline->>'name', s.candidate->>'name') ilike {Add(Filter.Containing(search.Trim()))}");
        if (states is not null) conditions.Add($"s.state = any({Add(states)})");
        if (host is not null) conditions.Add($"s.id in (select h.id from {ExperimentSummaries.HostsTableName} h where h.hosts @> {Add(new[] { host })})");
        if (pipelineId is { } pipeline) conditions.Add($"{Add(pipeline.ToString())} in (s.baseline->>'pipelineId', s.candidate->>'pipelineId')");
        var (key, type) = sort switch
        {
            ExperimentSort.Name => ("lower(s.name) collate \"C\"", "text"),
            ExperimentSort.Reduction => ("coalesce(100 * (1 - s.candidate_live::float8 / nullif(s.baseline_live, 0)), case when s.windows = 0 then '-infinity'::float8 else 0 end)", "float8"),
            ExperimentSort.State => (StatePlace, "integer"),
            _ => ("s.drafted_at", "timestamptz"),
        };
        if (after is var (last, id)) conditions.Add($"({key}, s.id) {(descending ? "<" : ">")} ({Add(last)}::{type}, {Add(id)})");
        var direction = descending ? "desc" : "asc";
        command.CommandText =
            $"""
            select s.id, s.version, s.name, s.state, s.archived, s.drafted_at, s.started_at, s.run_ends_at, s.baseline, s.candidate, s.hosts, s.windows,
                s.baseline_live, s.candidate_live, s.baseline_series, s.candidate_series, s.baseline_points, s.candidate_points, s.saving, s.verdict, s.breach, {key}
            from {ExperimentSummaries.TableName} s where {string.Join(" and ", conditions)} order by {key} {direction}, s.id {direction} limit {limit}
            """;
        return command;

        string Add(object value)
        {
            command.Parameters.Add(new() { Value = value });
            return "$" + command.Parameters.Count;
        }
    }

    static ExperimentSummary Read(NpgsqlDataReader r)
    {
        var windows = r.GetInt32(11);
        return new(
            r.GetGuid(0), r.GetInt32(1), r.GetString(2), Name<ExperimentState>(3)!.Value, Json<PipelineReference>(8)!, Json<PipelineReference>(9)!, r.GetInt32(10),
            At(5)!.Value, At(6), At(7), windows, ReductionPct(12), ReductionPct(14), ReductionPct(16), Json<Saving>(18), Name<VerdictOutcome>(19), Name<Guardrail>(20),
            r.GetBoolean(4));

        double? ReductionPct(int column) => windows == 0 ? null : Evidence.ReductionPct(r.GetInt64(column), r.GetInt64(column + 1));

        DateTimeOffset? At(int column) => r.IsDBNull(column) ? null : r.GetFieldValue<DateTimeOffset>(column);

        T? Name<T>(int column) where T : struct, Enum => r.IsDBNull(column) ? null : Enum.Parse<T>(r.GetString(column), ignoreCase: true);

        T? Json<T>(int column) => r.IsDBNull(column) ? default : JsonSerializer.Deserialize<T>(r.GetString(column), EventStoreOptions.Json);
    }

    static (string[]? States, IResult? Problem) StatesOf(string? asked)
    {
        if (string.IsNullOrWhiteSpace(asked)) return (null, null);
        var states = asked.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return states.FirstOrDefault(s => !States.Contains(s)) is { } wrong
            ? (null, Problems.Of(422, "state-unknown", $"'{(wrong.Length > 30 ? wrong[..30] + "…" : wrong)}' is no state of an experiment: {string.Join(", ", States)}.", "state"))
            : (states, null);
    }

    /// <summary>Says of which order it is, where the page ended in it, and of which experiment: keys may be the same.</summary>
    static string Next(ExperimentSort sort, object key, Guid id) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{sort} {id:N} {key switch
    {
        DateTime at => at.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        _ => Convert.ToString(key, CultureInfo.InvariantCulture),
    }}"));

    static (object Key, Guid Id)? Cursor(ExperimentSort sort, string after)
    {
        if (after.Length > MaxCursorLength || !Base64Url.IsValid(after)) return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(after)).Split(' ', 3);
        if (parts.Length < 3 || parts[0] != sort.ToString() || !Guid.TryParseExact(parts[1], "N", out var id)) return null;
        object? key = sort switch
        {
            ExperimentSort.Name => parts[2].Contains('\0') ? null : parts[2],
            ExperimentSort.Reduction => double.TryParse(parts[2], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null,
            ExperimentSort.State => int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var place) ? place : null,
            _ => long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks <= DateTime.MaxValue.Ticks
                ? new DateTimeOffset(ticks, TimeSpan.Zero) : null,
        };
        return key is null ? null : (key, id);
    }
}
