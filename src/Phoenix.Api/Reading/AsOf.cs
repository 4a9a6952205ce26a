using Phoenix.Api.Infrastructure;
using Phoenix.Projections;

namespace Phoenix.Api.Reading;

/// <summary>Reads of how it was at a past moment, straight from the event store.</summary>
static class AsOf
{
    /// <summary>422 where the moment has not come yet: what will be, nobody knows.</summary>
    public static IResult? Refused(DateTimeOffset? at) => at > EventStoreOptions.Clock.GetUtcNow()
        ? Problems.Of(422, "at-invalid", "'at' is a moment in the past, such as 2026-01-31T12:00:00Z. This one is still to come.", "at")
        : null;
}
