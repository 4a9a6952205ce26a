using System.Runtime.InteropServices;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>Whether a release is what the upgrade asked for, and the control plane vouches for it with a key that this host has pinned.</summary>
internal sealed class UpgradeTrust(ApiClient api, TrustedKeys keys)
{
    /// <returns>What may be downloaded, or why nothing may.</returns>
    public async Task<(SignedRelease? Release, TaskError? Refused)> ReleaseAsync(UpgradeOrder order, CancellationToken cancellation)
    {
        var runtime = RuntimeInformation.RuntimeIdentifier;
        var wanted = order.Files.Where(file => file.Runtime == runtime).OrderBy(file => file.Name, StringComparer.Ordinal).ToList();
        if (!wanted.Exists(file => file.Name == UpgradeStore.AgentName))
            return (null, new TaskError("runtime-not-in-release", $"Release {order.Version} has no {UpgradeStore.AgentName} for {runtime}.", false, []));
        var (answer, release) = await api.GetAsync($"api/v2/agent-releases/{order.Version}/{runtime}", WireJson.Default.SignedRelease, TimeSpan.Zero, cancellation);
        if (release is null)
            return (null, new TaskError("release-gone", $"The control plane did not tell of release {order.Version} for {runtime}: {answer.Code} {answer.Detail}".TrimEnd(), true, []));
        var refused = Refusal(order.Version, runtime, wanted, release)
            // A configuration may come unsigned from a control plane that does not sign; a program may not.
            ?? await keys.CheckAsync($"Release {order.Version} for {runtime}", SignedRelease.SignedBytes(order.Version, runtime, wanted), release.Signature, mayBeUnsigned: false, cancellation);
        return refused is null ? (release, null) : (null, refused);
    }

    /// <summary>Names become paths and files become programs: nothing but what was asked for is taken.</summary>
    internal static TaskError? Refusal(string version, string runtime, IReadOnlyList<ReleaseFile> wanted, SignedRelease release)
    {
        if (release.Version != version || release.Runtime != runtime || !release.Files.OrderBy(file => file.Name, StringComparer.Ordinal).SequenceEqual(wanted))
            return new TaskError("release-changed", $"What the control plane serves as {version} for {runtime} is not what the upgrade was asked for with. Ask for another upgrade.", false, []);
        if (wanted.FirstOrDefault(file => file.Name is not (UpgradeStore.AgentName or UpgradeStore.CollectorName) || file.Bytes < 0) is { } strange)
            return new TaskError("upgrade-invalid", $"'{strange.Name}' with {strange.Bytes} bytes is no file of a release.", false, []);
        return null;
    }
}
