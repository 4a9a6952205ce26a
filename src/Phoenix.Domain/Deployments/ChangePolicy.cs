namespace Phoenix.Domain.Deployments;

/// <summary>What is asked of every change of a production pipeline changed, in full.</summary>
/// <param name="ApprovalRequired">A second person has to approve.</param>
/// <param name="TicketRequired">It has to say where it was asked for.</param>
/// <param name="MendDrift">What a host should run is put back by itself where something else runs.</param>
public sealed record ChangePolicySet(bool ApprovalRequired, bool TicketRequired, IReadOnlyList<ChangeFreeze> Freezes, bool MendDrift = false);

/// <summary>Times in which no change begins. What takes something off, a rollback or an incident's full detail, is never frozen.</summary>
/// <param name="From">With <paramref name="Until"/>: once. Null for every week.</param>
/// <param name="Weekly">Every week instead; null for once.</param>
public sealed record ChangeFreeze(string Name, DateTimeOffset? From, DateTimeOffset? Until, WeeklyFreeze? Weekly);

/// <param name="Day">Of its beginning, in the time zone.</param>
/// <param name="Start">In the time zone.</param>
/// <param name="Hours">How long it lasts; more than 0, less than a week.</param>
/// <param name="TimeZone">IANA name, such as <c>Europe/Berlin</c>.</param>
public sealed record WeeklyFreeze(DayOfWeek Day, TimeOnly Start, double Hours, string TimeZone);

/// <summary>What is asked of every change, as its events tell it. There is one.</summary>
public sealed record ChangePolicy
{
    public static readonly ChangePolicy None = new();

    public Guid Id { get; init; } = StreamIds.ChangePolicy;

    /// <summary>Number of events in the stream; set by the store.</summary>
    public int Version { get; set; }

    public bool ApprovalRequired { get; init; }
    public bool TicketRequired { get; init; }
    public bool MendDrift { get; init; }
    public IReadOnlyList<ChangeFreeze> Freezes { get; init; } = [];

    public static ChangePolicy Create(ChangePolicySet e) => None.Apply(e);

    public ChangePolicy Apply(ChangePolicySet e) => this with { ApprovalRequired = e.ApprovalRequired, TicketRequired = e.TicketRequired, MendDrift = e.MendDrift, Freezes = e.Freezes };

    /// <summary>The freeze that lasts longest of those in force; null where changes may begin.</summary>
    public FreezeInForce? FrozenAt(DateTimeOffset now) =>
        Freezes.Select(f => EndOf(f, now) is { } until ? new FreezeInForce(f.Name, until) : null).OfType<FreezeInForce>().MaxBy(f => f.Until);

    static DateTimeOffset? EndOf(ChangeFreeze freeze, DateTimeOffset now)
    {
        if (freeze.Weekly is not { } weekly) return freeze.From <= now && now < freeze.Until ? freeze.Until : null;
        var zone = TimeZoneInfo.FindSystemTimeZoneById(weekly.TimeZone);
        var local = TimeZoneInfo.ConvertTime(now, zone);
        var days = ((int)local.DayOfWeek - (int)weekly.Day + 7) % 7;
        // The last beginning may be a week ago, where it is today and still to come.
        foreach (var ago in (int[])[days, days + 7])
        {
            var begins = InZone(local.Date.AddDays(-ago) + weekly.Start.ToTimeSpan(), zone);
            var ends = begins + TimeSpan.FromHours(weekly.Hours);
            if (begins <= now && now < ends) return ends;
        }
        return null;
    }

    /// <summary>A time that a change to summer time leaves out is taken for the moment of the change.</summary>
    static DateTimeOffset InZone(DateTime local, TimeZoneInfo zone) =>
        new(local, zone.IsInvalidTime(local) ? zone.GetUtcOffset(local.AddHours(-1)) : zone.GetUtcOffset(local));
}

/// <summary>Whether a change policy makes sense.</summary>
public static class ChangePolicyDecisions
{
    public const int MaxFreezes = 50, MaxNameLength = 200;

    public static Decision Set(ChangePolicy policy, ChangePolicySet wanted)
    {
        if (wanted.Freezes.Count > MaxFreezes) return Rejection.Invalid("freezes-invalid", "freezes", $"At most {MaxFreezes} freezes.");
        for (var i = 0; i < wanted.Freezes.Count; i++)
            if (Wrong(wanted.Freezes[i]) is var (field, detail)) return Rejection.Invalid("freeze-invalid", $"freezes[{i}]{field}", detail);
        return policy.ApprovalRequired == wanted.ApprovalRequired && policy.TicketRequired == wanted.TicketRequired && policy.MendDrift == wanted.MendDrift && policy.Freezes.SequenceEqual(wanted.Freezes)
            ? Decision.Nothing
            : Decision.Of(wanted);
    }

    static (string Field, string Detail)? Wrong(ChangeFreeze f) =>
        f is null ? ("", "A freeze is an object.")
        : f.Name is not { Length: > 0 and <= MaxNameLength } ? (".name", $"A freeze has a name of 1 to {MaxNameLength} characters.")
        : f.Weekly is null ? f.From is null || f.Until is null || f.From >= f.Until ? (".until", "A freeze is from a time until a later one, or weekly.") : null
        : f.From is not null || f.Until is not null ? (".weekly", "A freeze is weekly, or from a time until another: one of the two.")
        : !(f.Weekly.Hours > 0) || f.Weekly.Hours >= 7 * 24 ? (".weekly.hours", "A weekly freeze lasts more than 0 and less than 168 hours.")
        : f.Weekly.TimeZone is null || !TimeZoneInfo.TryFindSystemTimeZoneById(f.Weekly.TimeZone, out _) ? (".weekly.timeZone", "A time zone is an IANA name, such as 'Europe/Berlin' or 'UTC'.")
        : null;
}
