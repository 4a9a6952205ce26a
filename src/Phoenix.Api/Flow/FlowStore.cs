using Npgsql;
using NpgsqlTypes;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Pricing;
using Phoenix.Projections.Fleet;
using Weasel.Postgresql.Tables;

namespace Phoenix.Api.Flow;

/// <summary>What rows of flow are of.</summary>
public enum FlowDimension
{
    /// <summary>By metric name.</summary>
    Metric,

    /// <summary>By the resource's <c>service.name</c>.</summary>
    Service,

    /// <summary>By the resource's <c>service.namespace</c>, else its <c>k8s.namespace.name</c>.</summary>
    Namespace,
}

/// <summary>What goes through, added up over hosts.</summary>
public sealed record FlowSum(string Key, double SeriesIn, double SeriesOut, double SamplesPerMinuteIn, double SamplesPerMinuteOut)
{
    public Rate In => new(SeriesIn, SamplesPerMinuteIn);

    public Rate Out => new(SeriesOut, SamplesPerMinuteOut);

    /// <summary>What the others leave of it; never less than nothing, since an estimate of the whole may lie below its parts.</summary>
    public FlowSum Beyond(IReadOnlyCollection<FlowSum> others, string key) => new(
        key, Math.Max(0, SeriesIn - others.Sum(o => o.SeriesIn)), Math.Max(0, SeriesOut - others.Sum(o => o.SeriesOut)),
        Math.Max(0, SamplesPerMinuteIn - others.Sum(o => o.SamplesPerMinuteIn)), Math.Max(0, SamplesPerMinuteOut - others.Sum(o => o.SamplesPerMinuteOut)));
}

/// <param name="Hosts">Hosts that have reported within <see cref="FlowSettings.Fresh"/>.</param>
/// <param name="SilentHosts">All others that are not decommissioned: stopped, lost, without a production collector of Phoenix, or with an agent that does not tell.</param>
/// <param name="OldestAt">The oldest of the reports that count, by the database's clock; null where there is none.</param>
/// <param name="Approximate">Some hosts have more streams than they can tell apart.</param>
public sealed record FlowTotals(int Hosts, int SilentHosts, DateTimeOffset? OldestAt, bool Approximate, FlowSum Total);

/// <summary>
/// What hosts last told of the flow through their production collectors: one upserted row a host, never an event, so that it grows with the fleet and not
/// with time. Columns are arrays, which the database adds up as they are.
/// </summary>
/// <remarks>A row has at most 150 keys and 600 numbers; with metric names of 40 characters 9 KB, of which PostgreSQL compresses what is beyond 2 KB.</remarks>
public sealed class FlowStore : IAsyncDisposable
{
    public const string TableName = "phoenix.host_flow";

    /// <summary>Hosts of one round trip at most.</summary>
    const int Most = 200;

    static readonly (FlowDimension Dimension, string Prefix)[] Dimensions =
        [(FlowDimension.Metric, "metric"), (FlowDimension.Service, "service"), (FlowDimension.Namespace, "namespace")];

    static readonly string Write = Statement();

    sealed record Report(string HostId, IReadOnlyList<ReportedFlow> Flows);

    readonly NpgsqlDataSource _database;
    readonly Batcher<Report, bool> _reports;

    public FlowStore(NpgsqlDataSource database)
    {
        _database = database;
        _reports = new(WriteReports, Most);
    }

    /// <summary>The table, for the store's schema.</summary>
    public static Table Table
    {
        get
        {
            var table = new Table(TableName);
            table.AddColumn("host_id", "text").AsPrimaryKey();
            table.AddColumn("reported_at", "timestamptz").NotNull();
            table.AddColumn("approximate", "boolean").NotNull();
            foreach (var column in (string[])["series_in", "series_out", "samples_in", "samples_out"])
                table.AddColumn(column, "double precision").NotNull(); // samples are a minute's
            foreach (var (_, prefix) in Dimensions)
            {
                table.AddColumn(prefix + "_keys", "text[]").NotNull();
                foreach (var column in (string[])["series_in", "series_out", "samples_in", "samples_out"])
                    table.AddColumn($"{prefix}_{column}", "double precision[]").NotNull();
            }
            return table;
        }
    }

    /// <summary>Replaces what the host told before. A host with several production collectors is told as one.</summary>
    public Task Keep(string hostId, IReadOnlyList<ReportedFlow> flows, CancellationToken cancellation) => _reports.Add(new(hostId, flows), cancellation);

    public ValueTask DisposeAsync() => _reports.DisposeAsync();

    /// <summary>Over the hosts that the selector chooses.</summary>
    public async Task<FlowTotals> Totals(LabelSelector selector, TimeSpan fresh, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand();
        command.Parameters.Add(new() { Value = fresh });
        command.CommandText =
            $"""
            select count(f.host_id), count(*) - count(f.host_id), min(f.reported_at), coalesce(bool_or(f.approximate), false),
                   coalesce(sum(f.series_in), 0), coalesce(sum(f.series_out), 0), coalesce(sum(f.samples_in), 0), coalesce(sum(f.samples_out), 0)
            from {FleetProjection.TableName} h left join {TableName} f on f.host_id = h.host_id and f.reported_at > now() - $1
            where h.decommissioned_at is null and {selector.Condition("h.labels", command.Parameters)}
            """;
        await using var r = await command.ExecuteReaderAsync(cancellation);
        await r.ReadAsync(cancellation);
        return new((int)r.GetInt64(0), (int)r.GetInt64(1), await r.IsDBNullAsync(2, cancellation) ? null : await r.GetFieldValueAsync<DateTimeOffset>(2, cancellation), r.GetBoolean(3),
            new("total", r.GetDouble(4), r.GetDouble(5), r.GetDouble(6), r.GetDouble(7)));
    }

    /// <summary>The keys with most series, of those that hosts name.</summary>
    /// <param name="most">How many; one more is read to know whether there are others.</param>
    public async Task<IReadOnlyList<FlowSum>> Rows(FlowDimension by, LabelSelector selector, TimeSpan fresh, int most, CancellationToken cancellation)
    {
        var prefix = Dimensions.Single(d => d.Dimension == by).Prefix;
        await using var command = _database.CreateCommand();
        command.Parameters.Add(new() { Value = fresh });
        command.Parameters.Add(new() { Value = most + 1 });
        command.CommandText =
            $"""
            select t.key, sum(t.series_in), sum(t.series_out), sum(t.samples_in), sum(t.samples_out)
            from {TableName} f join {FleetProjection.TableName} h using (host_id),
                 unnest(f.{prefix}_keys, f.{prefix}_series_in, f.{prefix}_series_out, f.{prefix}_samples_in, f.{prefix}_samples_out) as t(key, series_in, series_out, samples_in, samples_out)
            where f.reported_at > now() - $1 and h.decommissioned_at is null and {selector.Condition("h.labels", command.Parameters)}
            group by t.key order by greatest(sum(t.series_in), sum(t.series_out)) desc, sum(t.samples_in) desc, t.key limit $2
            """;
        await using var r = await command.ExecuteReaderAsync(cancellation);
        List<FlowSum> rows = [];
        while (await r.ReadAsync(cancellation)) rows.Add(new(r.GetString(0), r.GetDouble(1), r.GetDouble(2), r.GetDouble(3), r.GetDouble(4)));
        return rows;
    }

    async Task<IReadOnlyList<bool>> WriteReports(IReadOnlyList<Report> reports, CancellationToken cancellation)
    {
        await using var batch = _database.CreateBatch();
        // Rows in the order of their keys: two nodes that write the same hosts then wait for each other instead of both for ever.
        foreach (var report in reports.OrderBy(r => r.HostId, StringComparer.Ordinal)) batch.BatchCommands.Add(Command(report));
        await batch.ExecuteNonQueryAsync(cancellation);
        return [.. reports.Select(_ => true)];
    }

    static NpgsqlBatchCommand Command(Report report)
    {
        var command = new NpgsqlBatchCommand(Write);
        command.Parameters.Add(new() { Value = report.HostId });
        command.Parameters.Add(new() { Value = report.Flows.Any(f => f.Window.Approximate) });
        Add(Summed(report.Flows.Select(f => (f, Of(f.Window.Total)))));
        foreach (var (dimension, _) in Dimensions)
        {
            var rows = report.Flows.SelectMany(f => Of(TableOf(f.Window, dimension)).Select(row => (f, row)))
                .GroupBy(r => r.row.Key, StringComparer.Ordinal).Select(g => Summed(g)).ToList();
            command.Parameters.Add(new() { Value = rows.Select(r => r.Key).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
            foreach (var column in (Func<FlowSum, double>[])[r => r.SeriesIn, r => r.SeriesOut, r => r.SamplesPerMinuteIn, r => r.SamplesPerMinuteOut])
                command.Parameters.Add(new() { Value = rows.Select(column).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Double });
        }
        return command;

        void Add(FlowSum sum)
        {
            foreach (var value in (double[])[sum.SeriesIn, sum.SeriesOut, sum.SamplesPerMinuteIn, sum.SamplesPerMinuteOut]) command.Parameters.Add(new() { Value = value });
        }
    }

    /// <summary>Windows of several collectors are of different lengths: samples are brought to the minute first.</summary>
    static FlowSum Summed(IEnumerable<(ReportedFlow Flow, FlowSum Window)> parts)
    {
        var sum = new FlowSum("", 0, 0, 0, 0);
        foreach (var (flow, w) in parts)
        {
            var minutes = flow.Window.Seconds / 60;
            sum = new(w.Key, sum.SeriesIn + w.SeriesIn, sum.SeriesOut + w.SeriesOut,
                sum.SamplesPerMinuteIn + w.SamplesPerMinuteIn / minutes, sum.SamplesPerMinuteOut + w.SamplesPerMinuteOut / minutes);
        }
        return sum;
    }

    static FlowSum Of(FlowCounts c) => new("", c.SeriesIn, c.SeriesOut, c.SamplesIn, c.SamplesOut);

    static IEnumerable<FlowSum> Of(FlowTable t) => t.Keys.Select((key, i) => new FlowSum(key, t.SeriesIn[i], t.SeriesOut[i], t.SamplesIn[i], t.SamplesOut[i]));

    static FlowTable TableOf(FlowWindow window, FlowDimension dimension) => dimension switch
    {
        FlowDimension.Service => window.Services,
        FlowDimension.Namespace => window.Namespaces,
        _ => window.Metrics,
    };

    static string Statement()
    {
        string[] columns =
        [
            "host_id", "approximate", "series_in", "series_out", "samples_in", "samples_out",
            .. Dimensions.SelectMany(d => (string[])[$"{d.Prefix}_keys", $"{d.Prefix}_series_in", $"{d.Prefix}_series_out", $"{d.Prefix}_samples_in", $"{d.Prefix}_samples_out"]),
        ];
        return $"insert into {TableName} ({string.Join(", ", columns)}, reported_at) values ({string.Join(", ", columns.Select((_, i) => $"${i + 1}"))}, now()) " +
            $"on conflict (host_id) do update set reported_at = excluded.reported_at, {string.Join(", ", columns.Skip(1).Select(c => $"{c} = excluded.{c}"))}";
    }
}
