using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Phoenix.EndToEnd;

/// <summary>The database crashes or is away in the middle of an experiment: on a private PostgreSQL that the test ends and starts.</summary>
public sealed class DatabaseTests : EndToEndTest
{
    private string? _directory;
    private PrivatePostgres? _postgres;

    private PrivatePostgres Postgres => _postgres!;

    public override async ValueTask InitializeAsync()
    {
        _directory = Directory.CreateTempSubdirectory("phoenix-e2e-db-").FullName;
        File.SetUnixFileMode(_directory, (UnixFileMode)0b111_101_101);
        try
        {
            _postgres = await PrivatePostgres.StartAsync(Path.Combine(_directory, "postgres"));
            UseStack(await Stack.StartAsync(_postgres.Url));
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await base.DisposeAsync();
        }
        finally
        {
            if (_postgres is not null)
            {
                await _postgres.DisposeAsync();
                _postgres = null;
            }

            if (Directory.Exists(_directory))
            {
                Directory.Delete(_directory, recursive: true);
            }
        }

        GC.SuppressFinalize(this);
    }

    [Fact(Timeout = 300_000)]
    public async Task the_verdict_is_reached_although_the_database_crashes_and_recovers()
    {
        var run = await RunningAsync();
        await Postgres.CrashAsync();
        await Postgres.StartAgainAsync();

        await ShouldEndWellAsync(run);
    }

    [Fact(Timeout = 300_000)]
    public async Task while_the_database_is_away_requests_are_told_so_production_goes_on_and_windows_arrive_later()
    {
        var run = await RunningAsync();
        await Postgres.StopAsync();

        using (var answer = await Eventually.GetAsync(
            () => Api.TryGetAsync($"/api/v2/experiments/{run.Id}"), a => a is { StatusCode: HttpStatusCode.ServiceUnavailable }, "503", 30))
        {
            await ShouldSayUnavailable(answer!);
        }

        using (var answer = await Api.PostRawAsync($"/api/v2/experiments/{run.Id}/stop", new { reason = "must not be accepted" }))
        {
            await ShouldSayUnavailable(answer);
        }

        using (var ready = (await Api.TryGetAsync("/health/ready")).ShouldNotBeNull())
        {
            ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            (await ready.Content.ReadAsStringAsync()).ShouldContain("database");
        }

        using (var live = (await Api.TryGetAsync("/health/live")).ShouldNotBeNull())
        {
            live.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        var tick = Stack.Sink.LastTick(Shop.ScrapeTicks);
        await Eventually.TrueAsync(() => Buffered().Count >= 2, "windows to be buffered by the agent", 60);
        var buffered = Buffered();
        await Eventually.TrueAsync(() => Stack.Sink.LastTick(Shop.ScrapeTicks) >= tick + 2, "production to go on", 30);
        Stack.Agent.IsAlive.ShouldBeTrue();
        await Postgres.StartAgainAsync();

        var log = await ShouldEndWellAsync(run);
        var recorded = log.Where(e => e.Type is "window_measured" or "window_voided").Select(e => e.Data.GetProperty("number").GetInt32()).ToHashSet();
        var last = log.Single(e => e.Type == "verdict_reached").Sequence;
        // Windows that were closed after the verdict had all it needs are no evidence any more.
        var needed = buffered.Where(number => number <= log.Where(e => e.Sequence < last && e.Type == "window_measured").Max(e => e.Data.GetProperty("number").GetInt32())).ToList();
        needed.ShouldNotBeEmpty();
        needed.ShouldBeSubsetOf(recorded);
        log.ShouldNotContain(e => e.Type == "stop_requested", "what was answered with 503 was not accepted");
    }

    /// <summary>Numbers of the window reports that wait on the agent's disk.</summary>
    private List<int> Buffered() =>
        [.. Directory.EnumerateFiles(Path.Combine(Stack.AgentDirectory, "outbox"), "*.json")
            .Select(path => int.Parse(Path.GetFileNameWithoutExtension(path).Split('_')[2], CultureInfo.InvariantCulture))];

    private static async Task ShouldSayUnavailable(HttpResponseMessage answer)
    {
        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        answer.Headers.RetryAfter.ShouldNotBeNull();
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        problem.RootElement.GetProperty("code").GetString().ShouldBe("database-unavailable");
    }

    private async Task<ExperimentRun> RunningAsync()
    {
        var everything = await Api.PublishAsync("everything", Stack.Pipelines.Everything);
        var folding = await Api.PublishAsync("folding", Stack.Pipelines.Folding);
        var run = await ExperimentRun.StartAsync(Stack, everything, folding, Plan.Extended);
        await run.UntilMeasuringAsync();
        return run;
    }

    private async Task<IReadOnlyList<AuditEntry>> ShouldEndWellAsync(ExperimentRun run)
    {
        var over = await run.UntilOverAsync();
        ExperimentRun.State(over).ShouldBe("completed", over.ToJsonString());
        over["verdict"]!["outcome"]!.GetValue<string>().ShouldBe("promote", over.ToJsonString());
        var log = await run.AuditUntilAsync("experiment_completed");
        TaskLog.ShouldBeSound(log);
        // Numbers are used once and in order: a missing one would be a window that was accepted and lost.
        var numbers = log.Where(e => e.Type is "window_measured" or "window_voided").Select(e => e.Data.GetProperty("number").GetInt32()).Order().ToList();
        numbers.ShouldBe(Enumerable.Range(numbers[0], numbers.Count));
        await ShouldHaveNoGapAsync();
        return log;
    }
}
