using CsCheck;
using JasperFx.Events;
using Phoenix.Domain.Tasks;

namespace Phoenix.Domain.Tests;

public sealed class AgentTaskDecisionTests
{
    static readonly DateTimeOffset Now = Given.Now;

    static AgentTask Task(params object[] events)
    {
        var task = AgentTask.Create(new Event<TaskQueued>(new("h1", TaskPurpose.Promote, 0, Guid.NewGuid(), new([], [], null))) { StreamId = Guid.NewGuid() });
        return events.Aggregate(task, (t, e) => (AgentTask)typeof(AgentTask).GetMethod(nameof(AgentTask.Apply), [e.GetType()])!.Invoke(t, [e])!);
    }

    static AgentTask Assigned(long lease = 7, int attempt = 1) => Task(new TaskAssigned(lease, Now, attempt));

    static TaskFailed Failed(long lease, bool retryable = true) => new(lease, "not-healthy", "no data", retryable, []);

    [Fact]
    public void a_result_under_another_lease_is_refused()
    {
        AgentTaskDecisions.Succeed(Assigned(7), 6, []).Rejection!.Code.ShouldBe("lease-superseded");
        AgentTaskDecisions.Progress(Assigned(7), 8, "x", null, Now).Rejection!.Code.ShouldBe("lease-superseded");
        AgentTaskDecisions.Fail(Assigned(7), Failed(6), RetryPolicy.Default, Now, 0).Rejection!.Code.ShouldBe("lease-superseded");
    }

    [Fact]
    public void the_accepted_result_may_be_repeated()
    {
        var done = Task(new TaskAssigned(7, Now, 1), new TaskSucceeded(7, "h1", TaskPurpose.Promote, [], []));
        AgentTaskDecisions.Succeed(done, 7, []).ShouldSatisfyAllConditions(d => d.Events.ShouldBeEmpty(), d => d.Rejection.ShouldBeNull());
        AgentTaskDecisions.Fail(done, Failed(7), RetryPolicy.Default, Now, 0).Rejection!.Code.ShouldBe("lease-superseded");
    }

    [Fact]
    public void a_failure_is_retried_later_unless_it_would_fail_again()
    {
        var requeued = AgentTaskDecisions.Fail(Assigned(), Failed(7), RetryPolicy.Default, Now, 0).Events[1].ShouldBeOfType<TaskRequeued>();
        requeued.Attempt.ShouldBe(2);
        requeued.NotBefore.ShouldBe(Now.AddSeconds(1));
        AgentTaskDecisions.Fail(Assigned(), Failed(7, retryable: false), RetryPolicy.Default, Now, 0).Events[1].ShouldBeOfType<TaskDeadLettered>();
        AgentTaskDecisions.Fail(Assigned(attempt: 5), Failed(7), RetryPolicy.Default, Now, 0).Events[1].ShouldBeOfType<TaskDeadLettered>().Attempts.ShouldBe(5);
    }

    [Fact]
    public void a_lease_expires_only_while_it_is_the_current_one()
    {
        AgentTaskDecisions.ExpireLease(Assigned(7), 6, RetryPolicy.Default, Now, 0).Events.ShouldBeEmpty();
        AgentTaskDecisions.ExpireLease(Task(), 0, RetryPolicy.Default, Now, 0).Events.ShouldBeEmpty();
        AgentTaskDecisions.ExpireLease(Assigned(7), 7, RetryPolicy.Default, Now, 0).Events.Count.ShouldBe(2);
        // What the host says after its lease has expired counts no more, and it is told so.
        AgentTaskDecisions.Fail(Task(new TaskAssigned(7, Now, 1), new TaskLeaseExpired(7), new TaskRequeued(2, Now)), Failed(7), RetryPolicy.Default, Now, 0)
            .Rejection!.Code.ShouldBe("lease-superseded");
    }

    [Fact]
    public void a_lease_that_was_renewed_since_it_was_seen_to_end_does_not_expire()
    {
        var renewed = Task(new TaskAssigned(7, Now, 1), new TaskProgressed(7, "working", null, Now.AddSeconds(60)));
        AgentTaskDecisions.ExpireLease(renewed, 7, RetryPolicy.Default, Now.AddSeconds(1), 0).Events.ShouldBeEmpty();
        AgentTaskDecisions.ExpireLease(renewed, 7, RetryPolicy.Default, Now.AddSeconds(60), 0).Events.Count.ShouldBe(2);
    }

    [Fact]
    public void an_ended_task_cannot_be_cancelled() =>
        AgentTaskDecisions.Cancel(Task(new TaskAssigned(7, Now, 1), new TaskSucceeded(7, "h1", TaskPurpose.Promote, [], [])), "late").Events.ShouldBeEmpty();

    [Fact]
    public void whatever_comes_in_whatever_order_a_task_has_at_most_one_end() =>
        Gen.Select(Gen.Int[0, 4], Gen.Long[1, 4]).List[0, 40].Sample(steps =>
        {
            var task = Task();
            long lease = 0;
            var ends = 0;
            foreach (var (kind, about) in steps)
            {
                var decision = kind switch
                {
                    0 when task.State == TaskState.Queued => Decision.Of(new TaskAssigned(++lease, Now, task.Attempt + 1)),
                    1 => AgentTaskDecisions.Succeed(task, about, []),
                    2 => AgentTaskDecisions.Fail(task, Failed(about), RetryPolicy.Default, Now, 0.5),
                    3 => AgentTaskDecisions.ExpireLease(task, about, RetryPolicy.Default, Now, 0.5),
                    4 => AgentTaskDecisions.Cancel(task, "why not"),
                    _ => Decision.Nothing,
                };
                foreach (var e in decision.Events)
                {
                    if (task.HasEnded) return false;
                    task = (AgentTask)typeof(AgentTask).GetMethod(nameof(AgentTask.Apply), [e.GetType()])!.Invoke(task, [e])!;
                    if (e is TaskSucceeded or TaskDeadLettered or TaskCancelled) ends++;
                }
            }
            return ends == (task.HasEnded ? 1 : 0);
        });

    [Fact]
    public void retries_wait_longer_and_longer_within_the_bound_and_never_less_than_half() =>
        Gen.Select(Gen.Int[1, 30], Gen.Double[0, 0.999]).Sample((attempt, jitter) =>
        {
            var delay = RetryPolicy.Default.DelayAfter(attempt, jitter).TotalSeconds;
            var full = Math.Min(2 * Math.Pow(2, attempt - 1), 120);
            return delay >= full / 2 && delay <= full;
        });
}
