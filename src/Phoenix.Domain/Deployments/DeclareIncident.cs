using Phoenix.Domain.Pipelines;

namespace Phoenix.Domain.Deployments;

/// <summary>Full detail for a while: a deployment of what the hosts run without its reducers, all at once and at once, which ends by itself.</summary>
public static class DeclareIncident
{
    public static readonly TimeSpan Longest = TimeSpan.FromHours(24), Shortest = TimeSpan.FromMinutes(1);

    /// <param name="fullDetail">What the hosts run without its reducers.</param>
    public static DeploymentRequested Of(PipelineReference fullDetail, IReadOnlyList<string> hosts, TimeSpan length, string? ticket, DateTimeOffset now) => new(
        fullDetail, hosts, [hosts.Count], new(TimeSpan.Zero, TimeSpan.FromTicks(Math.Min(length.Ticks, TimeSpan.FromMinutes(10).Ticks)), hosts.Count, 100, true, GateLimits.None), null, null, ticket, NeedsApproval: false,
        OverridesFreeze: true, now + length);

    /// <summary>How the pipeline of the full detail is named, so that it is made once.</summary>
    public static string NameOf(string pipeline)
    {
        const string Suffix = " (full detail)";
        return pipeline.Length > PipelineDecisions.MaxNameLength - Suffix.Length ? pipeline[..(PipelineDecisions.MaxNameLength - Suffix.Length)] + Suffix : pipeline + Suffix;
    }
}
