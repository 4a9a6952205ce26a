using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Identity;

public enum ColourScheme
{
    Auto,
    Light,
    Dark,
}

/// <summary>How close together the dashboard sets its rows.</summary>
public enum Density
{
    Comfortable,
    Compact,
}

/// <summary>How a user wants the dashboard to look. A document and no event.</summary>
/// <param name="Id">The user's.</param>
public sealed record UserPreferences(Guid Id, ColourScheme ColourScheme, string TimeZone, Density Density);

/// <param name="ColourScheme"><c>auto</c> where left out: as the browser has it.</param>
/// <param name="TimeZone">An IANA name such as <c>Europe/Berlin</c>, <c>UTC</c>, or <c>local</c> where left out: the browser's.</param>
/// <param name="Density"><c>comfortable</c> where left out.</param>
public sealed record SetPreferences(ColourScheme? ColourScheme, string? TimeZone, Density? Density);

public sealed record PreferencesView(ColourScheme ColourScheme, string TimeZone, Density Density);

public static class PreferencesEndpoints
{
    /// <summary>The browser's time zone.</summary>
    const string Local = "local";

    const int MaxTimeZoneLength = 100;

    /// <summary>How the caller wants the dashboard to look.</summary>
    [WolverineGet("/api/v2/users/me/preferences"), Tags("Identity")]
    public static async Task<PreferencesView> Get(IQuerySession session, HttpContext http, CancellationToken cancellation) =>
        await session.LoadAsync<UserPreferences>(http.UserId(), cancellation) is { } p ? View(p) : new(ColourScheme.Auto, Local, Density.Comfortable);

    /// <summary>Sets it, in full: what is left out is as at the beginning.</summary>
    [WolverinePut("/api/v2/users/me/preferences"), RequireRole(Roles.Viewer), Tags("Identity"), ProducesResponseType<PreferencesView>(200)]
    public static IResult Put(SetPreferences command, IDocumentSession session, HttpContext http)
    {
        var zone = command.TimeZone ?? Local;
        if (zone != Local && (zone.Length is 0 or > MaxTimeZoneLength || !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _)))
            return Problems.Of(422, "time-zone-invalid", "A time zone is an IANA name, such as 'Europe/Berlin', or 'UTC', or 'local' for the browser's.", "timeZone");
        var preferences = new UserPreferences(http.UserId(), command.ColourScheme ?? ColourScheme.Auto, zone, command.Density ?? Density.Comfortable);
        session.Store(preferences);
        return TypedResults.Ok(View(preferences));
    }

    static PreferencesView View(UserPreferences p) => new(p.ColourScheme, p.TimeZone, p.Density);
}
