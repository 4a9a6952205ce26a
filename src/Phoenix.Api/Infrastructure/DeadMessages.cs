using Phoenix.Api.Identity;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Infrastructure;

/// <summary>Messages of the control plane to itself that failed for good: Wolverine's own endpoints to look at them, to try them again and to remove them.</summary>
public static class DeadMessages
{
    const string Path = "/api/v2/dead-messages";

    public static void MapDeadMessages(this WebApplication app)
    {
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Phoenix.Api.DeadMessages");
        var messages = app.MapDeadLettersEndpoints(Path).WithTags("Operations");
        // Looking is a POST too. Who tries a message again or removes it goes around what the domain has decided since.
        ((IEndpointConventionBuilder)messages).Add(endpoint => endpoint.Metadata.Add(new RequireRoleAttribute(Looks((RouteEndpointBuilder)endpoint) ? Roles.Viewer : Roles.Admin)));
        messages.AddEndpointFilter((context, next) =>
        {
            // They are no events, so that the log has to say who tried again or removed what.
            if (context.Arguments.OfType<DeadLetterEnvelopeIdsRequest>().FirstOrDefault() is { } request)
                log.LogWarning("{Actor} asked to {Method} {Path} messages {Ids}", context.HttpContext.User.Identity?.Name, context.HttpContext.Request.Method,
                    context.HttpContext.Request.Path, string.Join(", ", request.Ids));
            return next(context);
        });
    }

    static bool Looks(RouteEndpointBuilder endpoint) =>
        endpoint.RoutePattern.RawText?.TrimEnd('/') == Path && endpoint.Metadata.OfType<IHttpMethodMetadata>().Any(m => m.HttpMethods.SequenceEqual([HttpMethods.Post]));
}
