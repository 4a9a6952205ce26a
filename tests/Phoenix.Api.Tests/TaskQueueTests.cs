using System.Net;
using System.Net.Http.Json;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Tasks;
using Phoenix.Contracts;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class TaskQueueTests(ControlPlane plane)
{
    IDocumentStore Store => plane.Host.Services.GetRequiredService<IDocumentStore>();
    TaskQueue Queue => plane.Host.Services.GetRequiredService<TaskQueue>();

    async Task<IReadOnlyList<Guid>> Enqueue(string hostId, int count, int priority = 0, Guid? experiment = null)
    {
        await using var session = Store.LightweightSession();
        var ids = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).ToList();
        foreach (var id in ids)
            session.Events.StartStream<AgentTask>(id,
                new TaskQueued(hostId, TaskPurpose.RemoveCandidate, priority, experiment ?? Guid.CreateVersion7(), new([], ["candidate-x"], null)));
        await session.SaveChangesAsync();
        return ids;
    }

    [Fact]
    public async Task claiming_from_many_connections_at_once_hands_out_every_task_once()
    {
        // Nobody polls for this host: only the claims below compete.
        var host = $"nobody-{Guid.NewGuid():N}";
        var ids = await Enqueue(host, 60);
        var claims = await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            List<AssignedTask> mine = [];
            while (true)
            {
                var round = await Queue.Take([host], CancellationToken.None);
                if (!round.TryGetValue(host, out var tasks)) return mine;
                // What is delivered again carries the lease that another claimer got; only own claims count.
                var unseen = tasks.Where(t => mine.All(m => m.Id != t.Id)).ToList();
                mine.AddRange(unseen);
                if (unseen.Count == 0) return mine;
            }
        }));
        await using var session = Store.QuerySession();
        foreach (var id in ids)
        {
            var events = await session.Events.FetchStreamAsync(id);
            events.Count(e => e.Data is TaskAssigned).ShouldBe(1, $"task {id}");
        }
        claims.SelectMany(c => c).Select(t => t.Lease).Distinct().Count().ShouldBe(60);
    }

    [Fact]
    public async Task an_assignment_that_was_not_acknowledged_is_delivered_again_under_the_same_lease()
    {
        var agent = await TestAgent.Enrol(plane);
        await Enqueue(agent.HostId, 1);
        var first = (await agent.Poll()).ShouldHaveSingleItem();
        var again = (await agent.Poll()).ShouldHaveSingleItem();
        again.Id.ShouldBe(first.Id);
        again.Lease.ShouldBe(first.Lease);
        (await agent.Progress(again)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await agent.Poll(waitSeconds: 0.5)).ShouldBeEmpty();
    }

    [Fact]
    public async Task a_parked_poll_returns_as_soon_as_a_task_is_queued()
    {
        var agent = await TestAgent.Enrol(plane);
        var parked = agent.Poll(waitSeconds: 30);
        var matchmaker = plane.Host.Services.GetRequiredService<Matchmaker>();
        await Eventually.Get(() => Task.FromResult(matchmaker.Parked), n => n > 0, "a parked poll");
        await Enqueue(agent.HostId, 1);
        (await parked).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task a_newer_poll_of_the_host_ends_the_older_one_and_only_it_gets_the_task()
    {
        var agent = await TestAgent.Enrol(plane);
        var matchmaker = plane.Host.Services.GetRequiredService<Matchmaker>();
        var before = matchmaker.Parked;
        var older = agent.Poll(waitSeconds: 30);
        await Eventually.Get(() => Task.FromResult(matchmaker.Parked), n => n > before, "a parked poll");
        var newer = agent.Poll(waitSeconds: 30);
        (await older).ShouldBeEmpty();
        await Enqueue(agent.HostId, 1);
        (await newer).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task higher_priority_goes_first_then_age()
    {
        var agent = await TestAgent.Enrol(plane);
        var low = await Enqueue(agent.HostId, 2);
        var high = await Enqueue(agent.HostId, 1, priority: 100);
        (await agent.Poll()).Select(t => t.Id).ShouldBe([high[0], low[0], low[1]]);
    }

    [Fact]
    public async Task a_result_counts_once_and_a_late_one_changes_nothing()
    {
        var agent = await TestAgent.Enrol(plane);
        await Enqueue(agent.HostId, 1);
        var task = (await agent.Poll()).ShouldHaveSingleItem();
        await (await agent.Succeed(task, lease: task.Lease - 1)).ShouldBeProblem(HttpStatusCode.Conflict, "lease-superseded");
        (await agent.Succeed(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await agent.Succeed(task)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await (await agent.Fail(task)).ShouldBeProblem(HttpStatusCode.Conflict, "lease-superseded");
        await using var session = Store.QuerySession();
        var events = await session.Events.FetchStreamAsync(task.Id);
        events.Select(e => e.Data.GetType().Name).ShouldBe([nameof(TaskQueued), nameof(TaskAssigned), nameof(TaskSucceeded)]);
    }

    [Fact]
    public async Task success_is_not_believed_of_a_host_that_runs_something_else()
    {
        var agent = await TestAgent.Enrol(plane);
        var id = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId]);
        await plane.Command(id, "start");
        var task = (await agent.Poll()).ShouldHaveSingleItem();
        var answer = await agent.Http.PostAsJsonAsync($"/api/v2/tasks/{task.Id}/result",
            new TaskResult(task.Lease, TaskOutcome.Succeeded, [new("production", "another", true)], null), WireJson.Default.Options);
        await answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "result-contradicts-task");
    }

    [Fact]
    public async Task failures_are_retried_with_a_rising_lease_and_then_dead_lettered_with_every_error()
    {
        var agent = await TestAgent.Enrol(plane);
        var id = (await Enqueue(agent.HostId, 1))[0];
        long lease = 0;
        for (var attempt = 1; attempt <= RetryPolicy.Default.MaxAttempts; attempt++)
        {
            await Due(id);
            var task = (await agent.Poll()).ShouldHaveSingleItem();
            task.Attempt.ShouldBe(attempt);
            task.Lease.ShouldBeGreaterThan(lease);
            lease = task.Lease;
            (await agent.Fail(task, $"error-{attempt}")).StatusCode.ShouldBe(HttpStatusCode.OK);
        }
        var listed = await plane.Get($"/api/v2/tasks?hostId={agent.HostId}");
        listed.GetProperty("items").EnumerateArray().ShouldHaveSingleItem().GetProperty("status").GetString().ShouldBe("deadLettered");
        await using var session = Store.QuerySession();
        var failed = (await session.Events.FetchStreamAsync(id)).Select(e => e.Data).OfType<TaskFailed>().Select(f => f.Code);
        failed.ShouldBe(Enumerable.Range(1, 5).Select(n => $"error-{n}"));
    }

    [Fact]
    public async Task an_expired_lease_goes_to_another_attempt_and_the_old_one_is_refused()
    {
        var agent = await TestAgent.Enrol(plane);
        var id = (await Enqueue(agent.HostId, 1))[0];
        var first = (await agent.Poll()).ShouldHaveSingleItem();
        (await agent.Progress(first)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await Execute($"update {TaskQueueProjection.TableName} set lease_until = now() - interval '1 second' where id = $1", id);
        await Eventually.Get(async () =>
        {
            await using var session = Store.QuerySession();
            return (await session.Events.FetchStreamAsync(id)).Any(e => e.Data is TaskRequeued);
        }, requeued => requeued, "the requeued task");
        await (await agent.Succeed(first)).ShouldBeProblem(HttpStatusCode.Conflict, "lease-superseded");
        await Due(id);
        var second = (await agent.Poll()).ShouldHaveSingleItem();
        second.Lease.ShouldBeGreaterThan(first.Lease);
        (await agent.Succeed(second)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task another_hosts_task_is_not_there()
    {
        var owner = await TestAgent.Enrol(plane);
        var other = await TestAgent.Enrol(plane);
        await Enqueue(owner.HostId, 1);
        var task = (await owner.Poll()).ShouldHaveSingleItem();
        await (await other.Progress(task)).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        await (await other.Succeed(task)).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        (await other.Poll(waitSeconds: 0)).ShouldBeEmpty();
        // The owner, who does not want to wait either, is given it again.
        (await owner.Poll(waitSeconds: 0)).ShouldHaveSingleItem().Id.ShouldBe(task.Id);
    }

    [Fact]
    public async Task the_process_that_was_superseded_by_a_newer_one_is_fenced()
    {
        var agent = await TestAgent.Enrol(plane);
        var old = agent.Http.DefaultRequestHeaders.GetValues(AgentHeaders.BootId).Single();
        (await agent.Poll(waitSeconds: 0)).ShouldBeEmpty();
        agent.Http.DefaultRequestHeaders.Remove(AgentHeaders.BootId);
        agent.Http.DefaultRequestHeaders.Add(AgentHeaders.BootId, Guid.NewGuid().ToString());
        (await agent.Poll(waitSeconds: 0)).ShouldBeEmpty();
        agent.Http.DefaultRequestHeaders.Remove(AgentHeaders.BootId);
        agent.Http.DefaultRequestHeaders.Add(AgentHeaders.BootId, old);
        await (await agent.Http.GetAsync("/api/v2/tasks/poll?waitSeconds=0")).ShouldBeProblem(HttpStatusCode.Conflict, "agent-fenced");
        await (await agent.Http.PostAsJsonAsync("/api/v2/measurements", new MeasurementReport(Guid.NewGuid(), []))).ShouldBeProblem(HttpStatusCode.Conflict, "agent-fenced");
        agent.Http.DefaultRequestHeaders.Remove(AgentHeaders.BootId);
        await (await agent.Http.GetAsync("/api/v2/tasks/poll?waitSeconds=0")).ShouldBeProblem(HttpStatusCode.BadRequest, "boot-id-missing");
    }

    /// <summary>Brings a retry forward, so that the test need not wait for its back-off.</summary>
    Task Due(Guid id) => Execute($"update {TaskQueueProjection.TableName} set not_before = now() where id = $1", id);

    async Task Execute(string sql, Guid id)
    {
        await using var command = plane.Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
        command.Parameters.Add(new() { Value = id });
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }
}
