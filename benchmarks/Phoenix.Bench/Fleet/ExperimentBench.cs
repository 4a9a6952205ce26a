using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Phoenix.Api.Infrastructure;
using Phoenix.Bench.Queue;

namespace Phoenix.Bench.Fleet;

/// <summary>
/// An experiment over ten thousand hosts from its start to its verdict, its promotion in waves and its rollback: work delivered and done, window after window as each
/// host reports it, each recorded as one event. Beside it the same reports as rows that are copied into a table with the same key.
/// </summary>
static class ExperimentBench
{
    public static async Task<BenchResult> Run(bool quick)
    {
        var (hosts, windows) = (10_000, quick ? 3 : 10);
        var url = Environment.GetEnvironmentVariable(Database.Variable)!;
        await using var database = NpgsqlDataSource.Create(Database.ConnectionString(url));
        var server = await ClusterCpu.Of(database);
        await using var api = await ApiProcess.Start(url);
        await using var fleet = new Simulator();
        await fleet.Enrol(api.Url, api.EnrolmentToken, "exp", hosts);
        await fleet.Start();
        await fleet.Until("parked", hosts, Stopwatch.GetTimestamp());
        List<Guid> pipelines = [];
        foreach (var name in (string[])["baseline", "candidate"])
            pipelines.Add((await api.Post("api/v2/pipelines", new { name = $"{name}-{Guid.NewGuid():N}", configuration = Storm.Yaml + (name == "candidate" ? "\n# candidate\n" : "") })).GetProperty("id").GetGuid());
        var id = (await api.Post("api/v2/experiments", new
        {
            name = "ten thousand hosts", hypothesis = "none", baseline = new { pipelineId = pipelines[0], version = 1 }, candidate = new { pipelineId = pipelines[1], version = 1 },
            hosts = Enumerable.Range(0, hosts).Select(n => $"sim-exp-{n}").ToArray(), plan = new { warmUpSeconds = 0, durationSeconds = 60 * windows, windowSeconds = 60 },
            criteria = new { claim = "observed" },
        })).GetProperty("id").GetGuid();
        var start = Stopwatch.GetTimestamp();
        await api.Post($"api/v2/experiments/{id}/start", new { reason = "bench" });
        await Until(async () => await State(api, id) == "running", "to run");
        var running = Stopwatch.GetElapsedTime(start).TotalSeconds;

        await Execute(database, "create table if not exists phoenix.bench_report (like phoenix.window_report including defaults, primary key (experiment_id, number, host_id, reported_on)); truncate phoenix.bench_report");
        List<double> ours = [], copied = [], recorded = [], cpu = [];
        // The first window after the warm-up belongs to it.
        for (var window = 1; window <= windows + 1; window++)
        {
            var (own, others) = (api.Use.CpuSeconds, server?.Seconds ?? 0);
            var began = Stopwatch.GetTimestamp();
            var taken = await fleet.Measure(id, window);
            await Until(async () => await Scalar(database, $"select count(*) from phoenix.mt_events where stream_id = '{id}' and type = 'window_measured'") >= window, $"window {window} to be recorded");
            var whole = Stopwatch.GetElapsedTime(began).TotalSeconds;
            cpu.Add((api.Use.CpuSeconds - own + (server?.Seconds ?? 0) - others) * 1000 / hosts);
            ours.Add(hosts / taken);
            recorded.Add(whole - taken);
            copied.Add(hosts / await Copy(database, id, window));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"window {window}: {ours[^1]:0} reports/s, recorded {recorded[^1]:0.00} s after the last, {cpu[^1]:0.000} ms CPU a report; copied {copied[^1]:0} rows/s"));
        }
        await Until(async () => await Scalar(database, $"select count(*) from phoenix.mt_events where stream_id = '{id}' and type = 'verdict_reached'") == 1, "the verdict");
        var hostsMeasured = await Scalar(database, $"select min((data->>'hosts')::bigint) from phoenix.mt_events where stream_id = '{id}' and type = 'window_measured'");
        if (hostsMeasured != hosts) throw new InvalidOperationException($"A window was recorded with {hostsMeasured} of {hosts} hosts.");
        await Until(async () => await State(api, id) == "completed", "to complete");
        var total = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"running {running:0.0} s after the start, completed after {total:0.0} s with {windows + 1} windows of {hosts} hosts"));
        // Hosts of the simulation say nothing of their collectors, so that waves are not judged: what is timed is the work.
        var promotion = Stopwatch.GetTimestamp();
        await api.Post($"api/v2/experiments/{id}/promote", new { reason = "bench", force = true, rollout = new { soakSeconds = 0, gate = new { off = true } } });
        await Until(async () => await State(api, id) == "promoted", "to be promoted");
        var promoted = Stopwatch.GetElapsedTime(promotion).TotalSeconds;
        var back = Stopwatch.GetTimestamp();
        await api.Post($"api/v2/experiments/{id}/rollback", new { reason = "bench" });
        await Until(async () => await State(api, id) == "rolledBack", "to be rolled back");
        var returned = Stopwatch.GetElapsedTime(back).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"promoted in four waves after {promoted:0.0} s, back at the baseline after {returned:0.0} s"));
        return new("experiment", "the same reports copied into a table with the same key", "reports/s", ours, copied)
        {
            Fields = new Dictionary<string, double>
            {
                ["runningSeconds"] = Math.Round(running, 1), ["promotedSeconds"] = Math.Round(promoted, 1), ["rolledBackSeconds"] = Math.Round(returned, 1), ["recordedSeconds"] = Math.Round(BenchResult.Median(recorded), 2), ["cpuMsPerReport"] = Math.Round(BenchResult.Median(cpu), 3),
                ["windowBytes"] = await Scalar(database, $"select max(length(data::text))::bigint from phoenix.mt_events where stream_id = '{id}' and type = 'window_measured'"),
                ["peakRssMb"] = Math.Round(api.Use.PeakMb),
            },
        };
    }

    static async Task<string?> State(ApiProcess api, Guid id) =>
        JsonSerializer.Deserialize<JsonElement>(await api.Http.GetStringAsync($"api/v2/experiments/{id}")).GetProperty("state").GetString();

    static async Task<double> Copy(NpgsqlDataSource database, Guid experiment, int window)
    {
        List<(string Host, string Report)> rows = [];
        await using (var read = database.CreateCommand($"select host_id, report::text from phoenix.window_report where experiment_id = '{experiment}' and number = {window}"))
        await using (var reader = await read.ExecuteReaderAsync())
            while (await reader.ReadAsync()) rows.Add((reader.GetString(0), reader.GetString(1)));
        await using var connection = await database.OpenConnectionAsync();
        var began = Stopwatch.GetTimestamp();
        await using (var copy = await connection.BeginBinaryImportAsync("copy phoenix.bench_report (reported_on, experiment_id, number, host_id, reported_at, report) from stdin (format binary)"))
        {
            foreach (var (host, report) in rows)
            {
                await copy.StartRowAsync();
                await copy.WriteAsync(DateOnly.FromDateTime(DateTime.UtcNow), NpgsqlDbType.Date);
                await copy.WriteAsync(experiment, NpgsqlDbType.Uuid);
                await copy.WriteAsync(window, NpgsqlDbType.Integer);
                await copy.WriteAsync(host, NpgsqlDbType.Text);
                await copy.WriteAsync(DateTimeOffset.UtcNow, NpgsqlDbType.TimestampTz);
                await copy.WriteAsync(report, NpgsqlDbType.Jsonb);
            }
            await copy.CompleteAsync();
        }
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    static async Task Until(Func<Task<bool>> reached, string what)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await reached())
        {
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromMinutes(5)) throw new InvalidOperationException($"Waited five minutes for the experiment {what}.");
            await Task.Delay(50);
        }
    }

    static async Task<long> Scalar(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return await command.ExecuteScalarAsync() as long? ?? 0;
    }

    static async Task Execute(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
