using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Phoenix.Api.Tests;

/// <summary>Builds state through the API, as users do.</summary>
public static class Scenario
{
    public const string Yaml =
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

    public const string ReducingYaml =
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

    public static async Task<Guid> Pipeline(this ControlPlane plane, string yaml = Yaml)
    {
        var answer = await plane.User.PostAsJsonAsync("/api/v2/pipelines", new { name = $"p-{Guid.NewGuid():N}", configuration = yaml, reason = "for the test" });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    public static async Task<Guid> Experiment(
        this ControlPlane plane, Guid baseline, Guid candidate, IEnumerable<string> hosts, double warmUpSeconds = 0, int windows = 3, string claim = "observed", string priceEntry = "signoz-cloud-samples")
    {
        var answer = await plane.User.PostAsJsonAsync("/api/v2/experiments", new
        {
            name = "e", hypothesis = "fewer series", baseline = new { pipelineId = baseline, version = 1 },
            candidate = new { pipelineId = candidate, version = 1 }, hosts,
            plan = new { warmUpSeconds, durationSeconds = 5 * windows, windowSeconds = 5 },
            criteria = new { minSeriesReductionPct = 20, claim }, protectedMetrics = new[] { "up" }, priceEntry,
        });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    public static async Task Command(this ControlPlane plane, Guid experiment, string verb, string reason = "because of the test")
    {
        var answer = await plane.User.PostAsJsonAsync($"/api/v2/experiments/{experiment}/{verb}",
            verb == "promote" ? new { reason, rollout = Unwatched } : (object)new { reason });
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Hosts of tests say nothing of how they are unless the test is about that.</summary>
    public static readonly object Unwatched = new { soakSeconds = 0, gate = new { off = true } };

    public static async Task<JsonElement> Get(this ControlPlane plane, string path)
    {
        var answer = await plane.User.GetAsync(path);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    public static Task<JsonElement> UntilState(this ControlPlane plane, Guid experiment, string state) => Eventually.Get(
        () => plane.Get($"/api/v2/experiments/{experiment}"), e => e.GetProperty("state").GetString() == state, $"state {state}");

    /// <summary>An experiment that runs on one enrolled host, both variants applied and the warm-up over.</summary>
    public static async Task<(Guid Experiment, TestAgent Agent)> Running(this ControlPlane plane, int windows = 3, string claim = "observed", string priceEntry = "signoz-cloud-samples")
    {
        var agent = await TestAgent.Enrol(plane);
        var id = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(ReducingYaml), [agent.HostId], windows: windows, claim: claim, priceEntry: priceEntry);
        await plane.Command(id, "start");
        await agent.DoNext();
        await plane.UntilState(id, "running");
        return (id, agent);
    }

    /// <summary>An experiment that was promoted; and the hash of what its host runs now.</summary>
    public static async Task<(Guid Experiment, TestAgent Agent, string Hash)> Promoted(this ControlPlane plane, string? team = null)
    {
        var (id, agent) = await plane.Running();
        for (var n = 1; n <= 4; n++) await agent.Report(id, Windows.Good(n));
        await agent.DoNext();
        await plane.UntilState(id, "completed");
        await plane.Command(id, "promote");
        var task = await agent.DoNext();
        await plane.UntilState(id, "promoted");
        if (team is not null)
            (await plane.User.PutAsJsonAsync($"/api/v2/agents/{agent.HostId}/labels", new { labels = new { team, service = "shop" } })).EnsureSuccessStatusCode();
        return (id, agent, task.Desired.Collectors.Single().ConfigurationHash);
    }

    public static async Task ShouldBeProblem(this HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        var body = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(status, body);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = JsonSerializer.Deserialize<JsonElement>(body);
        problem.GetProperty("code").GetString().ShouldBe(code);
        problem.GetProperty("detail").GetString().ShouldNotBeNullOrWhiteSpace();
    }
}
