using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Users;

namespace Phoenix.Api.Identity;

/// <param name="Reason">Why, for the audit log.</param>
public sealed record UserReason(string? Reason);

/// <summary>What the commands on one user have in common.</summary>
static class UserCommand
{
    /// <summary>Under the lock of all users: what is decided on everybody holds at the commit.</summary>
    /// <param name="decide">Gets everybody, and the user meant.</param>
    /// <returns>The user as the decision leaves them, or what is answered instead.</returns>
    public static async Task<(User? User, IResult? Refused)> Run(
        Guid id, string? reason, IDocumentSession session, HttpContext http, Func<IEnumerable<Member>, Member, Decision> decide, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", reason, EventMetadata.MaxReasonLength)) is { } tooLong) return (null, tooLong);
        var (users, dismissed) = await session.LockUsersAsAdmin(http, cancellation);
        if (dismissed is not null) return (null, dismissed);
        if (users.FirstOrDefault(u => u.Id == id) is not { } user) return (null, Problems.NotFound("user", id));
        var decision = decide(users.Select(u => u.AsMember()), user.AsMember());
        if (decision.Rejection is { } rejection) return (null, rejection.ToProblem());
        if (decision.Events.Count == 0) return (user, null);
        session.Stamp(http, reason);
        session.Events.Append(id, decision.Events);
        user = decision.Events.Aggregate(user, (u, e) => u.After(e));
        session.Store(user);
        return (user, null);
    }
}
