using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Phoenix.Bench.Fleet;

namespace Phoenix.Bench.Pages;

/// <summary>
/// A fleet that is alive, and experiments in every state that lasts, each on ten hosts of its own. All of it is done through the API, as people and agents
/// do it: what the pages read is what the projections have made of real events.
/// </summary>
sealed class SeededFleet(ApiProcess api, Simulator fleet)
{
    public const int HostsOfEach = 10;

    /// <summary>A window more than the run is long: the first belongs to the warm-up.</summary>
    const int Windows = 5, AtOnce = 8;

    /// <summary>So long that no deadline passes while a slow machine makes all of this.</summary>
    const int WindowSeconds = 300;

    const string Prefix = "page";

    static readonly string[] Roles = ["web", "api", "worker", "db", "cache"];

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    enum Fate { Draft, Running, Completed, Promoted, RolledBack, Stopped, Archived }

    readonly long _began = Stopwatch.GetTimestamp();

    public IReadOnlyList<string> Hosts { get; private set; } = [];

    public async Task Make(int experiments)
    {
        var hosts = experiments * HostsOfEach;
        Hosts = [.. Enumerable.Range(0, hosts).Select(n => $"sim-{Prefix}-{n}")];
        await fleet.Enrol(api.Url, api.EnrolmentToken, Prefix, hosts, labelled: true);
        await fleet.Start(heartbeats: true, flow: true);
        foreach (var role in Roles)
        {
            using var answer = await api.Http.PutAsJsonAsync($"api/v2/groups/{role}", new { selector = $"role={role}", description = $"All hosts of the role {role}." });
            answer.EnsureSuccessStatusCode();
        }
        Say($"{hosts} hosts are enrolled and alive");

        List<(Guid Baseline, Guid Candidate)> pipelines = [];
        foreach (var role in Roles) pipelines.Add((await Publish($"{role}-metrics", ""), await Publish($"{role}-metrics-reduced", "\n# reduced\n")));
        var drafted = new (Guid Experiment, Fate Fate, IReadOnlyList<string> Hosts)[experiments];
        await Each(Enumerable.Range(0, experiments), async n =>
        {
            var (fate, own) = (FateOf(n), Hosts.Skip(n * HostsOfEach).Take(HostsOfEach).ToArray());
            var (baseline, candidate) = pipelines[n % pipelines.Count];
            var answer = await api.Post("api/v2/experiments", new
            {
                name = $"Fold {Roles[n % Roles.Length]} labels {n:0000}", hypothesis = "The labels that nobody asks for cost most of the series.",
                baseline = new { pipelineId = baseline, version = 1 }, candidate = new { pipelineId = candidate, version = 1 }, hosts = own,
                // Those that are to end do so with their last window; the others go on for a day.
                plan = new { warmUpSeconds = 0, durationSeconds = fate is Fate.Running or Fate.Stopped ? 86_400 : WindowSeconds * (Windows - 1), windowSeconds = WindowSeconds }, criteria = new { claim = "observed" },
            });
            drafted[n] = (answer.GetProperty("id").GetGuid(), fate, own);
        });
        Say($"{experiments} experiments are drafted");

        var started = drafted.Where(d => d.Fate != Fate.Draft).ToArray();
        await Each(started, d => Do(d.Experiment, "start"));
        await Until($"{started.Length} experiments to run", async () => await Count("running") == started.Length);
        Say($"{started.Length} of them run");

        for (var window = 1; window <= Windows; window++)
        {
            var taken = await fleet.Measure(started.Select(d => (d.Experiment, d.Hosts)), window);
            if (taken != started.Length * HostsOfEach) throw new InvalidOperationException($"{taken} of {started.Length * HostsOfEach} reports of window {window} were taken.");
        }
        var ended = started.Count(d => d.Fate is not (Fate.Running or Fate.Stopped));
        await Until($"{ended} experiments to be completed", async () => await Count("completed") == ended);
        Say($"{Windows} windows of each are recorded, and {ended} have their verdict");

        (Guid Experiment, Fate Fate, IReadOnlyList<string> Hosts)[] Of(params Fate[] fates) => [.. drafted.Where(d => fates.Contains(d.Fate))];
        await Each(Of(Fate.Promoted, Fate.RolledBack), async d => await api.Post($"api/v2/experiments/{d.Experiment}/promote",
            new { reason = "bench", force = true, rollout = new { soakSeconds = 0, gate = new { off = true } } }));
        await Until("what is to be promoted", async () => await Count("promoted") == Of(Fate.Promoted, Fate.RolledBack).Length);
        await Each(Of(Fate.RolledBack), d => Do(d.Experiment, "rollback"));
        await Each(Of(Fate.Stopped), d => Do(d.Experiment, "stop"));
        await Each(Of(Fate.Archived), d => Do(d.Experiment, "archive"));
        await Until("what is to be rolled back", async () => await Count("rolledBack") == Of(Fate.RolledBack).Length);
        await Until("what is to be stopped", async () => await Count("stopped") == Of(Fate.Stopped).Length);
        // Every host has told of its health and its flow at least once.
        await Until("every host to be active", async () => (await Get("api/v2/fleet/summary")).GetProperty("states").GetProperty("active").GetInt32() == hosts);
        Say("the rest is promoted, rolled back, stopped and archived: " + (await Get("api/v2/experiments/counts")).ToString().ReplaceLineEndings(""));
    }

    /// <summary>A fifth drafts, a fifth running, two fifths over; the rest is in states that somebody has chosen.</summary>
    static Fate FateOf(int n) => (n % 20) switch
    {
        < 4 => Fate.Draft,
        < 8 => Fate.Running,
        < 15 => Fate.Completed,
        15 or 16 => Fate.Promoted,
        17 => Fate.RolledBack,
        18 => Fate.Stopped,
        _ => Fate.Archived,
    };

    async Task<Guid> Publish(string name, string more) =>
        (await api.Post("api/v2/pipelines", new { name, configuration = Storm.Yaml + more, reason = "bench" })).GetProperty("id").GetGuid();

    Task<JsonElement> Do(Guid experiment, string what) => api.Post($"api/v2/experiments/{experiment}/{what}", new { reason = "bench" });

    async Task<int> Count(string state) => (await Get("api/v2/experiments/counts")).GetProperty("byState").TryGetProperty(state, out var count) ? count.GetInt32() : 0;

    async Task<JsonElement> Get(string path) => JsonSerializer.Deserialize<JsonElement>(await api.Http.GetStringAsync(path));

    static Task Each<T>(IEnumerable<T> all, Func<T, Task> act) =>
        Parallel.ForEachAsync(all, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (one, _) => await act(one));

    static async Task Until(string what, Func<Task<bool>> reached)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await reached())
        {
            if (Stopwatch.GetElapsedTime(began) > Patience) throw new InvalidOperationException($"Waited {Patience.TotalMinutes:0} minutes for {what}.");
            await Task.Delay(200);
        }
    }

    void Say(string what) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(_began).TotalSeconds,6:0.0} s  {what}"));
}
