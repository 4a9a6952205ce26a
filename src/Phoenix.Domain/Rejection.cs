namespace Phoenix.Domain;

public enum RejectionKind
{
    /// <summary>The command is wrong in itself, whatever the state (HTTP 422).</summary>
    Invalid,

    /// <summary>The command does not fit the present state (HTTP 409).</summary>
    Conflict,

    /// <summary>What the command names does not exist (HTTP 404).</summary>
    NotFound,
}

/// <summary>Why a decision said no. Rejections are answers, not exceptions.</summary>
/// <param name="Code">Stable, kebab-case, documented; clients branch on it.</param>
/// <param name="Detail">What was wrong and what to do about it, for a person.</param>
/// <param name="Field">The field of the command that is wrong, camelCase with dots; null where it is not about one.</param>
public sealed record Rejection(RejectionKind Kind, string Code, string Detail, string? Field = null)
{
    public static Rejection Invalid(string code, string field, string detail) => new(RejectionKind.Invalid, code, detail, field);
    public static Rejection Conflict(string code, string detail) => new(RejectionKind.Conflict, code, detail);
    public static Rejection NotFound(string code, string detail) => new(RejectionKind.NotFound, code, detail);
}

/// <summary>What a decision came to: events to append (possibly none, where everything asked for is so already), or a rejection.</summary>
public readonly record struct Decision(IReadOnlyList<object> Events, Rejection? Rejection)
{
    public static readonly Decision Nothing = new([], null);

    public static Decision Of(params object[] events) => new(events, null);

    public static implicit operator Decision(Rejection rejection) => new([], rejection);
}
