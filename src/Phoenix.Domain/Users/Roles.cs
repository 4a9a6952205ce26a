namespace Phoenix.Domain.Users;

/// <summary>What users may do. Each role may do what those before it may.</summary>
public static class Roles
{
    /// <summary>Reads everything and changes nothing but their own tokens.</summary>
    public const string Viewer = "viewer";

    /// <summary>Runs experiments, deployments, pipelines, the fleet and its tasks, and approves what others have asked for.</summary>
    public const string Operator = "operator";

    /// <summary>Users, signing keys, prices, the change policy, and what goes over a verdict or a freeze.</summary>
    public const string Admin = "admin";

    /// <summary>From the one that may do least on.</summary>
    public static readonly IReadOnlyList<string> All = [Viewer, Operator, Admin];

    /// <summary>A role that nobody knows, as of a later version, suffices for nothing.</summary>
    public static bool Suffices(string? role, string needed) => Rank(role) >= Rank(needed) && Rank(role) >= 0;

    static int Rank(string? role)
    {
        for (var rank = 0; rank < All.Count; rank++)
            if (All[rank] == role) return rank;
        return -1;
    }
}
