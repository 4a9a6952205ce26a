using Marten;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Identity;

/// <param name="Role"><c>viewer</c>, <c>operator</c> or <c>admin</c>.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record ChangeUserRole(string? Role, string? Reason);

public static class ChangeUserRoleEndpoint
{
    /// <summary>Changes what a user may do: at once on this node, within seconds on others. The last admin stays one.</summary>
    [WolverinePut("/api/v2/users/{id}/role"), RequireRole(Roles.Admin), Tags("Identity"), ProducesResponseType<UserView>(200), ProducesResponseType(404), ProducesResponseType(409)]
    public static async Task<IResult> Put(Guid id, ChangeUserRole command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        var (user, refused) = await UserCommand.Run(id, command.Reason, session, http, (all, member) => UserDecisions.ChangeRole(all, member, command.Role), cancellation);
        return refused ?? TypedResults.Ok(UserView.Of(user!));
    }
}
