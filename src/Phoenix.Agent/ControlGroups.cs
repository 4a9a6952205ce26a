using System.Globalization;

namespace Phoenix.Agent;

/// <summary>What a collector's control group counted.</summary>
internal sealed record GroupUsage(double CpuSeconds, long ResidentBytes);

/// <summary>
/// A control group (cgroups(7), version 2) of its own for every collector, below one that was delegated to the agent. The agent
/// itself must be in a child of that one, since a group whose controllers are handed on holds no processes: systemd 254 puts it
/// there with <c>DelegateSubgroup=agent</c>. An older one does not, and could not start the service again while collectors
/// of a killed agent are in groups below; there the collectors stay where they are.
/// </summary>
internal sealed class ControlGroups
{
    public const string DirectoryVariable = "PHOENIX_AGENT_CGROUP";

    /// <summary>As in the unit's <c>DelegateSubgroup=</c>.</summary>
    private const string AgentsOwn = "agent";

    private const int PeriodMicroseconds = 100_000;
    private static readonly string[] Wanted = ["cpu", "memory", "pids"];

    private readonly string _parent;
    private readonly HashSet<string> _controllers;

    private ControlGroups(string parent, HashSet<string> controllers)
    {
        _parent = parent;
        _controllers = controllers;
    }

    /// <summary>The groups of this agent, or why there are none.</summary>
    /// <param name="configured">The delegated directory; null where the agent's own membership tells.</param>
    /// <param name="membership">Content of <c>/proc/self/cgroup</c>.</param>
    /// <param name="mounts">Content of <c>/proc/self/mountinfo</c>.</param>
    public static (ControlGroups? Groups, string? WhyNot) Open(string? configured, string membership, string mounts)
    {
        var (parent, whyNot) = configured is not null ? (configured, null) : Delegated(membership, mounts);
        if (parent is null)
            return (null, whyNot);
        try
        {
            var offered = File.ReadAllText(Path.Combine(parent, "cgroup.controllers")).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
            var usable = Wanted.Where(offered.Contains).ToHashSet();
            if (usable.Count is 0)
                return (null, $"{parent} offers none of the controllers {string.Join(", ", Wanted)}");
            File.WriteAllText(Path.Combine(parent, "cgroup.subtree_control"), string.Join(' ', usable.Order(StringComparer.Ordinal).Select(name => "+" + name)));
            return (new ControlGroups(parent, usable), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"{parent} cannot be used as a delegated control group ({e.Message.TrimEnd('.')})");
        }
    }

    /// <summary>Puts a process into the collector's group with these limits.</summary>
    /// <param name="weight">Share of the CPU where it is short; 100 is usual.</param>
    public void Hold(string collector, int pid, ResourceLimits limits, int weight, List<string> held, List<string> notHeld)
    {
        var folder = Folder(collector);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            notHeld.Add($"control group: {e.Message}");
            return;
        }
        // Limits before the process, so that it is never inside without them; "max" takes back what an earlier setting said.
        Set("memory", "memory.max", limits.MemoryBytes is { } bytes ? Number(bytes) : "max", limits.MemoryBytes is not null);
        Set("memory", "memory.oom.group", "1", false);
        Set("cpu", "cpu.max", $"{(limits.Cores is { } cores ? Number((long)Math.Ceiling(cores * PeriodMicroseconds)) : "max")} {PeriodMicroseconds}", limits.Cores is not null);
        Set("cpu", "cpu.weight", Number(weight), weight is not 100);
        Set("pids", "pids.max", limits.Tasks is { } tasks ? Number(tasks) : "max", limits.Tasks is not null);
        if (Write(folder, "cgroup.procs", Number(pid)) is not { } problem)
            return;
        notHeld.AddRange(held.Select(limit => $"{limit}: {problem}"));
        held.Clear();

        void Set(string controller, string file, string value, bool tell)
        {
            var failed = _controllers.Contains(controller) ? Write(folder, file, value) : $"the controller {controller} is not delegated";
            if (!tell)
                return;
            if (failed is null)
                held.Add($"{file}={value}");
            else
                notHeld.Add($"{file}={value}: {failed}");
        }
    }

    /// <summary>Null where the group or its counters are not there.</summary>
    public GroupUsage? UsageOf(string collector)
    {
        try
        {
            var cpu = File.ReadLines(Path.Combine(Folder(collector), "cpu.stat")).FirstOrDefault(line => line.StartsWith("usage_usec ", StringComparison.Ordinal));
            var memory = File.ReadAllText(Path.Combine(Folder(collector), "memory.current"));
            return cpu is not null && long.TryParse(cpu.AsSpan("usage_usec ".Length), CultureInfo.InvariantCulture, out var microseconds)
                && long.TryParse(memory, CultureInfo.InvariantCulture, out var bytes)
                ? new GroupUsage(microseconds / 1e6, bytes) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Takes the group of a collector that has ended away.</summary>
    public void Remove(string collector)
    {
        try
        {
            // rmdir: the files in it are the kernel's. One that is still in use stays for the collector's next start.
            if (Directory.Exists(Folder(collector)))
                Directory.Delete(Folder(collector));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Warn("A control group could not be removed.", ("collector", collector), ("error", e.Message));
        }
    }

    /// <summary>The directory above the agent's own group, where that is the one that was made for it.</summary>
    internal static (string? Parent, string? WhyNot) Delegated(string membership, string mounts)
    {
        // "0::/system.slice/phoenix-agent.service/agent" in the unified hierarchy.
        var path = membership.Split('\n').FirstOrDefault(line => line.StartsWith("0::/", StringComparison.Ordinal))?[3..];
        if (path is null)
            return (null, "this host has no unified control group hierarchy (cgroup v2)");
        if (Path.GetFileName(path) is not AgentsOwn)
            return (null, $"the agent is in control group {path}, and not in a child '{AgentsOwn}' of a delegated one (systemd 254: Delegate=yes and DelegateSubgroup={AgentsOwn}; or set {DirectoryVariable})");
        // Fields of proc_pid_mountinfo(5): 4 root, 5 mount point; after " - " the type.
        var mount = mounts.Split('\n').Select(line => line.Split(' ')).FirstOrDefault(fields => Array.IndexOf(fields, "-") is > 0 and var at
            && at + 1 < fields.Length && fields[at + 1] is "cgroup2" && fields[3] is "/");
        return mount is null ? (null, "cgroup2 is not mounted where the agent sees it") : (mount[4] + Path.GetDirectoryName(path), null);
    }

    private string Folder(string collector) => Path.Combine(_parent, "collector-" + collector);

    private static string? Write(string folder, string file, string value)
    {
        try
        {
            File.WriteAllText(Path.Combine(folder, file), value);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
