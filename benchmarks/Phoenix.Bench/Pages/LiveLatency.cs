using System.Globalization;
using System.Net.Http.Json;
using Npgsql;
using Phoenix.Api.Live;
using Phoenix.Bench.Fleet;

namespace Phoenix.Bench.Pages;

/// <param name="Lost">Over all rounds, changes times clients.</param>
sealed record LiveRounds(int Clients, IReadOnlyList<double> P50, IReadOnlyList<double> P99, int Lost, IReadOnlyList<double> BareP50, IReadOnlyList<double> BareP99)
{
    /// <summary>Milliseconds, of all changes at all clients.</summary>
    public double WorstMs { get; init; }
}

/// <summary>
/// From the commit of an event, by the database's clock, to its message at every one of many clients, each with a token of its own; beside a bare hub that
/// broadcasts as many messages at the same pace to as many clients. Round by round in turn.
/// </summary>
static class LiveLatency
{
    static readonly TimeSpan Between = TimeSpan.FromMilliseconds(200);

    /// <summary>A change that a client has not heard of by then is lost.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public static async Task<LiveRounds> Run(ApiProcess api, NpgsqlDataSource database, IReadOnlyList<string> hosts, int clients, int rounds, int changes)
    {
        if (changes * rounds > hosts.Count) throw new InvalidOperationException($"{hosts.Count} hosts are fewer than the changes that are to be told apart.");
        var tokens = new string?[clients];
        await Parallel.ForEachAsync(Enumerable.Range(0, clients), new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (n, _) => tokens[n] = (await api.Post("api/v2/auth/tokens", new { })).GetProperty("token").GetString());
        await using var bareHub = await BareHub.Start();
        await using var bare = await LiveAudience.Connect(bareHub.Url, new string?[clients]);
        await using var ours = await LiveAudience.Connect(api.Url, tokens);
        await ours.Welcomed();
        Console.WriteLine($"{ours.Connected} live clients are connected to the control plane, {bare.Connected} to the bare hub");

        List<double> p50 = [], p99 = [], bareP50 = [], bareP99 = [], worst = [];
        var lost = 0;
        // The first, shorter one warms up.
        for (var round = 0; round <= rounds; round++)
        {
            var count = round == 0 ? Math.Min(10, changes) : changes;
            var told = await Bare(bareHub, bare, count);
            var heard = await ours.Hear(await Label(api, database, [.. hosts.Skip(round == 0 ? 0 : (round - 1) * changes).Take(count)], round), Patience);
            lost += heard.Lost;
            if (round == 0) continue;
            if (told.Lost > 0) throw new InvalidOperationException($"The bare hub has lost {told.Lost} messages.");
            p50.Add(Percentile(heard.LatenciesMs, 0.5));
            p99.Add(Percentile(heard.LatenciesMs, 0.99));
            worst.Add(heard.LatenciesMs.DefaultIfEmpty(double.NaN).Max());
            bareP50.Add(Percentile(told.LatenciesMs, 0.5));
            bareP99.Add(Percentile(told.LatenciesMs, 0.99));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"live round {round}: p50 {p50[^1]:0} ms, p99 {p99[^1]:0} ms, worst {worst[^1]:0} ms, {heard.Lost} lost of {count * clients}; bare hub p50 {bareP50[^1]:0.0} ms, p99 {bareP99[^1]:0.0} ms"));
        }
        return new(clients, p50, p99, lost + clients - ours.Connected, bareP50, bareP99) { WorstMs = worst.Max() };
    }

    static async Task<Heard> Bare(BareHub hub, LiveAudience audience, int count)
    {
        List<Change> changes = [];
        for (var n = 0; n < count; n++)
        {
            var message = new LiveMessage("agent_labelled", "Agents", Guid.CreateVersion7(), 2);
            changes.Add(new(message.Id, message.Version, await hub.Broadcast(message)));
            await Task.Delay(Between);
        }
        return await audience.Hear(changes, Patience);
    }

    /// <summary>Labels hosts, one after the other: each is one event of a stream of its own.</summary>
    static async Task<IReadOnlyList<Change>> Label(ApiProcess api, NpgsqlDataSource database, IReadOnlyList<string> hosts, int round)
    {
        var before = await Last(database);
        foreach (var host in hosts)
        {
            using var answer = await api.Http.PutAsJsonAsync($"api/v2/agents/{host}/labels", new { labels = new { role = "web", round = $"r{round}" }, reason = "bench" });
            if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"Labels of {host}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            await Task.Delay(Between);
        }
        await using var command = database.CreateCommand(
            "select stream_id, version, pg_xact_commit_timestamp(xmin) from phoenix.mt_events where seq_id > $1 and type = 'agent_labelled' order by seq_id");
        command.Parameters.Add(new() { Value = before });
        List<Change> changes = [];
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) changes.Add(new(reader.GetGuid(0), reader.GetInt64(1), new(reader.GetDateTime(2), TimeSpan.Zero)));
        return changes.Count == hosts.Count ? changes : throw new InvalidOperationException($"{hosts.Count} hosts were labelled, and the log has {changes.Count} events of it.");
    }

    static async Task<long> Last(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("select coalesce(max(seq_id), 0) from phoenix.mt_events");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    static double Percentile(IReadOnlyCollection<double> values, double share)
    {
        if (values.Count == 0) return double.NaN;
        var sorted = values.Order().ToList();
        return sorted[Math.Min(sorted.Count - 1, (int)Math.Ceiling(share * sorted.Count) - 1)];
    }
}
