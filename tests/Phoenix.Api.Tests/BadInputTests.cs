using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class BadInputTests(ControlPlane plane)
{
    static readonly object Plan = new { warmUpSeconds = 0, durationSeconds = 800, windowSeconds = 5 };

    [Theory]
    [InlineData("/api/v2/experiments")]
    [InlineData("/api/v2/pipelines")]
    [InlineData("/api/v2/agents")]
    [InlineData("/api/v2/tasks")]
    public async Task unknown_ids_are_404(string path) =>
        await (await plane.User.GetAsync($"{path}/{Guid.NewGuid()}")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");

    [Fact]
    public async Task a_body_that_is_not_json_is_400()
    {
        var answer = await plane.User.PostAsync("/api/v2/experiments", new StringContent("{\"name\":", Encoding.UTF8, "application/json"));
        await answer.ShouldBeProblem(HttpStatusCode.BadRequest, "request-malformed");
    }

    [Fact]
    public async Task a_configuration_that_no_collector_would_start_with_names_line_and_key()
    {
        var answer = await plane.User.PostAsJsonAsync("/api/v2/pipelines", new { name = "bad", configuration = Scenario.ReducingYaml.Replace("k: 5", "kk: 5", StringComparison.Ordinal) });
        await answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "configuration-invalid");
        var errors = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors").EnumerateArray().ToList();
        var error = errors.First(e => e.GetProperty("key").GetString()!.EndsWith("kk", StringComparison.Ordinal));
        error.GetProperty("line").GetInt32().ShouldBe(10);
        error.GetProperty("key").GetString().ShouldBe("processors.phoenix_topk.kk");
    }

    [Fact]
    public async Task an_experiment_names_the_field_that_is_wrong()
    {
        var agent = await TestAgent.Enrol(plane);
        var pipeline = new { pipelineId = await plane.Pipeline(), version = 1 };
        var otherInput = new { pipelineId = await plane.Pipeline(Scenario.Yaml.Replace("4318", "4319", StringComparison.Ordinal)), version = 1 };
        string[] hosts = [agent.HostId];
        await Refused(new { name = "", baseline = pipeline, candidate = pipeline, hosts, plan = Plan }, "experiment-name-invalid", "name");
        await Refused(new { name = "e", baseline = pipeline, candidate = new { pipelineId = Guid.NewGuid(), version = 1 }, hosts, plan = Plan }, "pipeline-unknown", "candidate");
        await Refused(new { name = "e", baseline = pipeline, candidate = new { pipeline.pipelineId, version = 7 }, hosts, plan = Plan }, "pipeline-unknown", "candidate");
        await Refused(new { name = "e", baseline = pipeline, candidate = otherInput, hosts, plan = Plan }, "receivers-differ", "candidate");
        await Refused(new { name = "e", baseline = pipeline, candidate = pipeline, hosts = Array.Empty<string>(), plan = Plan }, "hosts-missing", "hosts");
        await Refused(new { name = "e", baseline = pipeline, candidate = pipeline, hosts = new[] { "stranger" }, plan = Plan }, "host-unknown", "hosts");
        await Refused(new { name = "e", baseline = pipeline, candidate = pipeline, hosts }, "plan-missing", "plan");
        await Refused(new { name = "e", baseline = pipeline, candidate = pipeline, hosts, plan = new { warmUpSeconds = 0, durationSeconds = 60, windowSeconds = 0.1 } }, "window-invalid", "plan.windowSeconds");
        await Refused(new { name = "e", baseline = pipeline, candidate = pipeline, hosts, plan = new { warmUpSeconds = 0, durationSeconds = 60, windowSeconds = 5 } }, "plan-too-short", "plan.durationSeconds");
        (await plane.User.PostAsJsonAsync("/api/v2/experiments", new { name = "e", baseline = pipeline, candidate = pipeline, hosts, plan = Plan, criteria = new { claim = 7 } })).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        await Refused(new { name = "e", baseline = pipeline, candidate = pipeline, hosts, selector = "role=web", plan = Plan }, "hosts-invalid", "hosts");
        await Refused(new { name = "e", baseline = pipeline, candidate = pipeline, selector = "role=nobody-has-this", plan = Plan }, "hosts-missing", "selector");
        await Refused(new { name = "e", baseline = pipeline, candidate = pipeline, group = "nobody-named-this", plan = Plan }, "group-unknown", "group");
        await Refused(new { name = "e", baseline = pipeline, candidate = pipeline, selector = "role in (", plan = Plan }, "selector-invalid", "selector");
        await Refused(new { name = "e", baseline = pipeline, candidate = pipeline, hosts, plan = Plan, priceEntry = "nobody" }, "price-entry-unknown", "priceEntry");
    }

    [Fact]
    public async Task a_window_that_contradicts_itself_is_refused()
    {
        var (id, agent) = await plane.Running();
        var good = Windows.Good(1);
        var answer = await agent.Http.PostAsJsonAsync("/api/v2/measurements",
            new Contracts.MeasurementReport(id, [good with { Candidate = null }]), Contracts.WireJson.Default.Options);
        await answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "window-invalid");
        answer = await agent.Http.PostAsync("/api/v2/measurements", new StringContent(
            $$"""{"experimentId":"{{id}}","windows":[null]}""", Encoding.UTF8, "application/json"));
        await answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "window-invalid");
        answer = await agent.Http.PostAsync("/api/v2/measurements", new StringContent(
            $$"""{"experimentId":"{{id}}","windows":[{"number":1,"startedAt":"2026-11-01T00:00:00Z","endedAt":"2026-11-01T00:00:05Z","baseline":{ },"candidate":{} } ]}""",
            Encoding.UTF8, "application/json"));
        await answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "window-invalid");
        var stranger = await TestAgent.Enrol(plane);
        answer = await stranger.Http.PostAsJsonAsync("/api/v2/measurements", new Contracts.MeasurementReport(id, [good]), Contracts.WireJson.Default.Options);
        await answer.ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task a_window_whose_arms_saw_different_input_is_void_whatever_the_agent_says()
    {
        var (id, agent) = await plane.Running();
        var good = Windows.Good(1);
        await agent.Report(id, good with { Candidate = good.Candidate! with { Input = good.Candidate.Input with { Checksum = "ff" } } });
        await Eventually.Get(() => plane.Get($"/api/v2/experiments/{id}"), e => e.GetProperty("voidWindows").GetInt32() == 1, "a void window");
    }

    [Fact]
    public async Task a_character_that_the_database_cannot_hold_does_not_keep_a_report_out()
    {
        var name = $"p-{Guid.NewGuid():N}";
        var answer = await plane.User.PostAsync("/api/v2/pipelines", new StringContent(
            JsonSerializer.Serialize(new { name, description = "a\0b", configuration = Scenario.Yaml }), Encoding.UTF8, "application/json"));
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        answer = await plane.User.PostAsJsonAsync("/api/v2/pipelines", new { name, configuration = Scenario.Yaml });
        await answer.ShouldBeProblem(HttpStatusCode.Conflict, "pipeline-name-taken");
        answer = await plane.User.PostAsJsonAsync("/api/v2/pipelines", new { name = "x", configuration = Scenario.Yaml, reason = new string('r', 1001) });
        await answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "text-too-long");
    }

    async Task Refused(object request, string code, string field)
    {
        var answer = await plane.User.PostAsJsonAsync("/api/v2/experiments", request);
        await answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, code);
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("field").GetString().ShouldBe(field);
    }
}
