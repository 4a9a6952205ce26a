using Microsoft.Net.Http.Headers;

namespace Phoenix.Api.Infrastructure;

/// <summary>The version that a caller has read, where a request names it: its change counts only on that one.</summary>
public static class VersionRead
{
    /// <summary>412 where <c>If-Match</c> names another version than <paramref name="now"/>, or none that can be read; null where it names this one or any, or is not there.</summary>
    /// <param name="what">With its article, as the beginning of a sentence.</param>
    public static IResult? Outdated(this HttpRequest request, string what, long now) =>
        request.Headers.IfMatch.Count == 0 || request.GetTypedHeaders().IfMatch.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Tag == $"\"{now}\"") ? null
        : Problems.Of(412, "changed-meanwhile", $"{what} is at version {now} now. Read it again, and repeat that where it still holds.");
}
