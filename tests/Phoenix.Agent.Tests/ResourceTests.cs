using System.Net.Sockets;
using System.Text;
using Phoenix.Contracts;

namespace Phoenix.Agent.Tests;

/// <summary>
/// What a collector may take. Control groups are written to a directory that imitates a delegated one: what the kernel does
/// with the files is its own affair.
/// </summary>
public sealed class ResourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pg-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void limits_are_written_before_the_process_and_the_controllers_are_handed_on()
    {
        var resources = new ResourceControl(new ResourceLimits(512 << 20, 0.5, 200), Groups("cpuset cpu io memory pids\n"), null);
        var own = ProcessIdentity.Of(Environment.ProcessId)!;

        var limits = resources.Hold("production", CollectorArm.Production, CollectorRuntime.Phoenix, own)!;

        limits.NotHeld.ShouldBeEmpty();
        limits.Held.ShouldBe(["memory.max=536870912", "cpu.max=50000 100000", "pids.max=200"]);
        Content("cgroup.subtree_control").ShouldBe("+cpu +memory +pids");
        Content("collector-production/memory.max").ShouldBe("536870912");
        Content("collector-production/memory.oom.group").ShouldBe("1");
        Content("collector-production/cpu.max").ShouldBe("50000 100000");
        Content("collector-production/cpu.weight").ShouldBe("100");
        Content("collector-production/pids.max").ShouldBe("200");
        Content("collector-production/cgroup.procs").ShouldBe(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Written("collector-production/cgroup.procs").ShouldBeGreaterThanOrEqualTo(Written("collector-production/memory.max"));

        // A limit that is taken back is taken back in the group as well.
        new ResourceControl(new ResourceLimits(), Groups("cpu memory pids"), null).Hold("production", CollectorArm.Production, CollectorRuntime.Phoenix, own).ShouldBeNull();
        Content("collector-production/memory.max").ShouldBe("max");
        Content("collector-production/cpu.max").ShouldBe("max 100000");
    }

    [Fact]
    public void what_is_not_delegated_is_named_and_not_said_to_hold()
    {
        var limits = new ResourceControl(new ResourceLimits(512 << 20, 0.5, 200), Groups("memory"), null)
            .Hold("production", CollectorArm.Production, CollectorRuntime.Phoenix, ProcessIdentity.Of(Environment.ProcessId)!)!;
        limits.Held.ShouldBe(["memory.max=536870912"]);
        limits.NotHeld.ShouldBe(["cpu.max=50000 100000: the controller cpu is not delegated", "pids.max=200: the controller pids is not delegated"]);
    }

    [Fact]
    public void what_a_group_counted_is_read_from_it()
    {
        var groups = Groups("cpu memory")!;
        groups.UsageOf("production").ShouldBeNull();
        Directory.CreateDirectory(Path.Combine(_folder, "collector-production"));
        File.WriteAllText(Path.Combine(_folder, "collector-production", "cpu.stat"), "usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\n");
        File.WriteAllText(Path.Combine(_folder, "collector-production", "memory.current"), "41943040\n");
        groups.UsageOf("production").ShouldBe(new GroupUsage(1.5, 40 << 20));
        File.Delete(Path.Combine(_folder, "collector-production", "cpu.stat"));
        File.Delete(Path.Combine(_folder, "collector-production", "memory.current"));
        groups.Remove("production");
        Directory.Exists(Path.Combine(_folder, "collector-production")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("0::/system.slice/phoenix-agent.service/agent\n", "/sys/fs/cgroup/system.slice/phoenix-agent.service", null)]
    [InlineData("0::/system.slice/phoenix-agent.service\n", null, "DelegateSubgroup=agent")]
    [InlineData("4:memory:/x\n1:name=systemd:/x\n", null, "cgroup v2")]
    public void the_delegated_group_is_the_one_above_the_agents_own(string membership, string? parent, string? whyNot)
    {
        var mounts = "29 22 0:26 / /sys rw - sysfs sysfs rw\n31 29 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";
        var (found, problem) = ControlGroups.Delegated(membership, mounts);
        found.ShouldBe(parent);
        if (whyNot is null)
            problem.ShouldBeNull();
        else
            problem!.ShouldContain(whyNot);
    }

    [Fact]
    public void a_directory_that_is_no_control_group_is_not_used() =>
        ControlGroups.Open(_folder, "", "").WhyNot!.ShouldContain(_folder);

    [Fact]
    public async Task an_agent_says_which_limits_hold_and_a_candidate_gives_way()
    {
        File.WriteAllText(Path.Combine(_folder, "cgroup.controllers"), "cpu memory pids");
        await using var host = await Host.StartAsync(before: host =>
        {
            host.Settings["PHOENIX_COLLECTOR_MEMORY_MAX"] = "256M";
            host.Settings["PHOENIX_COLLECTOR_FILES_MAX"] = "512";
            host.Settings["PHOENIX_AGENT_CGROUP"] = _folder;
        });
        await host.RunAsync(Host.Production("note: first\n"), Host.Candidate("note: second\n"));

        var (production, candidate) = (host.Pid("production"), host.Pid("candidate-1"));
        Content("collector-production/cgroup.procs").ShouldBe($"{production}");
        Content("collector-candidate-1/cpu.weight").ShouldBe("20");
        (await File.ReadAllTextAsync($"/proc/{production}/limits")).Split('\n').Single(line => line.StartsWith("Max open files", StringComparison.Ordinal)).ShouldContain(" 512 ");
        (await File.ReadAllTextAsync($"/proc/{production}/limits")).Split('\n').Single(line => line.StartsWith("Max core file size", StringComparison.Ordinal)).ShouldContain(" 0 ");
        (await File.ReadAllTextAsync($"/proc/{candidate}/oom_score_adj")).Trim().ShouldBe("500");
        NiceOf(candidate).ShouldBe(Math.Min(19, NiceOf(production) + 10));
        (await File.ReadAllTextAsync($"/proc/{production}/environ")).ShouldContain("DOTNET_GCHeapHardLimit=c000000");
        File.WriteAllText(Path.Combine(_folder, "collector-production", "cpu.stat"), "usage_usec 2500000\n");
        File.WriteAllText(Path.Combine(_folder, "collector-production", "memory.current"), "12345\n");
        host.Api.HeartbeatSeconds = 2;
        await Until.TrueAsync(() => Health(host, "production")?.CpuSeconds is 2.5, "what the group counted is reported", () => host.AgentLog);
        Health(host, "production")!.ResidentBytes.ShouldBe(12345);
        Health(host, "production")!.Limits!.Held.ShouldBe(["memory.max=268435456", "open files=512"]);
        Health(host, "candidate-1")!.Limits!.Held.ShouldContain($"nice={NiceOf(candidate)}");
    }

    [Fact]
    public async Task without_a_control_group_the_heartbeat_says_what_does_not_hold()
    {
        await using var host = await Host.StartAsync(before: host =>
        {
            host.Settings["PHOENIX_COLLECTOR_MEMORY_MAX"] = "256M";
            host.Settings["PHOENIX_COLLECTOR_CPU_MAX"] = "50%";
            host.Settings["PHOENIX_AGENT_CGROUP"] = Path.Combine(_folder, "nothing");
            host.Api.HeartbeatSeconds = 2;
        });
        await host.RunAsync(Host.Production("note: first\n"));
        await Until.TrueAsync(() => Health(host, "production")?.Limits is not null, "the limits are reported", () => host.AgentLog);
        var limits = Health(host, "production")!.Limits!;
        limits.Held.ShouldBe(["managed heap=201326592 by the collector itself"]);
        limits.NotHeld.Count.ShouldBe(2);
        limits.NotHeld.ShouldAllBe(limit => limit.Contains("cannot be used as a delegated control group", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("PHOENIX_COLLECTOR_MEMORY_MAX", "half", "512M")]
    [InlineData("PHOENIX_COLLECTOR_MEMORY_MAX", "1M", "at least 32M")]
    [InlineData("PHOENIX_COLLECTOR_CPU_MAX", "0", "50%")]
    [InlineData("PHOENIX_COLLECTOR_PIDS_MAX", "1", "at least 16")]
    [InlineData("PHOENIX_COLLECTOR_FILES_MAX", "-1", "at least 64")]
    public void a_limit_that_makes_no_sense_is_named(string variable, string value, string remedy)
    {
        var message = Should.Throw<SettingsException>(() => ResourceLimits.Read(name => name == variable ? value : null)).Message;
        message.ShouldStartWith(variable);
        message.ShouldContain(remedy);
    }

    [Fact]
    public void limits_have_units() =>
        ResourceLimits.Read(name => name switch
        {
            ResourceLimits.MemoryVariable => "1G",
            ResourceLimits.CpuVariable => "150%",
            ResourceLimits.TasksVariable => "64",
            _ => "4096",
        }).ShouldBe(new ResourceLimits(1 << 30, 1.5, 64, 4096));

    [Fact]
    public async Task the_service_manager_hears_of_the_start_the_life_and_the_stop()
    {
        var path = Path.Combine(_folder, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(path));
        manager.ReceiveTimeout = 30_000;
        await using var host = await Host.StartAsync(before: host =>
        {
            host.Settings["NOTIFY_SOCKET"] = path;
            host.Settings["WATCHDOG_USEC"] = "1000000";
        });
        Receive().ShouldStartWith("READY=1\nSTATUS=");
        Receive().ShouldBe("WATCHDOG=1");
        await host.RunAsync(Host.Production("note: first\n"));
        (await File.ReadAllTextAsync($"/proc/{host.Pid("production")}/environ")).ShouldNotContain("NOTIFY_SOCKET", customMessage: "a collector is not the service");
        (await host.TerminateAgentAsync()).ShouldBe(0);
        string last;
        while ((last = Receive()) is "WATCHDOG=1")
        {
        }
        last.ShouldStartWith("STOPPING=1\n");

        string Receive()
        {
            var buffer = new byte[1000];
            return Encoding.UTF8.GetString(buffer, 0, manager.Receive(buffer));
        }
    }

    private static CollectorHealth? Health(Host host, string name) => host.Api.Heartbeats.All[^1].Collectors.SingleOrDefault(health => health.Name == name);

    /// <summary>Field 19 of <c>/proc/PID/stat</c>.</summary>
    private static int NiceOf(int pid) =>
        int.Parse(File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].Split(' ')[16], System.Globalization.CultureInfo.InvariantCulture);

    private ControlGroups? Groups(string controllers)
    {
        File.WriteAllText(Path.Combine(_folder, "cgroup.controllers"), controllers);
        return ControlGroups.Open(_folder, "", "").Groups;
    }

    private string Content(string file) => File.ReadAllText(Path.Combine(_folder, file));

    private DateTime Written(string file) => File.GetLastWriteTimeUtc(Path.Combine(_folder, file));
}
