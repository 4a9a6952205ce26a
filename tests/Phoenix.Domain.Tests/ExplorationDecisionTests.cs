using Phoenix.Domain.Explorations;
using Phoenix.Domain.Tasks;

namespace Phoenix.Domain.Tests;

public sealed class ExplorationDecisionTests
{
    static readonly HashSet<string> Known = ["a", "b", "c"];

    static ExploredHost[] Hosts(params string[] hosts) => [.. hosts.Select((h, i) => new ExploredHost(new Guid(i + 1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]), h))];

    [Fact]
    public void each_host_counts_its_own_input_outside_of_any_experiment()
    {
        var hosts = Hosts("a", "b");
        var (requested, tasks, rejection) = ExplorationDecisions.Request(hosts, Known, Known, "shop.requests", "self-hosted");
        rejection.ShouldBeNull();
        requested.ShouldNotBeNull();
        (requested.Metric, requested.PriceEntry, requested.LeftOut.Count).ShouldBe(("shop.requests", "self-hosted", 0));
        requested.Hosts.ShouldBe(hosts);
        tasks.Select(t => (t.Id, t.Task.HostId)).ShouldBe(hosts.Select(h => (h.TaskId, h.HostId)));
        tasks.ShouldAllBe(t => t.Task.Purpose == TaskPurpose.ExploreInput && t.Task.ExperimentId == Guid.Empty && t.Task.Priority < 0 && t.Task.Desired.Exploration!.Metric == "shop.requests");
    }

    [Fact]
    public void agents_that_could_not_read_it_are_left_out_and_named()
    {
        var (requested, tasks, _) = ExplorationDecisions.Request(Hosts("a", "b"), Known, new HashSet<string> { "b" }, null, null);
        tasks.ShouldHaveSingleItem().Task.HostId.ShouldBe("b");
        requested!.LeftOut.ShouldHaveSingleItem().HostId.ShouldBe("a");
        var none = ExplorationDecisions.Request(Hosts("a", "b"), Known, new HashSet<string>(), null, null).Rejection!;
        (none.Code, none.Kind).ShouldBe(("agent-too-old", RejectionKind.Conflict));
    }

    [Fact]
    public void an_exploration_names_hosts_that_exist_each_once_and_not_too_many()
    {
        Code(Hosts()).ShouldBe("hosts-invalid");
        Code(Hosts("a", "a")).ShouldBe("hosts-invalid");
        Code(Hosts("a", "stranger")).ShouldBe("host-unknown");
        Code(Hosts([.. Enumerable.Range(0, 51).Select(i => $"h{i}")])).ShouldBe("hosts-too-many");
        Code(Hosts("a"), " ").ShouldBe("metric-invalid");
        Code(Hosts("a"), new string('m', 201)).ShouldBe("metric-invalid");

        static string? Code(ExploredHost[] hosts, string? metric = null) => ExplorationDecisions.Request(hosts, Known, Known, metric, null).Rejection?.Code;
    }
}
