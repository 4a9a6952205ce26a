using System.Net;
using System.Net.Http.Json;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Tasks;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Tests;

/// <summary>More hosts than fit into one transaction.</summary>
[Collection(nameof(ControlPlane))]
public sealed class BulkWorkTests(ControlPlane plane)
{
    const int Hosts = 2 * TaskEvents.PerTransaction + 100;

    IServiceProvider Services => plane.Host.Services;
    IDocumentStore Store => Services.GetRequiredService<IDocumentStore>();
    TaskQueue Queue => Services.GetRequiredService<TaskQueue>();

    [Fact]
    public async Task an_experiment_over_many_hosts_is_queued_and_completed_in_batches()
    {
        var hosts = await Fleet();
        var id = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), hosts);
        await plane.Command(id, "start");
        await Queued(id, Hosts);
        await Everybody(hosts, id);
        await plane.UntilState(id, "running");

        await using var session = Store.QuerySession();
        var events = (await session.Events.FetchStreamAsync(id)).Select(e => e.Data).ToList();
        var applied = events.OfType<VariantsApplied>().ToList();
        applied.SelectMany(a => a.Hosts).Order().ShouldBe(hosts.Order(), "every host once");
        applied.Count.ShouldBeLessThan(50, "hosts that end together are one event");
        // Nothing was queued twice by the steps that asked for the rest.
        (await Scalar($"select count(*) from phoenix.mt_events where type = 'task_queued' and headers->>'experiment' = '{id}'")).ShouldBe(Hosts);
        (await Scalar($"select count(*) from (select stream_id from phoenix.mt_events where type = 'task_succeeded' and headers->>'experiment' = '{id}' group by 1 having count(*) = 1) t")).ShouldBe(Hosts);
        await plane.Command(id, "stop");
        await Queued(id, Hosts);
        await Everybody(hosts, id);
        await plane.UntilState(id, "stopped");
    }

    [Fact]
    public async Task a_rollback_cancels_what_was_not_delivered_yet()
    {
        var hosts = await Fleet();
        var id = await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), hosts);
        await plane.Command(id, "start");
        await Queued(id, Hosts);
        await plane.Command(id, "rollback");
        await Eventually.Get(() => Scalar($"select count(*) from {TaskQueueProjection.TableName} where experiment_id = '{id}' and purpose = 'ApplyVariants'"), n => n == 0, "every apply to be cancelled");
        await Eventually.Get(() => Scalar($"select count(*) from {TaskQueueProjection.TableName} where experiment_id = '{id}' and purpose = 'RestoreBaseline'"), n => n == Hosts, "a way back for every host");
        (await Scalar($"select count(*) from phoenix.mt_events where type = 'task_cancelled' and headers->>'experiment' = '{id}'")).ShouldBe(Hosts);
        await Everybody(hosts, id);
        await plane.UntilState(id, "rolledBack");
    }

    [Fact]
    public async Task tasks_are_cancelled_and_dead_letters_requeued_by_filter()
    {
        var experiment = Guid.CreateVersion7();
        var ids = await Enqueue(Hosts, experiment);
        (await plane.User.PostAsJsonAsync("/api/v2/tasks/cancel", new { experimentId = experiment, reason = "not wanted" })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await Queued(experiment, 0);
        (await Scalar($"select count(*) from phoenix.mt_events where type = 'task_cancelled' and headers->>'experiment' = '{experiment}' and headers->>'reason' = 'not wanted'")).ShouldBe(Hosts);
        await using (var session = Store.QuerySession())
            Guid.TryParse((await session.Events.FetchStreamAsync(ids[0]))[^1].UserName, out _).ShouldBeTrue("the person who cancelled is named");

        var dead = Guid.CreateVersion7();
        var letters = await Enqueue(Hosts, dead);
        foreach (var chunk in letters.Chunk(TaskEvents.PerTransaction))
        {
            await using var session = Store.LightweightSession();
            await TaskQueue.Change(session, chunk, task => AgentTaskDecisions.GiveUp(task, "for the test"), CancellationToken.None);
            await session.SaveChangesAsync();
        }
        (await plane.User.PostAsJsonAsync("/api/v2/tasks/requeue", new { experimentId = dead, reason = "try again" })).StatusCode.ShouldBe(HttpStatusCode.Accepted);
        await Eventually.Get(() => Scalar($"select count(*) from {TaskQueueProjection.TableName} where experiment_id = '{dead}' and status = 0"), n => n == Hosts, "every dead letter to be queued again");
    }

    [Fact]
    public async Task a_filter_that_says_nothing_is_refused()
    {
        await (await plane.User.PostAsJsonAsync("/api/v2/tasks/cancel", new { reason = "all?" })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "filter-missing");
        await (await plane.User.PostAsJsonAsync("/api/v2/tasks/requeue", new { ids = Enumerable.Range(0, 1001).Select(_ => Guid.NewGuid()) })).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "ids-too-many");
    }

    /// <summary>Enrolled hosts, as their events say; nobody polls for them.</summary>
    async Task<string[]> Fleet()
    {
        var hosts = Enumerable.Range(0, Hosts).Select(n => $"bulk-{Guid.NewGuid():N}-{n}").ToArray();
        foreach (var chunk in hosts.Chunk(200))
        {
            await using var session = Store.LightweightSession();
            session.LastModifiedBy = "tests";
            foreach (var host in chunk) session.Events.StartStream<Agent>(StreamIds.Agent(host), new AgentEnrolled(host, "1", "linux", "x64", "verified"));
            await session.SaveChangesAsync();
        }
        return hosts;
    }

    async Task<Guid[]> Enqueue(int count, Guid experiment)
    {
        var tasks = Enumerable.Range(0, count).Select(n => (Guid.CreateVersion7(),
            new TaskQueued($"nobody-{n}-{experiment:N}", TaskPurpose.RemoveCandidate, 0, experiment, new([], ["candidate-x"], null)))).ToList();
        foreach (var chunk in tasks.Chunk(TaskEvents.PerTransaction))
        {
            await using var session = Store.LightweightSession();
            await Queue.Begin(session, chunk, CancellationToken.None);
            await session.SaveChangesAsync();
        }
        return [.. tasks.Select(t => t.Item1)];
    }

    /// <summary>Every host takes its task and succeeds.</summary>
    async Task Everybody(string[] hosts, Guid experiment)
    {
        var reports = Services.GetRequiredService<TaskReports>();
        List<Task<TaskReportAnswer>> results = [];
        foreach (var chunk in hosts.Chunk(500))
            foreach (var (host, tasks) in await Queue.Take(chunk, CancellationToken.None))
                foreach (var task in tasks.Where(t => t.Desired.ExperimentId == experiment))
                    results.Add(reports.Add(new(task.Id, host, new($"agent:{host}", "tests", "tests", "verified"), (t, _) => AgentTaskDecisions.Succeed(t, task.Lease,
                        [.. t.Desired.Collectors.Select(c => new RunningCollector(c.Name, c.Arm, c.PipelineId, c.PipelineVersion, c.ConfigurationHash, true))])), CancellationToken.None));
        results.Count.ShouldBe(hosts.Length);
        (await Task.WhenAll(results)).ShouldAllBe(r => r.Rejection == null);
    }

    Task<long> Queued(Guid experiment, long count) =>
        Eventually.Get(() => Scalar($"select count(*) from {TaskQueueProjection.TableName} where experiment_id = '{experiment}'"), n => n == count, $"{count} tasks in the queue");

    async Task<long> Scalar(string sql) => (long)(await Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql).ExecuteScalarAsync())!;
}
