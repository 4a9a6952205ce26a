using Phoenix.Bench.TaskLog;
using Phoenix.Domain.Tasks;

namespace Phoenix.Domain.Tests;

/// <summary>The check that soaks rest on finds each kind of fault in a made-up log, and nothing in a good one.</summary>
public class TaskLogCheckTests
{
    static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    static readonly QueueRules Rules = new(100, new HashSet<string>(), TimeSpan.FromMilliseconds(100));
    static readonly Guid First = Guid.CreateVersion7(), Second = Guid.CreateVersion7();

    /// <summary>Versions and sequences are given in the order of the call; an event is committed when it happened.</summary>
    sealed class Log : List<LoggedEvent>
    {
        public Log Then(double second, object data, Guid? task = null, double? committed = null)
        {
            var id = task ?? First;
            Add(new(Count + 1, id, this.Count(e => e.TaskId == id) + 1, At(second), At(committed ?? second), data));
            return this;
        }
    }

    static DateTimeOffset At(double second) => Noon.AddSeconds(second);

    static TaskQueued Queued(string host = "a", int priority = 0) => new(host, TaskPurpose.RemoveCandidate, priority, Guid.Empty, new([], ["candidate"], null));

    static TaskAssigned Assigned(long lease, double until, int attempt = 1) => new(lease, At(until), attempt);

    static TaskProgressed Progressed(long lease, double until) => new(lease, "accepted", null, At(until));

    static TaskSucceeded Succeeded(long lease, string host = "a") => new(lease, host, TaskPurpose.RemoveCandidate, [], []);

    static TaskFailed Failed(long lease) => new(lease, "not-healthy", "", true, []);

    static IReadOnlyList<string> Check(Log log, params Delivery[] deliveries) =>
        [.. TaskLogCheck.Violations(log, deliveries, Rules, settled: true).Select(v => v.Rule)];

    static Log Good => new Log()
        .Then(0, Queued()).Then(0, Queued(priority: 1), Second)
        .Then(1, Assigned(7, 31), Second).Then(2, Progressed(7, 32), Second).Then(3, Failed(7), Second).Then(3, new TaskRequeued(2, At(5)), Second)
        .Then(4, Assigned(8, 34)).Then(35, new TaskLeaseExpired(8)).Then(35, new TaskRequeued(2, At(37)))
        .Then(36, Assigned(9, 66, 2), Second).Then(37, Succeeded(9), Second)
        .Then(38, Assigned(10, 68, 2)).Then(39, new TaskDeadLettered(2, "host-silent", "")).Then(80, new TaskRevived())
        .Then(81, Assigned(11, 111, 3)).Then(82, Succeeded(11));

    [Fact]
    public void a_good_log_with_retries_an_expired_lease_and_a_revived_task_passes() =>
        Check(Good, new(First, "a", 8, null), new(Second, "a", 7, false), new(Second, "a", 9, true), new(First, "a", 10, null), new(First, "a", 11, true)).ShouldBeEmpty();

    [Fact]
    public void a_task_without_an_end_is_found_once_everything_had_time_to_end()
    {
        var log = new Log().Then(0, Queued()).Then(1, Assigned(1, 31));
        Check(log).ShouldBe([TaskLogCheck.NoEnd]);
        TaskLogCheck.Violations(log, [], Rules, settled: false).ShouldBeEmpty();
    }

    [Fact]
    public void a_second_end_is_found() =>
        Check(new Log().Then(0, Queued()).Then(1, Assigned(1, 31)).Then(2, Succeeded(1)).Then(3, new TaskCancelled("stopped"))).ShouldBe([TaskLogCheck.AfterEnd]);

    [Fact]
    public void an_assignment_after_the_end_is_found() =>
        Check(new Log().Then(0, Queued()).Then(1, Assigned(1, 31)).Then(2, Succeeded(1)).Then(3, Assigned(2, 33)).Then(4, Succeeded(2)))
            .ShouldBe([TaskLogCheck.AfterEnd, TaskLogCheck.AfterEnd]);

    [Fact]
    public void a_revival_of_what_was_not_dead_is_found() =>
        Check(new Log().Then(0, Queued()).Then(1, new TaskCancelled("stopped")).Then(2, new TaskRevived()).Then(3, new TaskCancelled("again"))).ShouldBe([TaskLogCheck.AfterEnd]);

    [Fact]
    public void a_lease_that_falls_is_found() =>
        Check(new Log().Then(0, Queued()).Then(1, Assigned(5, 31)).Then(2, Failed(5)).Then(2, new TaskRequeued(2, At(3))).Then(4, Assigned(4, 34)).Then(5, new TaskCancelled("stopped")))
            .ShouldBe([TaskLogCheck.LeaseFell]);

    [Fact]
    public void a_lease_given_to_two_tasks_is_found() =>
        Check(new Log().Then(0, Queued()).Then(1, Assigned(5, 31)).Then(2, Succeeded(5))
            .Then(3, Queued("b"), Second).Then(4, Assigned(5, 34), Second).Then(5, Succeeded(5, "b"), Second)).ShouldBe([TaskLogCheck.LeaseTwice]);

    [Fact]
    public void a_lease_given_while_another_is_current_is_found() =>
        Check(new Log().Then(0, Queued()).Then(1, Assigned(1, 31)).Then(2, Assigned(2, 32)).Then(3, Succeeded(2))).ShouldBe([TaskLogCheck.LeasesOverlap]);

    [Fact]
    public void a_lease_given_before_an_expired_one_had_run_out_is_found() =>
        Check(new Log().Then(0, Queued()).Then(1, Assigned(1, 31)).Then(20, Progressed(1, 50)).Then(35, new TaskLeaseExpired(1)).Then(35, new TaskRequeued(2, At(36)))
            .Then(37, Assigned(2, 67)).Then(38, Succeeded(2))).ShouldBe([TaskLogCheck.LeasesOverlap]);

    [Fact]
    public void a_result_under_an_old_lease_is_found() =>
        Check(new Log().Then(0, Queued()).Then(1, Assigned(1, 31)).Then(32, new TaskLeaseExpired(1)).Then(32, new TaskRequeued(2, At(33)))
            .Then(34, Assigned(2, 64)).Then(35, Succeeded(1))).ShouldBe([TaskLogCheck.StaleLease]);

    [Fact]
    public void progress_without_a_lease_is_found() =>
        Check(new Log().Then(0, Queued()).Then(1, Progressed(1, 31)).Then(2, new TaskCancelled("stopped"))).ShouldBe([TaskLogCheck.StaleLease]);

    [Fact]
    public void a_success_of_another_host_is_found() =>
        Check(new Log().Then(0, Queued()).Then(1, Assigned(1, 31)).Then(2, Succeeded(1, "b"))).ShouldBe([TaskLogCheck.ForeignHost]);

    [Fact]
    public void a_task_that_came_to_another_host_is_found() => Check(Good, new Delivery(First, "b", 8, null)).ShouldBe([TaskLogCheck.ForeignHost]);

    [Fact]
    public void a_lease_that_the_log_does_not_have_is_found() => Check(Good, new Delivery(First, "a", 9, null)).ShouldBe([TaskLogCheck.NotAssigned]);

    [Fact]
    public void a_task_that_the_log_does_not_have_is_found() => Check(Good, new Delivery(Guid.CreateVersion7(), "a", 9, null)).ShouldBe([TaskLogCheck.NotAssigned]);

    [Theory]
    [InlineData(true), InlineData(false)]
    public void a_result_that_was_taken_and_is_not_in_the_log_is_found(bool succeeded) =>
        Check(Good, new Delivery(First, "a", 8, succeeded)).ShouldBe([TaskLogCheck.ResultLost]);

    [Fact]
    public void a_log_without_its_beginning_is_found() =>
        Check([.. Good.Where(e => e.TaskId == Second).Skip(1)]).ShouldContain(TaskLogCheck.Malformed);

    [Fact]
    public void a_missing_version_is_found() => Check([.. Good.Where(e => e.Data is not TaskProgressed)]).ShouldContain(TaskLogCheck.Malformed);

    [Fact]
    public void a_task_that_was_passed_over_is_found() => Check(PassedOver(0, 0)).ShouldBe([TaskLogCheck.Order]);

    [Fact]
    public void a_task_that_priority_let_overtake_is_in_order() => Check(PassedOver(0, 1)).ShouldBeEmpty();

    [Fact]
    public void a_task_that_nobody_could_see_yet_was_not_passed_over() => Check(PassedOver(0, 0, committed: 9)).ShouldBeEmpty();

    [Fact]
    public void a_task_that_was_in_hand_was_not_passed_over() =>
        Check(new Log().Then(0, Queued()).Then(5, Queued(), Second).Then(8, Assigned(1, 38), Second).Then(8.05, new TaskCancelled("stopped")).Then(9, Succeeded(1), Second)).ShouldBeEmpty();

    [Fact]
    public void urgent_work_may_pass_over_other_work_but_not_urgent_work()
    {
        // Queued two hours before, an ordinary task ranks before an urgent one.
        Check(PassedOver(-7200, 100)).ShouldBeEmpty();
        Check(PassedOver(-7200, 100, firstPriority: 100)).ShouldBe([TaskLogCheck.Order]);
    }

    [Fact]
    public void tasks_of_one_claim_have_no_order_among_them() =>
        Check(new Log().Then(0, Queued()).Then(5, Queued(), Second).Then(8, Assigned(1, 38), Second).Then(8, Assigned(2, 38)).Then(9, Succeeded(1), Second).Then(9, Succeeded(2))).ShouldBeEmpty();

    static Log PassedOver(double firstAt, int secondPriority, double? committed = null, int firstPriority = 0) => new Log()
        .Then(firstAt, Queued(priority: firstPriority), committed: committed).Then(5, Queued(priority: secondPriority), Second).Then(8, Assigned(1, 38), Second).Then(9, Succeeded(1), Second)
        .Then(10, Assigned(2, 40)).Then(11, Succeeded(2));
}
