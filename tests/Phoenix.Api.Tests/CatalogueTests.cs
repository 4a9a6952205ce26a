using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class CatalogueTests(ControlPlane plane)
{
    static readonly Dictionary<string, object> Parameters = new() { ["labels"] = new[] { "customer" }, ["k"] = 7, ["enter"] = 0.5, ["backend"] = "${env:BACKEND}" };

    [Fact]
    public async Task every_template_says_what_can_be_filled_in()
    {
        var list = await plane.Get("/api/v2/catalogue");
        list.GetProperty("items").EnumerateArray().Select(t => t.GetProperty("name").GetString()).ShouldContain("topk");
        foreach (var item in list.GetProperty("items").EnumerateArray())
        {
            var template = await plane.Get($"/api/v2/catalogue/{item.GetProperty("name").GetString()}");
            foreach (var parameter in template.GetProperty("parameters").EnumerateArray())
            {
                parameter.GetProperty("help").GetString().ShouldNotBeNullOrEmpty();
                parameter.GetProperty("type").ValueKind.ShouldBe(JsonValueKind.String);
                parameter.GetProperty("default").ValueKind.ShouldBeOneOf(JsonValueKind.String, JsonValueKind.Number, JsonValueKind.Array);
            }
        }
    }

    [Fact]
    public async Task an_unknown_template_is_404() =>
        await (await plane.User.GetAsync("/api/v2/catalogue/nothing")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");

    [Fact]
    public async Task a_pipeline_of_a_template_keeps_what_it_was_rendered_from()
    {
        var rendered = await plane.User.PostAsJsonAsync("/api/v2/catalogue/topk/render", new { parameters = Parameters });
        rendered.StatusCode.ShouldBe(HttpStatusCode.OK, await rendered.Content.ReadAsStringAsync());
        var configuration = (await rendered.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("configuration").GetString();

        var answer = await plane.User.PostAsJsonAsync("/api/v2/pipelines", new { name = $"p-{Guid.NewGuid():N}", template = new { name = "topk", parameters = Parameters } });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        var id = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        var version = await plane.Get($"/api/v2/pipelines/{id}/versions/1");
        version.GetProperty("configuration").GetString().ShouldBe(configuration);
        var template = version.GetProperty("template");
        template.GetProperty("name").GetString().ShouldBe("topk");
        template.GetProperty("parameters").GetProperty("k").GetInt32().ShouldBe(7);
        template.GetProperty("parameters").GetProperty("labels")[0].GetString().ShouldBe("customer");
        template.GetProperty("parameters").GetProperty("leave").GetDouble().ShouldBe(1.25, "defaults are kept too, since they may change");

        var next = await plane.User.PostAsJsonAsync($"/api/v2/pipelines/{id}/versions", new { template = new { name = "baseline", parameters = new { } } });
        next.StatusCode.ShouldBe(HttpStatusCode.Created, await next.Content.ReadAsStringAsync());
        (await plane.Get($"/api/v2/pipelines/{id}")).GetProperty("versions").EnumerateArray().Select(v => v.GetProperty("template").GetString()).ShouldBe(["topk", "baseline"]);
    }

    [Fact]
    public async Task wrong_parameters_are_named_with_bound_and_remedy()
    {
        await Refused(new { name = "topk", parameters = new { k = 0 } }, "parameters-invalid", "template.parameters.k", "1 to 1000000 groups");
        await Refused(new { name = "topk", parameters = new { k = true } }, "parameters-invalid", "template.parameters.k", "neither a text");
        await Refused(new { name = "topk", parameters = new { kk = 1 } }, "parameters-invalid", "template.parameters.kk", "did you mean");
        await Refused(new { name = "nothing" }, "template-unknown", "template.name", "topk");
        var both = await plane.User.PostAsJsonAsync("/api/v2/pipelines", new { name = "both", configuration = Scenario.Yaml, template = new { name = "topk" } });
        await both.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "definition-ambiguous");

        async Task Refused(object template, string code, string field, string says)
        {
            var answer = await plane.User.PostAsJsonAsync("/api/v2/pipelines", new { name = "refused", template });
            await answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, code);
            var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
            problem.GetProperty("field").GetString().ShouldBe(field);
            problem.GetProperty("detail").GetString()!.ShouldContain(says);
        }
    }
}
