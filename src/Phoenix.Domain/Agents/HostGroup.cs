namespace Phoenix.Domain.Agents;

/// <summary>Hosts are chosen together under this name from now on, by their labels.</summary>
public sealed record GroupDefined(string Name, string Selector, string Description);

/// <summary>The name means nothing any more; the hosts stay as they are.</summary>
public sealed record GroupDeleted(string Name);

/// <summary>A named label selector. Who belongs to it follows from the labels, at every moment anew.</summary>
public sealed record HostGroup
{
    public Guid Id { get; init; }
    public string Name { get; init; } = "";
    public string Selector { get; init; } = "";
    public string Description { get; init; } = "";

    public static HostGroup Create(JasperFx.Events.IEvent<GroupDefined> e) =>
        new() { Id = e.StreamId, Name = e.Data.Name, Selector = e.Data.Selector, Description = e.Data.Description };

    public HostGroup Apply(GroupDefined e) => this with { Selector = e.Selector, Description = e.Description };

    public static bool ShouldDelete(GroupDeleted _) => true;
}

public static class HostGroupDecisions
{
    public const int MaxDescriptionLength = 1000;

    /// <summary>A group that exists is changed; the same again is no change.</summary>
    /// <param name="group">Null where there is none of the name.</param>
    public static Decision Define(HostGroup? group, string name, string? selector, string? description)
    {
        if (name.Length == 0 || name.Contains('/', StringComparison.Ordinal) || !HostLabels.IsKey(name))
            return Rejection.Invalid("group-name-invalid", "name",
                $"A group's name has 1 to {HostLabels.MaxNameLength} letters, digits, '-', '_', '.', and begins and ends with a letter or digit.");
        if (description is { Length: > MaxDescriptionLength })
            return Rejection.Invalid("description-too-long", "description", $"A description has at most {MaxDescriptionLength} characters.");
        var (parsed, rejection) = LabelSelector.Parse(selector);
        if (rejection is not null) return rejection;
        if (parsed!.Requirements.Count == 0)
            return Rejection.Invalid("selector-missing", "selector", "A group needs a selector, such as 'role=web,env in (staging,test)'.");
        var defined = new GroupDefined(name, parsed.ToString(), description ?? "");
        return group is not null && group.Selector == defined.Selector && group.Description == defined.Description ? Decision.Nothing : Decision.Of(defined);
    }

    public static Decision Delete(HostGroup? group) => group is null ? Decision.Nothing : Decision.Of(new GroupDeleted(group.Name));
}
