using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Phoenix.Domain.Users;

namespace Phoenix.Api.Tests;

/// <summary>On a control plane of its own: the list holds for every experiment.</summary>
public sealed class ProtectedMetricsTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
    const string Path = "/api/v2/protected-metrics";

    [Fact]
    public async Task an_experiment_keeps_to_the_list_as_it_was_when_it_started()
    {
        await Set("slo.*", "up");
        var agent = await TestAgent.Enrol(plane);
        var draft = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId]);
        (await plane.Get($"/api/v2/experiments/{draft}")).GetProperty("organisationProtectedMetrics").ValueKind.ShouldBe(JsonValueKind.Null, "it has not started");
        // Drafted under another list than the one it starts under: the newest counts.
        await Set("billing.total", "up");
        await plane.Command(draft, "start");
        await Set();

        var task = await agent.DoNext();
        task.Desired.Measurement!.ProtectedMetrics.ShouldBe(["up", "billing.total"]);
        var x = await plane.UntilState(draft, "running");
        Texts(x.GetProperty("protectedMetrics")).ShouldBe(["up"]);
        Texts(x.GetProperty("organisationProtectedMetrics")).ShouldBe(["billing.total"]);
        var log = await Eventually.Get(() => plane.Get($"/api/v2/audit?streamId={draft}&type=experiment_started"), a => a.GetProperty("items").GetArrayLength() == 1, "the start in the audit log");
        log.GetProperty("items")[0].GetProperty("data").GetProperty("alsoProtected")[0].GetString().ShouldBe("billing.total");

        var cloned = await (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{draft}/clone", new { })).ShouldBe(HttpStatusCode.Created);
        Texts((await plane.Get($"/api/v2/experiments/{cloned.GetProperty("id").GetGuid()}")).GetProperty("protectedMetrics")).ShouldBe(["up"], "a clone begins with what its author wrote, and takes the list anew");
        await plane.Command(draft, "stop");
    }

    [Fact]
    public async Task a_preview_protects_them_too()
    {
        await Set("slo.*");
        var agent = await TestAgent.Enrol(plane);
        var asked = await plane.User.PostAsJsonAsync("/api/v2/pipelines/preview", new { configuration = Scenario.Yaml, hosts = new[] { agent.HostId }, protectedMetrics = new[] { "own" } });
        asked.StatusCode.ShouldBe(HttpStatusCode.Accepted, await asked.Content.ReadAsStringAsync());
        (await agent.Poll()).ShouldHaveSingleItem().Preview!.ProtectedMetrics.ShouldBe(["own", "slo.*"]);
    }

    [Fact]
    public async Task two_people_do_not_overwrite_each_other_and_the_log_says_why()
    {
        var read = await plane.User.GetAsync(Path);
        var tag = read.Headers.ETag!.Tag;
        var patterns = new[] { new { pattern = $"a.{Guid.NewGuid():N}", note = "an alert rests on it" } };
        var set = await Put(new { patterns, reason = "after the outage" }, tag);
        var view = await set.ShouldBe(HttpStatusCode.OK);
        view.GetProperty("patterns")[0].GetProperty("note").GetString().ShouldBe("an alert rests on it");
        set.Headers.ETag!.Tag.ShouldBe($"\"{view.GetProperty("version").GetInt32()}\"");
        set.Headers.ETag.Tag.ShouldNotBe(tag);
        await (await Put(new { patterns = Array.Empty<object>() }, tag)).ShouldBeProblem(HttpStatusCode.PreconditionFailed, "changed-meanwhile");
        (await (await Put(new { patterns }, set.Headers.ETag.Tag)).ShouldBe(HttpStatusCode.OK)).GetProperty("version").GetInt32().ShouldBe(view.GetProperty("version").GetInt32(), "the same again is no change");
        (await plane.Get(Path)).ToString().ShouldBe(view.ToString());

        var log = await Eventually.Get(() => plane.Get("/api/v2/audit?type=protected_metrics_set&limit=1000"), a => a.ToString().Contains(patterns[0].pattern, StringComparison.Ordinal), "the change in the audit log");
        log.GetProperty("items").EnumerateArray().Single(e => e.ToString().Contains(patterns[0].pattern, StringComparison.Ordinal)).GetProperty("reason").GetString().ShouldBe("after the outage");
    }

    [Fact]
    public async Task what_cannot_be_meant_is_refused_at_its_place()
    {
        var answer = await Put(new { patterns = new[] { new { pattern = "good" }, new { pattern = "*" } } });
        await answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "protected-metrics-invalid");
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("field").GetString().ShouldBe("patterns[1].pattern");
        await (await Put(new { patterns = new object?[] { null } })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "protected-metrics-invalid");
        await (await Put(new { })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "protected-metrics-invalid");
        var viewer = await plane.Person(Roles.Viewer);
        await (await viewer.Http.PutAsJsonAsync(Path, new { patterns = Array.Empty<object>() })).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        (await viewer.Http.GetAsync(Path)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    async Task Set(params string[] patterns) =>
        await (await Put(new { patterns = patterns.Select(pattern => new { pattern }) })).ShouldBe(HttpStatusCode.OK);

    async Task<HttpResponseMessage> Put(object body, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Path) { Content = JsonContent.Create(body) };
        if (ifMatch is not null) request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        return await plane.User.SendAsync(request);
    }

    static List<string?> Texts(JsonElement list) => [.. list.EnumerateArray().Select(e => e.GetString())];
}
