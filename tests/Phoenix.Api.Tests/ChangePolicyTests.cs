using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Phoenix.Api.Tests;

/// <summary>On a control plane of its own: a policy holds for every change.</summary>
public sealed class ChangePolicyTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
    [Fact]
    public async Task a_policy_asks_for_a_ticket_and_a_second_person_and_a_freeze_forbids_changes()
    {
        await (await Put(new { freezes = new[] { new { name = "x", weekly = new { day = "friday", start = "18:00", hours = 60, timeZone = "Atlantis" } } } }))
            .ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "freeze-invalid");
        await (await Put(new { freezes = new[] { new { name = "x", from = "2026-02-01T00:00:00Z", until = "2026-01-01T00:00:00Z" } } }))
            .ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "freeze-invalid");

        (await Put(new { approvalRequired = true, ticketRequired = true })).StatusCode.ShouldBe(HttpStatusCode.OK);
        var agent = await TestAgent.Enrol(plane);
        var pipeline = new { pipelineId = await plane.Pipeline(), version = 1 };
        string[] hosts = [agent.HostId];
        await (await Deploy(new { pipeline, hosts })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "ticket-missing");
        var id = await Accepted(await Deploy(new { pipeline, hosts, ticket = "https://tickets.example/OPS-7", rollout = Scenario.Unwatched }));
        (await State(id)).ShouldBe("awaitingApproval");
        (await agent.Poll(0.2)).ShouldBeEmpty("nothing begins before somebody else has approved");
        await (await plane.User.PostAsJsonAsync($"/api/v2/deployments/{id}/approve", new { reason = "mine" })).ShouldBeProblem(HttpStatusCode.Conflict, "approval-by-requester");
        (await plane.User.PostAsJsonAsync($"/api/v2/deployments/{id}/reject", new { reason = "after all not" })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        (await State(id)).ShouldBe("rejected");

        (await Put(new { freezes = new[] { new { name = "the holidays", from = DateTimeOffset.UtcNow.AddHours(-1), until = DateTimeOffset.UtcNow.AddHours(1) } } })).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await plane.Get("/api/v2/change-policy")).GetProperty("frozen").GetProperty("name").GetString().ShouldBe("the holidays");
        await (await Deploy(new { pipeline, hosts })).ShouldBeProblem(HttpStatusCode.Conflict, "change-frozen");
        await (await Deploy(new { pipeline, hosts, overrideFreeze = true })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "reason-missing");
        // A freeze that was gone over does not hold its first wave either.
        var over = await Accepted(await Deploy(new { pipeline, hosts, overrideFreeze = true, reason = "the disk fills up", rollout = Scenario.Unwatched }));
        await agent.DoNext();
        await Eventually.Get(() => State(over), s => s == "completed", "the deployment to complete");
    }

    Task<HttpResponseMessage> Put(object policy) => plane.User.PutAsJsonAsync("/api/v2/change-policy", policy);

    Task<HttpResponseMessage> Deploy(object body) => plane.User.PostAsJsonAsync("/api/v2/deployments", body);

    static async Task<Guid> Accepted(HttpResponseMessage answer)
    {
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
    }

    async Task<string> State(Guid id) => (await plane.Get($"/api/v2/deployments/{id}")).GetProperty("deployment").GetProperty("state").GetString()!;
}
