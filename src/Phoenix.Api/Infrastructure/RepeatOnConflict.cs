namespace Phoenix.Api.Infrastructure;

/// <summary>
/// Decides a command anew that met another change of the same stream. Processes append to experiments, deployments and upgrades at any moment, and somebody who rolls back is not to be told to
/// press again. A command with <c>If-Match</c> holds only for the version that was read, and is refused as before.
/// </summary>
public static class RepeatOnConflict
{
    /// <summary>After the first time.</summary>
    public const int Times = 3;

    static readonly PathString[] Changing = ["/api/v2/experiments", "/api/v2/deployments", "/api/v2/upgrades"];

    public static void UseRepeatOnConflict(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        if (!HttpMethods.IsPost(http.Request.Method) || http.Request.Headers.IfMatch.Count > 0 || !Changing.Any(c => http.Request.Path.StartsWithSegments(c)))
        {
            await next(http);
            return;
        }
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        for (var left = Times; ; left--)
        {
            // A stream of its own each time: what has read one to its end remembers that.
            http.Request.Body = new MemoryStream(body.GetBuffer(), 0, (int)body.Length, writable: false);
            try
            {
                await next(http);
                return;
            }
            // Nothing was committed, and nothing of the answer is sent before that.
            catch (Exception e) when (left > 0 && Problems.ConcurrentChange(e) && !http.Response.HasStarted)
            {
                http.Response.Clear();
                await Task.Delay(Random.Shared.Next(5, 50), http.RequestAborted);
            }
        }
    });
}
