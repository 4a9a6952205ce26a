using System.Globalization;
using System.Runtime.InteropServices;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// Holds collectors within what the host owner allows: by control groups where the agent may make them, else by what a process
/// without rights can do to another of its own, and says which of the two it is. Candidates always come second: they give way
/// to production when CPU is short, and are the first to go when memory is.
/// </summary>
internal sealed class ResourceControl(ResourceLimits limits, ControlGroups? groups, string? whyNoGroups)
{
    private const int ProductionWeight = 100;
    private const int SecondWeight = 20;
    /// <summary>Above the agent's own.</summary>
    private const int SecondNice = 10;

    private const int SecondOomScore = 500;

    /// <summary>The part of the memory limit that the managed heap may take; the rest is for code, stacks and native buffers.</summary>
    private const double HeapShare = 0.75;

    public static ResourceControl For(AgentSettings settings)
    {
        var (groups, whyNot) = ControlGroups.Open(settings.ControlGroup, File.ReadAllText("/proc/self/cgroup"), File.ReadAllText("/proc/self/mountinfo"));
        if (settings.Limits != new ResourceLimits())
            Log.Info(groups is null ? "Collectors have no control groups of their own; limits are held as far as possible without." : "Collectors get control groups of their own.", ("reason", whyNot));
        return new ResourceControl(settings.Limits, groups, whyNot);
    }

    /// <summary>
    /// What makes a runtime keep to the memory limit by itself, before the kernel ends it: it learns of its limit at its start,
    /// when it is not yet in its group.
    /// </summary>
    public IReadOnlyDictionary<string, string> Variables(CollectorRuntime runtime)
    {
        if (limits.MemoryBytes is not { } bytes)
            return new Dictionary<string, string>();
        var heap = (long)(bytes * HeapShare);
        return runtime is CollectorRuntime.Stock
            ? new Dictionary<string, string> { ["GOMEMLIMIT"] = heap.ToString(CultureInfo.InvariantCulture) }
            : new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = heap.ToString("x", CultureInfo.InvariantCulture) };
    }

    /// <summary>Puts a process within the limits. Repeating is harmless.</summary>
    /// <returns>What holds and what does not; null where nothing is asked for.</returns>
    public CollectorLimits? Hold(string collector, CollectorArm arm, CollectorRuntime runtime, ProcessIdentity process)
    {
        List<string> held = [], notHeld = [];
        var second = arm is CollectorArm.Candidate;
        if (groups is not null)
            groups.Hold(collector, process.Id, limits, second ? SecondWeight : ProductionWeight, held, notHeld);
        else
            WithoutGroup(runtime, held, notHeld);
        if (limits.OpenFiles is { } files)
            Tell($"open files={files}", SetLimit(process.Id, Native.LimitFiles, files), held, notHeld);
        // A core dump would put credentials and other people's data on the disk.
        if (SetLimit(process.Id, Native.LimitCore, 0) is { } core)
            notHeld.Add($"core=0: {core}");
        if (second)
        {
            var nice = Math.Min(19, Native.GetPriority(Native.PriorityOfProcess, 0) + SecondNice);
            Tell($"nice={nice}", Native.SetPriority(Native.PriorityOfProcess, process.Id, nice) is 0 ? null : Marshal.GetLastPInvokeErrorMessage(), held, notHeld);
            Tell($"oom_score_adj={SecondOomScore}", WriteOomScore(process.Id), held, notHeld);
        }
        return held.Count + notHeld.Count is 0 ? null : new CollectorLimits(held, notHeld);
    }

    public GroupUsage? UsageOf(string collector) => groups?.UsageOf(collector);

    public void Ended(string collector) => groups?.Remove(collector);

    private void WithoutGroup(CollectorRuntime runtime, List<string> held, List<string> notHeld)
    {
        if (limits.MemoryBytes is { } bytes)
        {
            // RLIMIT_AS would count the address space that a runtime reserves and never uses.
            held.Add($"{(runtime is CollectorRuntime.Stock ? "Go" : "managed")} heap={(long)(bytes * HeapShare)} by the collector itself");
            notHeld.Add($"memory.max={bytes}: {whyNoGroups}");
        }
        if (limits.Cores is { } cores)
            notHeld.Add(string.Create(CultureInfo.InvariantCulture, $"cpu.max={cores} cores: {whyNoGroups}"));
        if (limits.Tasks is { } tasks)
            notHeld.Add($"pids.max={tasks}: {whyNoGroups}");
    }

    private static void Tell(string limit, string? problem, List<string> held, List<string> notHeld)
    {
        if (problem is null)
            held.Add(limit);
        else
            notHeld.Add($"{limit}: {problem}");
    }

    private static string? SetLimit(int pid, int resource, long value)
    {
        var limit = new Native.ResourceLimit { Soft = (ulong)value, Hard = (ulong)value };
        return Native.SetResourceLimit(pid, resource, in limit, nint.Zero) is 0 ? null : Marshal.GetLastPInvokeErrorMessage();
    }

    private static string? WriteOomScore(int pid)
    {
        try
        {
            File.WriteAllText($"/proc/{pid}/oom_score_adj", SecondOomScore.ToString(CultureInfo.InvariantCulture));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
