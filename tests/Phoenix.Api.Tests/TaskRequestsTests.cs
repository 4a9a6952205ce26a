using Marten;
using Microsoft.Extensions.DependencyInjection;
using Phoenix.Api.Tasks;
using Phoenix.Domain;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Audit;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class TaskRequestsTests(ControlPlane plane)
{
    [Fact]
    public async Task of_requests_that_are_written_together_each_keeps_its_caller_its_reason_and_its_answer()
    {
        var requests = plane.Host.Services.GetRequiredService<TaskRequests>();
        TestAgent[] agents = [await TestAgent.Enrol(plane), await TestAgent.Enrol(plane), await TestAgent.Enrol(plane)];
        (await plane.User.PostAsync($"/api/v2/agents/{agents[1].HostId}/drain", System.Net.Http.Json.JsonContent.Create(new { reason = "test" }))).EnsureSuccessStatusCode();

        // Far more than the writers take at once, of known, drained and unknown hosts, every other one with a reason.
        string Host(int n) => n % 4 == 3 ? "nobody" : agents[n % 4].HostId;
        var answers = await Task.WhenAll(Enumerable.Range(0, 400).Select(n => requests.Add(
            new(Host(n), new($"caller-{n}", "correlation", "cause", null), n % 2 == 0 ? $"reason {n}" : null, standing => standing.Known
                ? (new TaskQueued(Host(n), TaskPurpose.RemoveCandidate, 0, Guid.Empty, new([], ["candidate-x"], null)), null)
                : (null, Rejection.NotFound("not-found", "unknown"))), TestContext.Current.CancellationToken)));

        await using var session = plane.Host.Services.GetRequiredService<IDocumentStore>().QuerySession();
        for (var n = 0; n < answers.Length; n++)
        {
            answers[n].Rejection?.Code.ShouldBe(n % 4 == 3 ? "not-found" : "host-drained");
            (answers[n].Rejection is null).ShouldBe(n % 4 is 0 or 2);
            if (answers[n].Rejection is not null) continue;
            var queued = (await session.Events.FetchStreamAsync(answers[n].Id, token: TestContext.Current.CancellationToken))[0];
            queued.UserName.ShouldBe($"caller-{n}");
            ((TaskQueued)queued.Data).HostId.ShouldBe(Host(n));
            queued.GetHeader(AuditLog.ReasonHeader)?.ToString().ShouldBe(n % 2 == 0 ? $"reason {n}" : null);
        }
        await plane.Host.Services.GetRequiredService<Npgsql.NpgsqlDataSource>()
            .CreateCommand($"delete from phoenix.task_queue where host_id in ('{agents[0].HostId}', '{agents[2].HostId}')").ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
