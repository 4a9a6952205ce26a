using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Identity;

public sealed record IssueEnrolmentToken(string? Name, double? ExpiresInHours);

public sealed record EnrolmentTokenAnswer(string Token, DateTimeOffset ExpiresAt);

public static class IssueEnrolmentTokenEndpoint
{
    const double DefaultHours = 24, MaxHours = 24 * 90;

    /// <summary>Issues a token with which hosts can enrol until it expires.</summary>
    [WolverinePost("/api/v2/enrolment-tokens"), Tags("Identity"), ProducesResponseType<EnrolmentTokenAnswer>(201)]
    public static IResult Post(IssueEnrolmentToken command, IDocumentSession session, HttpContext http, TimeProvider clock)
    {
        var hours = command.ExpiresInHours ?? DefaultHours;
        if (hours is not (> 0 and <= MaxHours))
            return Problems.Of(422, "expiry-invalid", $"An enrolment token lives more than 0 and at most {MaxHours} hours.", "expiresInHours");
        if (Problems.TooLong(("name", command.Name, 200)) is { } tooLong) return tooLong;
        var token = Secrets.New();
        var issued = new EnrolmentTokenIssued(command.Name ?? "", clock.GetUtcNow().AddHours(hours));
        session.Stamp(http);
        session.Insert(new EnrolmentToken { Id = Secrets.Hash(token), Name = issued.Name, ExpiresAt = issued.ExpiresAt });
        session.Events.Append(Guid.Parse(http.User.Identity!.Name!), issued);
        return TypedResults.Json(new EnrolmentTokenAnswer(token, issued.ExpiresAt), statusCode: 201);
    }
}
