using System.Text.Json.Nodes;

namespace Phoenix.EndToEnd;

/// <summary>Length of an experiment in seconds.</summary>
public sealed record Plan(double WarmUpSeconds, double DurationSeconds, double WindowSeconds)
{
    /// <summary>Two scrapes a window, four windows.</summary>
    public static readonly Plan Brief = new(2, 8, 2);

    /// <summary>Long enough that something can break in the middle and the verdict still has its windows.</summary>
    public static readonly Plan Extended = new(2, 16, 2);
}

/// <summary>One experiment as a user runs it, followed through the API, which may be away meanwhile.</summary>
public sealed class ExperimentRun
{
    private readonly Stack _stack;

    private ExperimentRun(Stack stack, Guid id) => (_stack, Id) = (stack, id);

    public Guid Id { get; }

    public string CandidateName => $"candidate-{Id.ToString("N")[^12..]}";

    /// <summary>Drafts it, gives the reason, and starts it.</summary>
    public static async Task<ExperimentRun> StartAsync(Stack stack, Guid baseline, Guid candidate, Plan plan, string name = "experiment")
    {
        await Eventually.GetAsync(() => stack.Api.ReadAsync("agents"), agents => agents["items"]!.AsArray().Count > 0, "the host to enrol", 60);
        var drafted = await stack.Api.PostAsync("experiments", new
        {
            name,
            hypothesis = "fewer series, nothing lost",
            baseline = new { pipelineId = baseline, version = 1 },
            candidate = new { pipelineId = candidate, version = 1 },
            hosts = new[] { Stack.Host },
            plan,
            criteria = new { minSeriesReductionPct = 10, maxConservationErrorPct = 0.1, claim = "observed" },
            protectedMetrics = new[] { PipelineTexts.Protected },
            priceEntry = "signoz-cloud-samples",
            reason = $"drafting {name}",
        });
        var run = new ExperimentRun(stack, drafted!["id"]!.GetValue<Guid>());
        await run.CommandAsync("start");
        return run;
    }

    public Task CommandAsync(string what) => _stack.Api.CommandAsync(Id, what, $"{what} for the test");

    public Task<JsonNode> ReadAsync() => _stack.Api.ReadAsync($"experiments/{Id}");

    public Task<JsonNode> UntilStateAsync(string state, int seconds = 90) => UntilAsync(x => State(x) == state, $"state {state}", seconds);

    /// <summary>Until the verdict is there and the candidate is gone.</summary>
    public Task<JsonNode> UntilOverAsync(int seconds = 150) => UntilAsync(x => State(x) is "completed" or "rolledBack" or "stopped", "the end of the experiment", seconds);

    /// <summary>Until it measures and has at least this many counted windows.</summary>
    public Task<JsonNode> UntilMeasuringAsync(int windows = 2) => UntilAsync(
        x => State(x) is var state && state == "running" ? x["windows"]!.GetValue<int>() >= windows
            : state is "draft" or "starting" or "warmingUp" ? false : throw new InvalidOperationException($"The experiment is {x.ToJsonString()}"),
        $"{windows} counted windows", 90);

    /// <summary>The audit entries of this experiment and its tasks, once the log has caught up with this type of event.</summary>
    public Task<IReadOnlyList<AuditEntry>> AuditUntilAsync(string type) => Eventually.GetAsync(
        () => _stack.Api.AuditAsync(Id), entries => entries.Any(e => e.Type == type), $"{type} in the audit log", 30);

    public static string State(JsonNode experiment) => experiment["state"]!.GetValue<string>();

    private async Task<JsonNode> UntilAsync(Func<JsonNode, bool> condition, string what, int seconds) =>
        (await Eventually.GetAsync(() => _stack.Api.TryReadAsync($"experiments/{Id}"), x => x is not null && condition(x), what, seconds))!;
}
