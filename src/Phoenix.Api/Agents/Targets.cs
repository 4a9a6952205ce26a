using Marten;
using Npgsql;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Projections.Fleet;

namespace Phoenix.Api.Agents;

/// <summary>The hosts that are meant: named, or chosen by labels or a group. Labels change, so an experiment asks for those again when it starts.</summary>
static class Targets
{
    /// <summary>What was given; null for nothing or white space.</summary>
    public static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    /// <summary>The hosts that are meant now, which may be none; refused where it is not clear what is meant.</summary>
    public static async Task<(IReadOnlyList<string>? Hosts, Rejection? Rejection)> Resolve(
        string?[]? hosts, string? selector, string? group, IQuerySession session, NpgsqlDataSource database, CancellationToken cancellation)
    {
        (selector, group) = (Given(selector), Given(group));
        if ((hosts is { Length: > 0 } ? 1 : 0) + (selector is null ? 0 : 1) + (group is null ? 0 : 1) > 1)
            return (null, Rejection.Invalid("hosts-invalid", "hosts", "Name hosts, or give a selector, or a group: one of them."));
        if (group is not null)
        {
            if (await session.LoadAsync<HostGroup>(StreamIds.Group(group), cancellation) is not { } known)
                return (null, Rejection.Invalid("group-unknown", "group", $"There is no group '{(group.Length > 60 ? group[..60] + "…" : group)}'; GET /api/v2/groups lists them."));
            selector = known.Selector;
        }
        if (selector is null) return ([.. (hosts ?? []).OfType<string>()], null);
        var (labels, invalid) = LabelSelector.Parse(selector);
        if (invalid is not null) return (null, invalid);
        return labels!.Requirements.Count == 0
            ? (null, Rejection.Invalid("selector-missing", "selector", "A selector asks for something, such as 'role=web'."))
            : (await database.Matching(labels, heard: true, cancellation), null);
    }
}
