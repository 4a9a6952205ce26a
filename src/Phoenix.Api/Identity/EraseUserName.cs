using Marten;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Identity;

public static class EraseUserNameEndpoint
{
    /// <summary>Removes a user's name for good, with their saved views and preferences. Events never had it: what the person did stays, by an id that nothing leads back from. Repeating it is harmless.</summary>
    [WolverineDelete("/api/v2/users/{id}/name"), RequireRole(Roles.Admin), Tags("Identity"), ProducesResponseType(204), ProducesResponseType(404)]
    public static async Task<IResult> Delete(Guid id, [FromQuery] string? reason, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        var (_, refused) = await UserCommand.Run(id, reason, session, http, (_, member) => UserDecisions.EraseName(member), cancellation);
        if (refused is not null) return refused;
        // Names of views and what they look for may say who wrote them.
        session.DeleteWhere<SavedView>(v => v.UserId == id);
        session.Delete<UserPreferences>(id);
        return TypedResults.NoContent();
    }
}
