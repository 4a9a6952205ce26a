using Marten;
using Phoenix.Api.Infrastructure;
using Wolverine.Http;

namespace Phoenix.Api.Identity;

/// <param name="Id">What events and the audit log call the user.</param>
/// <param name="Name">Empty where it was erased.</param>
/// <param name="Disabled">May do nothing.</param>
public sealed record UserView(Guid Id, string Name, string Role, bool Disabled)
{
    public static UserView Of(User user) => new(user.Id, user.Name, user.Role, user.Disabled);
}

public static class UserReads
{
    /// <summary>Everybody, the first user first, disabled ones too: the audit log knows users by their ids alone.</summary>
    [WolverineGet("/api/v2/users"), Tags("Identity")]
    public static async Task<IReadOnlyList<UserView>> List(IQuerySession session, CancellationToken cancellation) =>
        [.. (await session.Query<User>().OrderBy(u => u.Id).ToListAsync(cancellation)).Select(UserView.Of)];

    /// <summary>Whose the token is that was sent, and what they may do.</summary>
    [WolverineGet("/api/v2/users/me"), Tags("Identity"), ProducesResponseType<UserView>(200)]
    public static async Task<IResult> Me(IQuerySession session, HttpContext http, CancellationToken cancellation) =>
        await session.LoadAsync<User>(http.UserId(), cancellation) is { } user ? TypedResults.Ok(UserView.Of(user)) : Problems.NotFound("user", http.UserId());
}
