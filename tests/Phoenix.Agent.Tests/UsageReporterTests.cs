using Microsoft.AspNetCore.Http;
using Phoenix.Contracts;
using static Phoenix.Agent.Tests.Samples;

namespace Phoenix.Agent.Tests;

/// <summary>What becomes of periods that wait, by the control plane's answers.</summary>
public sealed class UsageReporterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("phoenix-usage-").FullName;

    [Fact]
    public async Task of_a_report_that_is_refused_as_a_whole_only_the_period_that_is_not_taken_is_given_up()
    {
        var waiting = await SendAsync(periods => periods.Any(p => p.FirstWindow is 7)
            ? Results.Json(new Problem(null, "Unprocessable", 422, "odd", "usage-report-invalid"), WireJson.Default.Problem, statusCode: 422) : null);
        waiting.Arrived.ShouldBe([.. Enumerable.Range(0, 20).Where(i => i is not 7).Select(i => (long)i)]);
        waiting.Left.ShouldBe(0);
    }

    [Fact]
    public async Task an_answer_that_may_pass_gives_up_nothing()
    {
        var answers = new Queue<int>([404, 403, 500]);
        var waiting = await SendAsync(_ => answers.TryDequeue(out var status) ? Results.StatusCode(status) : null);
        answers.ShouldBeEmpty();
        waiting.Arrived.ShouldBe([.. Enumerable.Range(0, 20).Select(i => (long)i)]);
        waiting.Left.ShouldBe(0);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<(IReadOnlyList<long> Arrived, int Left)> SendAsync(Func<IReadOnlyList<UsagePeriod>, IResult?> answer)
    {
        await using var api = new ControlPlane { AnswerUsage = answer };
        var directory = new StateDirectory(_folder);
        directory.Create();
        DurableFile.Write(directory.UsageFile, new UsageState(new Dictionary<string, UsageCursor>(), [.. Enumerable.Range(0, 20).Select(Period)]), AgentJson.Default.UsageState);
        using var control = new ControlSocket(directory);
        using var reporter = new UsageReporter(directory.UsageFile, new Fleet(directory, new Runtimes(null!, null!)), control);
        var settings = AgentSettings.Read(name => name == AgentSettings.ApiUrlVariable ? api.Url : null, "machine", "/opt");
        using var client = new ApiClient(settings, "secret", Guid.NewGuid());
        using var end = new CancellationTokenSource();
        var sending = reporter.SendAsync(client, end.Token);
        int Left() => DurableFile.Read(directory.UsageFile, AgentJson.Default.UsageState)!.Waiting.Count;
        await Until.TrueAsync(() => Left() is 0, "nothing waits", () => $"{Left()} wait", seconds: 60);
        await end.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(sending);
        return ([.. api.UsagePeriods.All.Select(p => p.FirstWindow)], Left());
    }

    private static UsagePeriod Period(int number) => new(
        "production", "h", "e", number, number, Noon.AddMinutes(number), Noon.AddMinutes(number + 1), 60, 0, UsageCounts.None, UsageCounts.None, 0, 0);
}
