using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.SignalR.Client;

namespace Phoenix.EndToEnd;

/// <summary>Two nodes on one database behind a load balancer, and one of them is killed while both are at work.</summary>
public sealed class SeveralNodesTests : IAsyncLifetime
{
    private const int Experiments = 5, HostsEach = 4;

    private const string Baseline =
        """
        receivers:
          otlp:
            protocols:
              http:
                endpoint: 127.0.0.1:4318
        exporters:
          debug: {}
        service:
          pipelines:
            metrics:
              receivers: [otlp]
              exporters: [debug]
        """;

    private const string Candidate =
        """
        receivers:
          otlp:
            protocols:
              http:
                endpoint: 127.0.0.1:4318
        processors:
          phoenix_topk:
            metrics: [shop.requests]
            labels: [customer]
            k: 5
        exporters:
          debug: {}
        service:
          pipelines:
            metrics:
              receivers: [otlp]
              processors: [phoenix_topk]
              exporters: [debug]
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("phoenix-nodes-").FullName;
    private readonly int[] _ports = [Ports.Free(), Ports.Free()];
    private readonly ChildProcess[] _nodes = new ChildProcess[2];
    private readonly List<ProtocolAgent> _agents = [];
    private Database? _database;
    private Balancer? _balancer;
    private Api? _api;
    private string _token = "";

    private Api Api => _api!;

    public async ValueTask InitializeAsync()
    {
        _database = await Database.CreateAsync(Workplace.DatabaseUrl);
        // At the same moment, on an empty database, with one file for the first user's secret.
        for (var i = 0; i < 2; i++)
        {
            StartNode(i);
        }

        _balancer = new Balancer(_ports);
        _api = new Api(_balancer.Port);
        await ReadyAsync(0);
        await ReadyAsync(1);
        var secret = (await File.ReadAllTextAsync(Path.Combine(_directory, "secret"))).Trim();
        _token = (await Api.PostAsync("auth/tokens", new { secret }))!["token"]!.GetValue<string>();
        Api.UseToken(_token);
    }

    public async ValueTask DisposeAsync()
    {
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            foreach (var log in Directory.EnumerateFiles(_directory, "*.log"))
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"--- {log}\n{string.Join('\n', File.ReadLines(log).TakeLast(60))}");
            }
        }

        foreach (var agent in _agents)
        {
            await agent.DisposeAsync();
        }

        foreach (var node in _nodes.Where(n => n is not null))
        {
            await node.DisposeAsync();
        }

        _api?.Dispose();
        if (_balancer is not null)
        {
            await _balancer.DisposeAsync();
        }

        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    [Fact(Timeout = 240_000)]
    public async Task a_node_that_is_killed_under_load_loses_nothing_and_the_other_goes_on_with_everything()
    {
        var enrolment = (await Api.PostAsync("enrolment-tokens", new { name = "nodes", expiresInHours = 1 }))!["token"]!.GetValue<string>();
        for (var i = 0; i < Experiments * HostsEach; i++)
        {
            _agents.Add(await ProtocolAgent.EnrolAsync($"node-test-{i}", _balancer!.Port, enrolment));
        }

        var (baseline, candidate) = (await Api.PublishAsync("baseline", Baseline), await Api.PublishAsync("candidate", Candidate));
        List<Guid> experiments = [];
        for (var e = 0; e < Experiments; e++)
        {
            experiments.Add(await DraftAsync(baseline, candidate, _agents.Skip(e * HostsEach).Take(HostsEach).Select(a => a.HostId)));
        }

        // The survivor's dashboard.
        ConcurrentDictionary<Guid, long> told = new();
        await using var live = new HubConnectionBuilder().WithUrl($"http://127.0.0.1:{_ports[1]}/live?access_token={_token}").Build();
        live.On<JsonObject>("changed", m => told.AddOrUpdate(m["id"]!.GetValue<Guid>(), m["version"]!.GetValue<long>(), (_, v) => Math.Max(v, m["version"]!.GetValue<long>())));
        await live.StartAsync();

        await WorkOnOneNodeWakesAPollOnTheOtherAsync(baseline, candidate, enrolment);

        foreach (var agent in _agents)
        {
            agent.Work();
        }

        await Task.WhenAll(experiments.Select(id => Api.CommandAsync(id, "start", "start")));
        await Eventually.GetAsync(() => CountAsync("type = 'task_succeeded'"), done => done >= 3, "some tasks to be done", 30);
        await _nodes[0].KillAsync();
        var killed = Stopwatch.StartNew();

        await AllAsync(experiments, "running", 60);
        await Task.WhenAll(experiments.Select(StopAsync));
        await AllAsync(experiments, "stopped", 60);

        // What the dead node ran goes on on the other one: projections, and the mark up to which events may be read.
        // Marten notes there too where a gap was, which stays.
        await Eventually.GetAsync(() => CountAsync("seq_id > (select min(last_seq_id) from phoenix.mt_event_progression where name not like 'HighWater%' or name = 'HighWaterMark')"), behind => behind == 0, "projections that have come to the end", 30);
        TestContext.Current.TestOutputHelper?.WriteLine($"All was done {killed.Elapsed.TotalSeconds:0.0} s after the kill.");
        TaskLog.ShouldBeSound(await Api.AuditAsync());
        foreach (var id in experiments)
        {
            var version = await ScalarAsync($"select version from phoenix.mt_streams where id = '{id}'");
            await Eventually.GetAsync(() => Task.FromResult(told.GetValueOrDefault(id)), seen => seen == version, "the survivor's dashboard to hear of the newest version", 10);
        }

        StartNode(0);
        await ReadyAsync(0);
    }

    private async Task WorkOnOneNodeWakesAPollOnTheOtherAsync(Guid baseline, Guid candidate, string enrolment)
    {
        for (var i = 0; i < 2; i++)
        {
            // The agent is parked on one node, the user speaks to the other.
            await using var agent = await ProtocolAgent.EnrolAsync($"parked-{i}", _ports[i], enrolment);
            using var other = new Api(_ports[1 - i]);
            other.UseToken(_token);
            var id = await DraftAsync(baseline, candidate, [agent.HostId]);
            var poll = agent.PollAsync(30);
            await other.CommandAsync(id, "start", "start");
            var task = (await poll.WaitAsync(TimeSpan.FromSeconds(15))).ShouldNotBeNull().ShouldHaveSingleItem();
            await agent.DoAsync(task!);
            await other.CommandAsync(id, "stop", "stop");
            foreach (var remove in await agent.PollAsync(30) ?? [])
            {
                await agent.DoAsync(remove!);
            }

            await AllAsync([id], "stopped", 30);
        }
    }

    /// <summary>A connection to the dead node may be cut under a request: whether it arrived is then looked up before it is said again.</summary>
    private async Task StopAsync(Guid id)
    {
        while (await Api.TryReadAsync($"experiments/{id}") is not { } experiment || ExperimentRun.State(experiment) == "running")
        {
            try
            {
                await Api.CommandAsync(id, "stop", "stop");
            }
            catch (HttpRequestException)
            {
                continue;
            }
        }
    }

    private async Task<Guid> DraftAsync(Guid baseline, Guid candidate, IEnumerable<string> hosts) => (await Api.PostAsync("experiments", new
    {
        name = "nodes",
        hypothesis = "nothing is lost",
        baseline = new { pipelineId = baseline, version = 1 },
        candidate = new { pipelineId = candidate, version = 1 },
        hosts,
        plan = new { warmUpSeconds = 1, durationSeconds = 300, windowSeconds = 5 },
        criteria = new { minSeriesReductionPct = 20, claim = "observed" },
        protectedMetrics = new[] { "up" },
        priceEntry = "signoz-cloud-samples",
    }))!["id"]!.GetValue<Guid>();

    private async Task AllAsync(IReadOnlyList<Guid> experiments, string state, int seconds)
    {
        foreach (var id in experiments)
        {
            await Eventually.GetAsync(() => Api.TryReadAsync($"experiments/{id}"), x => x is not null && ExperimentRun.State(x) == state, $"state {state}", seconds);
        }
    }

    private Task<long> CountAsync(string where) => ScalarAsync($"select count(*) from phoenix.mt_events where {where}");

    private async Task<long> ScalarAsync(string sql)
    {
        await using var connection = new Npgsql.NpgsqlConnection(_database!.ConnectionString);
        await connection.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private void StartNode(int i) => _nodes[i] = ChildProcess.Start(Path.Combine(_directory, $"node-{i}.log"), ["dotnet", Workplace.ApiProgram], new Dictionary<string, string>
    {
        ["PHOENIX_DATABASE_URL"] = _database!.ConnectionString,
        ["PHOENIX_URLS"] = $"http://127.0.0.1:{_ports[i]}",
        ["PHOENIX_FIRST_USER_SECRET_FILE"] = Path.Combine(_directory, "secret"),
    });

    private async Task ReadyAsync(int i)
    {
        using var node = new Api(_ports[i]);
        await Eventually.GetAsync(
            async () => _nodes[i].IsAlive ? await node.IsReadyAsync() : throw new InvalidOperationException($"Node {i} ended: {string.Join('\n', _nodes[i].LastLines(20))}"),
            ready => ready, $"node {i} to be ready", 90);
    }
}
