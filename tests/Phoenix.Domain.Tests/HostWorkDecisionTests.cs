using Phoenix.Domain.Tasks;

namespace Phoenix.Domain.Tests;

public sealed class HostWorkDecisionTests
{
    static readonly HashSet<string> Known = ["a", "b"];

    static LoadSpecification Load(int series = 1000, double interval = 10, double duration = 60) =>
        new(LoadProfile.Steady, series, TimeSpan.FromSeconds(interval), TimeSpan.FromSeconds(duration));

    [Fact]
    public void each_host_previews_the_same_configuration_outside_of_any_experiment()
    {
        var (tasks, rejection) = HostWorkDecisions.Preview(["a", "b"], Known, "yaml", ["up"]);
        rejection.ShouldBeNull();
        tasks.Select(t => t.HostId).ShouldBe(["a", "b"]);
        tasks.ShouldAllBe(t => t.Purpose == TaskPurpose.PreviewPipeline && t.ExperimentId == Guid.Empty && t.Priority < 0);
        tasks.ShouldAllBe(t => t.Desired.Preview!.Configuration == "yaml" && t.Desired.Collectors.Count == 0 && t.Desired.Remove.Count == 0);
    }

    [Fact]
    public void a_preview_names_hosts_that_exist_each_once()
    {
        HostWorkDecisions.Preview([], Known, "yaml", []).Rejection!.Code.ShouldBe("hosts-invalid");
        HostWorkDecisions.Preview(["a", "a"], Known, "yaml", []).Rejection!.Code.ShouldBe("hosts-invalid");
        HostWorkDecisions.Preview(["a", "c"], Known, "yaml", []).Rejection!.Detail.ShouldContain("'c'");
        HostWorkDecisions.Preview(["a"], Known, "yaml", [" "]).Rejection!.Field.ShouldBe("protectedMetrics");
    }

    [Theory]
    [InlineData(0, 10, 60, "load-series-invalid")]
    [InlineData(1_000_001, 600, 3600, "load-series-invalid")]
    [InlineData(1000, 0.5, 60, "load-interval-invalid")]
    [InlineData(1000, 10, 5, "load-duration-invalid")]
    [InlineData(1000, 10, 3601, "load-duration-invalid")]
    [InlineData(1_000_000, 5, 60, "load-rate-invalid")]
    public void a_load_is_bounded(int series, double interval, double duration, string code) =>
        HostWorkDecisions.Load("a", true, false, Load(series, interval, duration)).Rejection!.Code.ShouldBe(code);

    [Fact]
    public void a_load_never_enters_an_experiment()
    {
        HostWorkDecisions.Load("a", true, inExperiment: true, Load()).Rejection!.Code.ShouldBe("host-in-experiment");
        HostWorkDecisions.Load("c", known: false, false, Load()).Rejection!.Code.ShouldBe("host-unknown");
        HostWorkDecisions.Load("a", true, false, Load()).Task!.Desired.Load.ShouldBe(Load());
    }

    [Theory]
    [InlineData("production", 1, null)]
    [InlineData(null, 1000, null)]
    [InlineData(null, 0, "lines-invalid")]
    [InlineData(null, 1001, "lines-invalid")]
    [InlineData("", 10, "collector-invalid")]
    [InlineData("-x", 10, "collector-invalid")]
    [InlineData("a/../b", 10, "collector-invalid")]
    [InlineData("production\n", 10, "collector-invalid")]
    public void log_lines_are_bounded_and_of_a_collector_that_can_be(string? collector, int lines, string? code)
    {
        var (task, rejection) = HostWorkDecisions.Logs("a", true, true, new(collector, lines));
        rejection?.Code.ShouldBe(code);
        (rejection is null).ShouldBe(code is null);
        if (code is null) (task!.HostId, task.Purpose, task.ExperimentId, task.Desired.Logs).ShouldBe(("a", TaskPurpose.ReadLogs, Guid.Empty, new LogsSpecification(collector, lines)));
    }

    [Fact]
    public void log_lines_of_a_host_that_nobody_knows_are_not_found() =>
        HostWorkDecisions.Logs("c", known: false, understands: false, new(null, 10)).Rejection!.Kind.ShouldBe(RejectionKind.NotFound);
        HostWorkDecisions.Logs("a", known: true, understands: false, new(null, 10)).Rejection!.Code.ShouldBe("agent-too-old");
}
