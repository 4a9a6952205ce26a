namespace Phoenix.Pipelines.Components;

/// <summary><c>debug</c>: writes one log line per batch and forgets it.</summary>
/// <param name="Detailed">Whether the line names the metrics (<c>normal</c>, <c>detailed</c>) or only counts (<c>basic</c>).</param>
public sealed record DebugExporterSettings(string Id, bool Detailed) : ExporterSettings(Id)
{
    public const string Type = "debug";

    internal static DebugExporterSettings Read(string id, SectionReader section)
    {
        // basic counts, normal and detailed also name the metrics. Default basic.
        var detailed = section.Choice("verbosity", false, ("basic", false), ("normal", true), ("detailed", true));
        section.RejectUnknown();
        return new(id, detailed);
    }
}

/// <summary><c>nop</c>: counts what would be sent and forgets it.</summary>
public sealed record NopExporterSettings(string Id) : ExporterSettings(Id)
{
    public const string Type = "nop";

    internal static NopExporterSettings Read(string id, SectionReader section)
    {
        section.RejectUnknown();
        return new(id);
    }
}
