namespace Phoenix.Agent;

/// <summary>The time since the host was booted, sleep included: a clock that nobody sets.</summary>
/// <param name="Boot">Of this boot of the kernel; uptimes of different boots say nothing of each other.</param>
internal sealed record HostClock(string Boot, TimeSpan Uptime)
{
    private static readonly string ThisBoot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    public static HostClock Read() => new(ThisBoot, Native.Uptime());
}

/// <summary>
/// When a candidate's time is over by the host's uptime. A wall clock that is set back must not let it live on, over restarts of
/// the agent; after a boot, when uptime begins anew, a clock that stands before the time at which the end was set is wrong, and
/// the end has come.
/// </summary>
/// <param name="EndsAt">Uptime in this boot.</param>
/// <param name="SetAt">When it was set, by the wall clock.</param>
internal sealed record Deadline(string Boot, TimeSpan EndsAt, DateTimeOffset SetAt)
{
    public static Deadline For(DateTimeOffset expiresAt, DateTimeOffset now, HostClock clock) => new(clock.Boot, clock.Uptime + (expiresAt - now), now);

    public bool IsOver(DateTimeOffset now, HostClock clock) => clock.Boot == Boot ? clock.Uptime >= EndsAt : now < SetAt;
}
