namespace Phoenix.Agent;

/// <summary>When a crashed collector is started again: after 1 s, doubling to 30 s, forgotten after 60 s of health.</summary>
/// <param name="Crashes">Crashes in a row.</param>
/// <param name="NotBefore">Earliest next start.</param>
/// <param name="HealthySince">Since when it has been healthy without a break; null while it is not.</param>
internal sealed record RestartBackoff(int Crashes, DateTimeOffset NotBefore, DateTimeOffset? HealthySince)
{
    public static readonly RestartBackoff None = new(0, DateTimeOffset.MinValue, null);
    public static readonly TimeSpan ForgottenAfter = TimeSpan.FromSeconds(60);

    public RestartBackoff Crashed(DateTimeOffset now)
    {
        var crashes = Crashes + 1;
        return new RestartBackoff(crashes, now + TimeSpan.FromSeconds(Math.Min(30, Math.Pow(2, Math.Min(crashes - 1, 10)))), null);
    }

    public RestartBackoff Observed(bool healthy, DateTimeOffset now)
    {
        if (!healthy)
            return HealthySince is null ? this : this with { HealthySince = null };
        var since = HealthySince ?? now;
        return now - since >= ForgottenAfter ? None with { HealthySince = since } : this with { HealthySince = since };
    }

    public bool MayStart(DateTimeOffset now) => now >= NotBefore;
}
