namespace Phoenix.Domain.Upgrades;

/// <summary>Which version of itself a host's agent should run.</summary>
/// <param name="UpgradeId">The upgrade that asks for it.</param>
/// <param name="Release">The version to install, or the one to leave.</param>
/// <param name="Programs">The release's programs for every runtime; the agent takes those of its own. Empty for a return.</param>
/// <param name="Confirm">How long the other version may take to reach the control plane and find its collectors before the agent goes back by itself.</param>
public sealed record UpgradeSpecification(
    Guid UpgradeId, UpgradeDirection Direction, string Release, IReadOnlyList<AgentProgram> Programs, TimeSpan Confirm);

public enum UpgradeDirection
{
    /// <summary>Run this release.</summary>
    Install,

    /// <summary>Leave this release for the version before it; nothing where another one runs.</summary>
    Return,
}

/// <summary>One file of a release.</summary>
/// <param name="Runtime">.NET runtime identifier, such as <c>linux-x64</c>.</param>
/// <param name="Name"><c>phoenix-agent</c> or <c>phoenix-collector</c>.</param>
/// <param name="Sha256">Lower-case hex.</param>
public sealed record AgentProgram(string Runtime, string Name, long Bytes, string Sha256);
