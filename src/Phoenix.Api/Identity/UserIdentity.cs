using System.Security.Claims;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Users;

namespace Phoenix.Api.Identity;

/// <summary>Who of the users has made a request, and what they may do.</summary>
public static class UserIdentity
{
    /// <summary>The opaque id of the authenticated user of the request.</summary>
    public static Guid UserId(this HttpContext http) => Guid.Parse(http.User.Identity!.Name!);

    /// <summary>The caller's role; null for who is no user.</summary>
    public static string? Role(this ClaimsPrincipal caller) => caller.FindFirst(ClaimTypes.Role)?.Value;

    /// <summary>Whether the caller may do what <paramref name="role"/> may.</summary>
    public static bool HasRole(this HttpContext http, string role) => Roles.Suffices(http.User.Role(), role);

    /// <summary>For a part of a command that asks for more than the command itself: 403 where the caller has less than the role, else null.</summary>
    /// <param name="field">The field that asks for it.</param>
    /// <param name="what">What the role is needed for, as <c>Going over a change freeze</c>.</param>
    public static IResult? Lacks(this HttpContext http, string role, string field, string what) =>
        http.HasRole(role) ? null : Problems.Of(StatusCodes.Status403Forbidden, ForbiddenCode, Forbidden(http, role, what), field);

    public const string ForbiddenCode = "forbidden";

    public static string Forbidden(HttpContext http, string needed, string what = "This") =>
        $"{what} takes the role '{needed}', and this token's user has '{http.User.Role()}'. An admin can do it, or change the role with PUT /api/v2/users/ID/role.";
}
