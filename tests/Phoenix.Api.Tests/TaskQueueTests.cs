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
        var tasks = Enumerable.Range(0, count).Select(_ => (Guid.CreateVersion7(),
            new TaskQueued(hostId, TaskPurpose.RemoveCandidate, priority, experiment ?? Guid.CreateVersion7(), new([], ["candidate-x"], null)))).ToList();
        await using var session = Store.LightweightSession();
        await Queue.Begin(session, tasks, CancellationToken.None);
        await session.SaveChangesAsync();
        return [.. tasks.Select(t => t.Item1)];
    }

    [Fact]
    public async Task claiming_from_many_connections_at_once_hands_out_every_task_once()
    {
        // Nobody polls for these hosts: only the claims below compete.
        var hosts = Enumerable.Range(0, 60).Select(n => $"nobody-{Guid.NewGuid():N}-{n}").ToArray();
        var ids = new List<Guid>();
        foreach (var host in hosts) ids.AddRange(await Enqueue(host, 1));
        var claims = await Task.WhenAll(Enumerable.Range(0, 16).Select(n => Queue.Take([.. hosts.Skip(n), .. hosts.Take(n)], CancellationToken.None)));
        await using var session = Store.QuerySession();
        foreach (var id in ids)
            (await session.Events.FetchStreamAsync(id)).Count(e => e.Data is TaskAssigned).ShouldBe(1, $"task {id}");
        // Whoever came second was delivered the same assignment again.
        claims.SelectMany(c => c.Values).SelectMany(t => t).Select(t => (t.Id, t.Lease)).Distinct().Count().ShouldBe(60);
    }

    [Fact]
    public async Task a_host_has_four_tasks_at_work_and_one_that_is_urgent()
    {
        var host = $"nobody-{Guid.NewGuid():N}";
        await Enqueue(host, 6);
        (await Queue.Take([host], CancellationToken.None))[host].Count.ShouldBe(TaskQueue.MostAtWork);
        (await Queue.Take([host], CancellationToken.None))[host].Count.ShouldBe(TaskQueue.MostAtWork, "the same again");
        var urgent = (await Enqueue(host, 1, TaskQueue.Urgent))[0];
        var tasks = (await Queue.Take([host], CancellationToken.None))[host];
        tasks.Count.ShouldBe(TaskQueue.MostAtWork + 1);
        tasks.Select(t => t.Id).ShouldContain(urgent);
    }

    [Fact]
    public async Task priority_goes_first_but_keeps_nobody_waiting_for_ever()
    {
        var host = $"nobody-{Guid.NewGuid():N}";
        var old = (await Enqueue(host, 1))[0];
        var normal = (await Enqueue(host, 1))[0];
        var high = (await Enqueue(host, 1, priority: 5))[0];
        // It has waited for longer than five points of priority are worth.
        await Execute($"update {TaskQueueProjection.TableName} set rank = rank - interval '6 minutes', queued_at = queued_at - interval '6 minutes' where id = $1", old);
        (await Queue.Take([host], CancellationToken.None))[host].Select(t => t.Id).ShouldBe([old, high, normal]);
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
    public async Task a_dead_letter_can_be_requeued_and_has_all_its_attempts_again()
    {
        var agent = await TestAgent.Enrol(plane);
        var id = (await Enqueue(agent.HostId, 1))[0];
        await agent.Fail((await agent.Poll()).ShouldHaveSingleItem(), "not-healthy", retryable: false);
        (await plane.Get($"/api/v2/tasks/{id}")).GetProperty("task").GetProperty("state").GetString().ShouldBe("deadLettered");
        for (var again = 0; again < 2; again++)
            (await plane.User.PostAsJsonAsync($"/api/v2/tasks/{id}/requeue", new { reason = "mended" })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        for (var attempt = 2; attempt <= 5; attempt++)
        {
            var task = (await agent.Poll()).ShouldHaveSingleItem();
            task.Attempt.ShouldBe(attempt);
            await agent.Fail(task);
            await Due(id);
        }
        var last = (await agent.Poll()).ShouldHaveSingleItem();
        (await agent.Succeed(last)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await (await plane.User.PostAsJsonAsync($"/api/v2/tasks/{id}/requeue", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "task-ended");
        await (await plane.User.PostAsJsonAsync($"/api/v2/tasks/{id}/cancel", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "task-ended");
        await (await plane.User.PostAsJsonAsync($"/api/v2/tasks/{Guid.NewGuid()}/requeue", new { })).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task what_an_experiment_wants_no_more_is_not_requeued()
    {
        var agent = await TestAgent.Enrol(plane);
        var experiment = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId]);
        await plane.Command(experiment, "start");
        var apply = (await agent.Poll()).ShouldHaveSingleItem();
        await agent.Fail(apply, "configuration-invalid", retryable: false);
        await agent.DoNext();
        await plane.UntilState(experiment, "rolledBack");
        await (await plane.User.PostAsJsonAsync($"/api/v2/tasks/{apply.Id}/requeue", new { })).ShouldBeProblem(HttpStatusCode.Conflict, "task-outdated");
    }

    [Fact]
    public async Task a_cancelled_task_is_dropped_by_the_agent_at_work_and_its_experiment_goes_on_without_the_host()
    {
        var agent = await TestAgent.Enrol(plane);
        var experiment = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId]);
        await plane.Command(experiment, "start");
        var apply = (await agent.Poll()).ShouldHaveSingleItem();
        for (var again = 0; again < 2; again++)
            (await plane.User.PostAsJsonAsync($"/api/v2/tasks/{apply.Id}/cancel", new { reason = "wrong host" })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await (await agent.Progress(apply)).ShouldBeProblem(HttpStatusCode.Conflict, "lease-superseded");
        await agent.DoNext();
        var ended = await plane.UntilState(experiment, "rolledBack");
        ended.GetProperty("failedHosts").EnumerateArray().ShouldHaveSingleItem().GetProperty("error").GetString().ShouldBe("cancelled by a user");
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
