using Marten;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Identity;

public static class DisableUserEndpoints
{
    /// <summary>
    /// Ends all that a user may do, with their tokens, secret and live connections: at once on this node, within seconds on others. What they did stays. The last
    /// admin cannot be disabled. Repeating it is harmless.
    /// </summary>
    [WolverinePost("/api/v2/users/{id}/disable"), RequireRole(Roles.Admin), Tags("Identity"), ProducesResponseType<UserView>(200), ProducesResponseType(404), ProducesResponseType(409)]
    public static async Task<IResult> Disable(Guid id, UserReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        var (user, refused) = await UserCommand.Run(id, command.Reason, session, http, UserDecisions.Disable, cancellation);
        if (refused is not null) return refused;
        await session.EndAccess(id, cancellation);
        return TypedResults.Ok(UserView.Of(user!));
    }

    /// <summary>Takes the disabling back; the user needs a new secret (<c>secret</c>).</summary>
    [WolverinePost("/api/v2/users/{id}/enable"), RequireRole(Roles.Admin), Tags("Identity"), ProducesResponseType<UserView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Enable(Guid id, UserReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        var (user, refused) = await UserCommand.Run(id, command.Reason, session, http, (_, member) => UserDecisions.Enable(member), cancellation);
        return refused ?? TypedResults.Ok(UserView.Of(user!));
    }
}
