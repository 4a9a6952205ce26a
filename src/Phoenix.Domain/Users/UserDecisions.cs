namespace Phoenix.Domain.Users;

/// <summary>A user as decisions see them.</summary>
/// <param name="Name">Empty where it was erased.</param>
public sealed record Member(Guid Id, string Name, string Role, bool Disabled);

/// <summary>What may be done to users. Everybody is given along: there is always one who can administer.</summary>
public static class UserDecisions
{
    public const int MaxNameLength = 200;

    public static Decision Register(IEnumerable<Member> all, string? name, string? role)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > MaxNameLength || name != name.Trim() || name.Any(char.IsControl))
            return Rejection.Invalid("name-invalid", "name", $"A user has a name of 1 to {MaxNameLength} characters, without spaces around it and control characters.");
        if (all.Any(m => string.Equals(m.Name, name, StringComparison.OrdinalIgnoreCase)))
            return Rejection.Conflict("name-taken", $"There is a user '{name}' already. GET /api/v2/users shows them; POST /api/v2/users/ID/secret makes a new secret for them.");
        return Unknown(role) is { } unknown ? unknown : Decision.Of(new UserRegistered(role!));
    }

    public static Decision ChangeRole(IEnumerable<Member> all, Member user, string? role)
    {
        if (Unknown(role) is { } unknown) return unknown;
        if (user.Role == role) return Decision.Nothing;
        return IsLastAdmin(all, user) ? LastAdmin : Decision.Of(new UserRoleChanged(role!));
    }

    public static Decision Disable(IEnumerable<Member> all, Member user) =>
        user.Disabled ? Decision.Nothing : IsLastAdmin(all, user) ? LastAdmin : Decision.Of(new UserDisabled());

    public static Decision Enable(Member user) => user.Disabled ? Decision.Of(new UserEnabled()) : Decision.Nothing;

    public static Decision EraseName(Member user) => user.Name.Length > 0 ? Decision.Of(new UserNameErased()) : Decision.Nothing;

    public static Decision IssueSecret(Member user, DateTimeOffset expiresAt) => user.Disabled
        ? Rejection.Conflict("user-disabled", "The user is disabled and could do nothing with a secret. POST /api/v2/users/ID/enable comes first.")
        : Decision.Of(new OneTimeSecretIssued(expiresAt));

    static readonly Rejection LastAdmin = Rejection.Conflict("last-admin", "Nobody else could administer Phoenix. Make another enabled user an admin first.");

    static bool IsLastAdmin(IEnumerable<Member> all, Member user) =>
        user is { Role: Roles.Admin, Disabled: false } && !all.Any(m => m is { Role: Roles.Admin, Disabled: false } && m.Id != user.Id);

    static Rejection? Unknown(string? role) =>
        role is not null && Roles.All.Contains(role) ? null : Rejection.Invalid("role-invalid", "role", $"A role is one of: {string.Join(", ", Roles.All)}.");
}
