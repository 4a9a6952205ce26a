using Wolverine.Http;

namespace Phoenix.Api.Infrastructure;

/// <summary>Messages of the control plane to itself that failed for good: Wolverine's own endpoints to look at them, to try them again and to remove them.</summary>
public static class DeadMessages
{
    public static void MapDeadMessages(this WebApplication app)
    {
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Phoenix.Api.DeadMessages");
        app.MapDeadLettersEndpoints("/api/v2/dead-messages").WithTags("Operations").AddEndpointFilter((context, next) =>
        {
            // They are no events, so that the log has to say who tried again or removed what.
            if (context.Arguments.OfType<DeadLetterEnvelopeIdsRequest>().FirstOrDefault() is { } request)
                log.LogWarning("{Actor} asked to {Method} {Path} messages {Ids}", context.HttpContext.User.Identity?.Name, context.HttpContext.Request.Method,
                    context.HttpContext.Request.Path, string.Join(", ", request.Ids));
            return next(context);
        });
    }
}
