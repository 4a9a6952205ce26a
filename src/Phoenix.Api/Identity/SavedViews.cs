using System.Text.Json;
using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Identity;

/// <summary>How a user wants to find a page of the dashboard again. A document and no event: it says nothing of an experiment or a host.</summary>
public sealed record SavedView
{
    /// <summary>The user's id and the name: one of a name for each.</summary>
    public required string Id { get; init; }

    public Guid UserId { get; init; }
    public required string Name { get; init; }
    public required string Page { get; init; }

    /// <summary>JSON as it was given: PostgreSQL's jsonb does not take all of it.</summary>
    public required string Search { get; init; }

    public DateTimeOffset SavedAt { get; init; }

    public static string IdOf(Guid user, string name) => $"{user:N}/{name}";
}

/// <param name="Page">Of the dashboard, such as <c>experiments</c>.</param>
/// <param name="Search">The page's query, an object.</param>
public sealed record SaveView(string? Page, JsonElement? Search);

/// <param name="Search">As it was saved.</param>
public sealed record SavedViewView(string Name, string Page, JsonElement Search, DateTimeOffset SavedAt)
{
    public static SavedViewView Of(SavedView view)
    {
        using var search = JsonDocument.Parse(view.Search);
        return new(view.Name, view.Page, search.RootElement.Clone(), view.SavedAt);
    }
}

public static class SavedViewEndpoints
{
    public const int MaxViews = 100, MaxNameLength = 100, MaxPageLength = 200, MaxSearchLength = 8192;

    /// <summary>The caller's saved views, by name.</summary>
    [WolverineGet("/api/v2/users/me/views"), Tags("Identity")]
    public static async Task<IReadOnlyList<SavedViewView>> List(IQuerySession session, HttpContext http, CancellationToken cancellation)
    {
        var user = http.UserId();
        return [.. (await session.Query<SavedView>().Where(v => v.UserId == user).ToListAsync(cancellation)).OrderBy(v => v.Name, StringComparer.Ordinal).Select(SavedViewView.Of)];
    }

    /// <summary>Saves a view for the caller alone, or another one under its name.</summary>
    [WolverinePut("/api/v2/users/me/views/{name}"), RequireRole(Roles.Viewer), Tags("Identity"), ProducesResponseType<SavedViewView>(200), ProducesResponseType(409)]
    public static async Task<IResult> Put(string name, SaveView command, IDocumentSession session, HttpContext http, TimeProvider clock, CancellationToken cancellation)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > MaxNameLength || name.Any(char.IsControl))
            return Problems.Of(422, "view-name-invalid", $"A view's name has 1 to {MaxNameLength} characters, none of them a control character.", "name");
        if (string.IsNullOrWhiteSpace(command.Page) || command.Page.Length > MaxPageLength)
            return Problems.Of(422, "view-page-invalid", $"'page' says of which page it is, in 1 to {MaxPageLength} characters.", "page");
        if (command.Search is not { ValueKind: JsonValueKind.Object } search)
            return Problems.Of(422, "view-search-invalid", "'search' is the page's query, an object; an empty one for none.", "search");
        if (Text(search) is not { } text) return Problems.Of(422, "view-search-invalid", "'search' holds a text with half of a character (a UTF-16 surrogate that stands alone).", "search");
        if (text.Length > MaxSearchLength)
            return Problems.Of(422, "view-search-invalid", $"'search' has at most {MaxSearchLength} characters as JSON.", "search");
        var user = http.UserId();
        var id = SavedView.IdOf(user, name);
        if (await session.LoadAsync<SavedView>(id, cancellation) is null && await session.Query<SavedView>().CountAsync(v => v.UserId == user, cancellation) >= MaxViews)
            return Problems.Of(409, "views-full", $"You have {MaxViews} saved views. Delete one, or save it under the name of another.");
        var view = new SavedView { Id = id, UserId = user, Name = name, Page = command.Page, Search = text, SavedAt = clock.GetUtcNow() };
        session.Store(view);
        return TypedResults.Ok(SavedViewView.Of(view));
    }

    /// <summary>Null where it holds what could not be told again.</summary>
    static string? Text(JsonElement search)
    {
        try
        {
            return JsonSerializer.Serialize(search);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Deletes a saved view of the caller. Repeating it is harmless.</summary>
    [WolverineDelete("/api/v2/users/me/views/{name}"), RequireRole(Roles.Viewer), Tags("Identity"), ProducesResponseType(204)]
    public static IResult Delete(string name, IDocumentSession session, HttpContext http)
    {
        session.Delete<SavedView>(SavedView.IdOf(http.UserId(), name));
        return TypedResults.NoContent();
    }
}
