using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Identity;

/// <param name="Name">By which others know the person; kept in the user directory alone, where it can be erased.</param>
/// <param name="Role"><c>viewer</c>, <c>operator</c> or <c>admin</c>.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record RegisterUser(string? Name, string? Role, string? Reason);

/// <param name="Secret">Shown this once. The user turns it into a token at <c>POST /api/v2/auth/tokens</c>.</param>
public sealed record UserSecretAnswer(Guid Id, string Name, string Role, string Secret, DateTimeOffset SecretExpiresAt);

public static class RegisterUserEndpoint
{
    /// <summary>Makes a user, and a one-time secret to hand to them.</summary>
    [WolverinePost("/api/v2/users"), RequireRole(Roles.Admin), Tags("Identity"), ProducesResponseType<UserSecretAnswer>(201)]
    public static async Task<IResult> Post(RegisterUser command, IDocumentSession session, HttpContext http, TimeProvider clock, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var (users, dismissed) = await session.LockUsersAsAdmin(http, cancellation);
        if (dismissed is not null) return dismissed;
        var decision = UserDecisions.Register(users.Select(u => u.AsMember()), command.Name, command.Role);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        var user = new User { Id = Guid.CreateVersion7(), Name = command.Name!, Role = command.Role! };
        var (secret, expiresAt) = (Secrets.New(), clock.GetUtcNow() + IssueUserSecretEndpoint.Lifetime);
        session.Stamp(http, command.Reason);
        session.Insert(user);
        session.Events.StartStream(user.Id, [.. decision.Events, new OneTimeSecretIssued(expiresAt)]);
        await session.PutSecret(user.Id, secret, expiresAt, cancellation);
        return TypedResults.Json(new UserSecretAnswer(user.Id, user.Name, user.Role, secret, expiresAt), statusCode: 201);
    }
}
