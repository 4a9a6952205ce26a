using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class PipelineCheckTests(ControlPlane plane)
{
    async Task<JsonElement> Check(string configuration)
    {
        var answer = await plane.User.PostAsJsonAsync("/api/v2/pipelines/check", new { configuration });
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    [Fact]
    public async Task a_configuration_is_checked_without_being_published()
    {
        var before = (await plane.Get("/api/v2/pipelines")).GetProperty("items").GetArrayLength();
        var check = await Check(Scenario.Yaml);
        check.GetProperty("errors").GetArrayLength().ShouldBe(0);
        check.GetProperty("sourceHash").GetString()!.Length.ShouldBe(64);
        (await Check(Scenario.ReducingYaml)).GetProperty("sourceHash").GetString().ShouldBe(check.GetProperty("sourceHash").GetString(), "both receive the same");
        (await plane.Get("/api/v2/pipelines")).GetProperty("items").GetArrayLength().ShouldBe(before);
    }

    [Fact]
    public async Task every_error_has_its_line_its_key_and_a_remedy()
    {
        var check = await Check(Scenario.Yaml.Replace("service:", "processors:\n  phoenix_topk: {metrics: ['*'], labels: [customer], k: 0, bye: rate}\nservice:"));
        check.GetProperty("sourceHash").ValueKind.ShouldBe(JsonValueKind.Null);
        var errors = check.GetProperty("errors").EnumerateArray().ToList();
        errors.Select(e => e.GetProperty("key").GetString()).ShouldBe(["processors.phoenix_topk.k", "processors.phoenix_topk.bye"], ignoreOrder: true);
        var line = Scenario.Yaml[..Scenario.Yaml.IndexOf("service:", StringComparison.Ordinal)].Count(c => c == '\n') + 2;
        errors.ShouldAllBe(e => e.GetProperty("line").GetInt32() == line && e.GetProperty("remedy").GetString()!.Length > 0);
    }

    [Fact]
    public async Task what_is_defined_and_not_used_is_warned_of()
    {
        var warning = (await Check(Scenario.Yaml.Replace("service:", "processors:\n  batch:\nservice:"))).GetProperty("warnings").EnumerateArray().ShouldHaveSingleItem();
        warning.GetProperty("key").GetString().ShouldBe("processors.batch");
    }

    [Fact]
    public async Task no_configuration_is_refused() =>
        await (await plane.User.PostAsJsonAsync("/api/v2/pipelines/check", new { configuration = " " })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "configuration-missing");

    [Fact]
    public async Task component_types_are_listed_with_their_keys()
    {
        var topK = (await plane.Get("/api/v2/pipelines/components")).EnumerateArray().Single(c => c.GetProperty("type").GetString() == "phoenix_topk");
        topK.GetProperty("kind").GetString().ShouldBe("processors");
        var k = topK.GetProperty("keys").EnumerateArray().Single(x => x.GetProperty("key").GetString() == "k");
        k.GetProperty("type").GetString().ShouldBe("wholeNumber");
        k.GetProperty("maximum").GetString().ShouldBe("1000000");
    }

    [Fact]
    public async Task a_pipeline_says_on_which_hosts_it_runs()
    {
        var (experiment, agent) = await plane.Running();
        var baseline = (await plane.Get($"/api/v2/experiments/{experiment}")).GetProperty("baseline").GetProperty("pipelineId").GetGuid();
        var hosts = await Eventually.Get(() => plane.Get($"/api/v2/pipelines/{baseline}/hosts?version=1"), p => p.GetProperty("items").GetArrayLength() == 1, "a host of the pipeline");
        hosts.GetProperty("items")[0].GetProperty("hostId").GetString().ShouldBe(agent.HostId);
        hosts.GetProperty("items")[0].GetProperty("version").GetInt32().ShouldBe(1);
        (await plane.Get($"/api/v2/pipelines/{baseline}/hosts?version=2")).GetProperty("items").GetArrayLength().ShouldBe(0);
        (await plane.Get($"/api/v2/pipelines/{baseline}/hosts?after={agent.HostId}")).GetProperty("items").GetArrayLength().ShouldBe(0);
        var use = (await plane.Get("/api/v2/pipelines/hosts")).EnumerateArray().Single(u => u.GetProperty("pipelineId").GetGuid() == baseline);
        (use.GetProperty("version").GetInt32(), use.GetProperty("hosts").GetInt64()).ShouldBe((1, 1));
    }
}
