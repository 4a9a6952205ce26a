using Phoenix.Contracts;

namespace Phoenix.Agent;

internal enum ApplyStep
{
    /// <summary>It runs as desired.</summary>
    Keep,

    /// <summary>Nothing runs: start it.</summary>
    Start,

    /// <summary>Production runs another configuration: change it, with the running one as the way back.</summary>
    Change,

    /// <summary>A candidate runs another configuration, or the other arm: its numbers would mix two things, so it starts anew.</summary>
    Replace,
}

/// <summary>What to do for a desired collector against what is there. Pure.</summary>
internal static class ApplyDecision
{
    /// <param name="runningHash">What the process itself says it runs; null where it does not answer or does not run.</param>
    public static ApplyStep For(DesiredCollector desired, CollectorState? state, bool running, string? runningHash)
    {
        if (state is null)
            return ApplyStep.Start;
        if (state.Arm != desired.Arm)
            return ApplyStep.Replace;
        if (state.Runtime != desired.Runtime)
            return ApplyStep.Change;
        // The process's own word counts: an agent killed between a file and its reload leaves a state that is ahead.
        var same = desired.ConfigurationHash == (running ? runningHash ?? state.ConfigurationHash : state.ConfigurationHash)
            && desired.ConfigurationHash == state.ConfigurationHash;
        if (same)
            return running ? ApplyStep.Keep : ApplyStep.Start;
        return desired.Arm is CollectorArm.Production ? ApplyStep.Change : ApplyStep.Replace;
    }

    /// <summary>
    /// How long a collector may take until data flows: twice its own patience where that is more, since its first scrape or
    /// the senders' first export may be one interval away. Never more than ten minutes for it.
    /// </summary>
    public static TimeSpan HealthLimit(TimeSpan configured, CollectorStatus? status)
    {
        var own = TimeSpan.FromSeconds(Math.Clamp(2 * (status?.PatienceSeconds ?? 0), 0, 600));
        return own > configured ? own : configured;
    }

    /// <summary>Whether data flows through the configuration that was asked for.</summary>
    /// <param name="since">When the running process was given it: an older input or export says nothing about it.</param>
    public static string? HealthProblem(CollectorStatus? status, string configurationHash, DateTimeOffset? since)
    {
        if (status is null)
            return "it does not answer on its control socket";
        if (status.ConfigurationHash != configurationHash)
            return "it still runs another configuration";
        if (status.Arm is CollectorArm.Candidate && !status.TeeConnected)
            return "the tee of the production arm is not connected";
        if (!status.Healthy)
            return status.Reason ?? "it says that it is not healthy";
        if (since is { } changed && (status.LastInputAt is null || status.LastInputAt < changed))
            return "no input has come since the change";
        if (since is { } changedAt && status.Arm is not CollectorArm.Candidate && (status.LastExportAt is null || status.LastExportAt < changedAt))
            return "nothing has been exported since the change";
        return null;
    }
}
