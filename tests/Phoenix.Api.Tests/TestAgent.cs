using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Phoenix.Contracts;

namespace Phoenix.Api.Tests;

/// <summary>Speaks the agent protocol over real HTTP for one host.</summary>
public sealed class TestAgent
{
    public string HostId { get; } = $"host-{Guid.NewGuid():N}";
    public string Credential { get; } = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).Replace('+', '-').Replace('/', '_').TrimEnd('=');
    public HttpClient Http { get; }

    TestAgent(ControlPlane plane) => Http = plane.Anonymous();

    public static async Task<TestAgent> Enrol(ControlPlane plane)
    {
        var agent = new TestAgent(plane);
        var answer = await agent.Http.PostAsJsonAsync("/api/v2/agents/enrol",
            new EnrolmentRequest(agent.HostId, plane.EnrolmentToken, agent.Credential, "1.0", "linux", "x64"));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        agent.Http.DefaultRequestHeaders.Authorization = new("Bearer", agent.Credential);
        agent.Http.DefaultRequestHeaders.Add(AgentHeaders.HostId, agent.HostId);
        agent.Http.DefaultRequestHeaders.Add(AgentHeaders.BootId, Guid.NewGuid().ToString());
        return agent;
    }

    public async Task<IReadOnlyList<AssignedTask>> Poll(double waitSeconds = 10)
    {
        var answer = await Http.GetAsync($"/api/v2/tasks/poll?waitSeconds={waitSeconds}");
        if (answer.StatusCode == HttpStatusCode.NoContent) return [];
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), WireJson.Default.PollResponse)!.Tasks;
    }

    public Task<HttpResponseMessage> Progress(AssignedTask task, long? lease = null) =>
        Http.PostAsJsonAsync($"/api/v2/tasks/{task.Id}/progress", new TaskProgress(lease ?? task.Lease, "accepted", null));

    public Task<HttpResponseMessage> Succeed(AssignedTask task, long? lease = null) =>
        Http.PostAsJsonAsync($"/api/v2/tasks/{task.Id}/result", new TaskResult(lease ?? task.Lease, TaskOutcome.Succeeded,
            [.. task.Desired.Collectors.Select(c => new AppliedCollector(c.Name, c.ConfigurationHash, true))], null), WireJson.Default.Options);

    public Task<HttpResponseMessage> Fail(AssignedTask task, string code = "not-healthy", bool retryable = true) =>
        Http.PostAsJsonAsync($"/api/v2/tasks/{task.Id}/result",
            new TaskResult(task.Lease, TaskOutcome.Failed, [], new TaskError(code, "for the test", retryable, ["last line"])), WireJson.Default.Options);

    /// <summary>Takes the next task and makes it so.</summary>
    public async Task<AssignedTask> DoNext()
    {
        var task = (await Poll()).ShouldHaveSingleItem();
        (await Progress(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Succeed(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        return task;
    }

    /// <summary>A heartbeat that says how these collectors are.</summary>
    public async Task Beat(params CollectorHealth[] collectors)
    {
        var answer = await Http.PostAsJsonAsync("/api/v2/agents/heartbeat", new Heartbeat("1.0", DateTimeOffset.UtcNow, 1 << 20, 1, collectors), WireJson.Default.Options);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>A heartbeat of an agent that understands every kind of task.</summary>
    public async Task BeatOfToday()
    {
        var answer = await Http.PostAsJsonAsync("/api/v2/agents/heartbeat", new Heartbeat("1.0", DateTimeOffset.UtcNow, 1 << 20, 1, [], Understands: Understanding.All), WireJson.Default.Options);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
    }

    public async Task Report(Guid experimentId, params WindowReport[] windows)
    {
        var answer = await Http.PostAsJsonAsync("/api/v2/measurements", new MeasurementReport(experimentId, windows), WireJson.Default.Options);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
    }
}
