using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Identity;

public static class IssueUserSecretEndpoint
{
    /// <summary>Time to hand it over, and not so long that it is found years later.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    /// <summary>Makes a new one-time secret for a user who has lost the secret or every token. The one before does not count any more; tokens go on.</summary>
    [WolverinePost("/api/v2/users/{id}/secret"), RequireRole(Roles.Admin), Tags("Identity"), ProducesResponseType<UserSecretAnswer>(201), ProducesResponseType(404)]
    public static async Task<IResult> Post(Guid id, UserReason command, IDocumentSession session, HttpContext http, TimeProvider clock, CancellationToken cancellation)
    {
        var (secret, expiresAt) = (Secrets.New(), clock.GetUtcNow() + Lifetime);
        var (user, refused) = await UserCommand.Run(id, command.Reason, session, http, (_, member) => UserDecisions.IssueSecret(member, expiresAt), cancellation);
        if (refused is not null) return refused;
        await session.PutSecret(id, secret, expiresAt, cancellation);
        return TypedResults.Json(new UserSecretAnswer(id, user!.Name, user.Role, secret, expiresAt), statusCode: 201);
    }
}
