using Microsoft.AspNetCore.Authorization;
using Phoenix.Domain.Users;

namespace Phoenix.Api.Identity;

/// <summary>
/// The least role that an endpoint of users asks for. Where it is not said, who reads (GET, HEAD) has to be a viewer and who does anything else an operator.
/// </summary>
/// <param name="role">One of <see cref="Roles"/>.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequireRoleAttribute(string role) : Attribute
{
    public string Role => role;

    public static string Of(EndpointMetadataCollection? metadata, string method) =>
        metadata?.GetMetadata<RequireRoleAttribute>()?.Role ?? (HttpMethods.IsGet(method) || HttpMethods.IsHead(method) ? Roles.Viewer : Roles.Operator);

    /// <summary>Of the endpoint that the request has come to; who asks for what is not there may know that it is not.</summary>
    public static string Of(HttpContext http) => http.GetEndpoint() is { } endpoint ? Of(endpoint.Metadata, http.Request.Method) : Roles.Viewer;
}

/// <summary>Holds the caller's role against the one that the endpoint asks for.</summary>
public sealed class LeastRole : AuthorizationHandler<LeastRole>, IAuthorizationRequirement
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, LeastRole requirement)
    {
        if (context.Resource is HttpContext http && Roles.Suffices(context.User.Role(), RequireRoleAttribute.Of(http))) context.Succeed(requirement);
        return Task.CompletedTask;
    }
}
