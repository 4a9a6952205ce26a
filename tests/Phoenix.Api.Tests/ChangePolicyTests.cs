using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Contracts;
using Phoenix.Projections.Fleet;
using Phoenix.Domain.Users;

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

    [Fact]
    public async Task drift_is_mended_by_itself_where_the_policy_asks_and_once_in_a_while_only()
    {
        (await Put(new { mendDrift = true })).StatusCode.ShouldBe(HttpStatusCode.OK);
        var agent = await TestAgent.Enrol(plane);
        var id = await Accepted(await Deploy(new { pipeline = new { pipelineId = await plane.Pipeline(), version = 1 }, hosts = new[] { agent.HostId }, rollout = Scenario.Unwatched }));
        var wanted = (await agent.DoNext()).Desired.Collectors.Single().ConfigurationHash;
        await Eventually.Get(() => State(id), s => s == "completed", "the deployment to complete");
        var mend = plane.Host.Services.GetServices<IHostedService>().OfType<MendDrift>().Single();
        var drifted = new CollectorHealth("production", CollectorArm.Production, "another", true, null, 0, 1, []);
        await agent.Beat(drifted);
        (await mend.Sweep(default)).ShouldBe(0, "it was changed just now");
        // Since the last change a while has passed.
        await using (var command = plane.Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand($"update {FleetProjection.TableName} set production_since = now() - interval '1 hour' where host_id = $1"))
        {
            command.Parameters.Add(new() { Value = agent.HostId });
            await command.ExecuteNonQueryAsync();
        }
        await agent.Beat(drifted);
        await mend.Sweep(default);
        (await mend.Sweep(default)).ShouldBe(0, "it is under way");
        (await agent.DoNext()).Desired.Collectors.ShouldHaveSingleItem().ConfigurationHash.ShouldBe(wanted);
        // It drifts again at once: that has a cause which putting back does not mend.
        await agent.Beat(drifted);
        (await mend.Sweep(default)).ShouldBe(0);
        (await Put(new { })).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task an_approval_takes_two_users_and_a_freeze_is_gone_over_by_an_admin_alone()
    {
        var (requester, approver, viewer) = (await plane.Person(Roles.Operator), await plane.Person(Roles.Operator), await plane.Person(Roles.Viewer));
        await (await requester.Http.PutAsJsonAsync("/api/v2/change-policy", new { approvalRequired = false })).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        (await Put(new { approvalRequired = true })).StatusCode.ShouldBe(HttpStatusCode.OK);
        var agent = await TestAgent.Enrol(plane);
        var request = new { pipeline = new { pipelineId = await plane.Pipeline(), version = 1 }, hosts = (string[])[agent.HostId], rollout = Scenario.Unwatched };
        var id = await Accepted(await requester.Http.PostAsJsonAsync("/api/v2/deployments", request));

        await (await requester.Http.PostAsJsonAsync($"/api/v2/deployments/{id}/approve", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "approval-by-requester");
        await (await viewer.Http.PostAsJsonAsync($"/api/v2/deployments/{id}/approve", new { })).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        (await State(id)).ShouldBe("awaitingApproval");
        (await approver.Http.PostAsJsonAsync($"/api/v2/deployments/{id}/approve", new { reason = "looks right" })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await agent.DoNext();
        await Eventually.Get(() => State(id), s => s == "completed", "the deployment to complete");
        var approved = await Eventually.Get(() => plane.Get($"/api/v2/audit?streamId={id}&type=deployment_approved"), a => a.GetProperty("items").GetArrayLength() == 1, "the approval in the audit log");
        approved.GetProperty("items")[0].GetProperty("actor").GetString().ShouldBe(approver.Id.ToString());

        await (await requester.Http.PostAsJsonAsync("/api/v2/deployments", new { request.pipeline, request.hosts, overrideFreeze = true, reason = "in a hurry" }))
            .ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task an_operator_cannot_force_a_promotion_and_an_admin_can()
    {
        var user = await plane.Person(Roles.Operator);
        (await Put(new { })).StatusCode.ShouldBe(HttpStatusCode.OK);
        var (experiment, agent) = await plane.Running(windows: 160);
        await plane.Command(experiment, "stop");
        await agent.DoNext();
        await plane.UntilState(experiment, "stopped");
        var forced = await user.Http.PostAsJsonAsync($"/api/v2/experiments/{experiment}/promote", new { force = true, reason = "I know better" });
        await forced.ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        var problem = await forced.Content.ReadFromJsonAsync<JsonElement>();
        problem.GetProperty("field").GetString().ShouldBe("force");
        problem.GetProperty("detail").GetString()!.ShouldContain("'admin'");
        await (await user.Http.PostAsJsonAsync($"/api/v2/experiments/{experiment}/promote", new { overrideFreeze = true, reason = "I know better" })).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        // Without either it is the experiment that says no.
        (await user.Http.PostAsJsonAsync($"/api/v2/experiments/{experiment}/promote", new { reason = "as measured" })).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await plane.User.PostAsJsonAsync($"/api/v2/experiments/{experiment}/promote", new { force = true, reason = "decided with the owner", rollout = Scenario.Unwatched })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
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
