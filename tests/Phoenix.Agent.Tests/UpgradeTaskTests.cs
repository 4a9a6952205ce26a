using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Phoenix.Contracts;

namespace Phoenix.Agent.Tests;

/// <summary>What an agent refuses of an upgrade. How it becomes another version needs native programs: the end-to-end tests show it.</summary>
public sealed class UpgradeTaskTests : IDisposable
{
    private const string Version = "9.0.0";
    private static readonly string Runtime = RuntimeInformation.RuntimeIdentifier;
    private static readonly byte[] Broken = Encoding.UTF8.GetBytes("#!/bin/sh\necho 'it cannot'; exit 7\n");
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose() => _key.Dispose();

    private static ReleaseFile File(byte[] content, string? sha256 = null) =>
        new(Runtime, "phoenix-agent", content.Length, sha256 ?? Convert.ToHexStringLower(SHA256.HashData(content)));

    private static AssignedTask Work(ReleaseFile file, string version = Version, UpgradeAction action = UpgradeAction.Install) =>
        new(Guid.NewGuid(), TaskKind.Upgrade, 1, DateTimeOffset.UtcNow.AddMinutes(1), 1, new DesiredState(null, [], [], null),
            Upgrade: new UpgradeOrder(action, version, [file], 5));

    private SignedRelease Signed(ReleaseFile file, ECDsa? by = null) =>
        new(Version, Runtime, [file], ConfigurationSignature.Sign(by ?? _key, SignedRelease.SignedBytes(Version, Runtime, [file])));

    private Task<Host> StartAsync()
    {
        var publicKey = Convert.ToBase64String(_key.ExportSubjectPublicKeyInfo());
        return Host.StartAsync(before: host => host.Api.Keys = [new SigningKey(ConfigurationSignature.KeyId(publicKey), publicKey)]);
    }

    private static string Folder(Host host, string name) => Path.Combine(host.StateDirectory, "upgrade", name);

    [Fact]
    public async Task nothing_of_a_release_that_is_not_signed_by_the_pinned_key_is_downloaded()
    {
        await using var host = await StartAsync();
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var file = File(Broken);
        host.Api.Program = Broken;
        foreach (var release in new[] { Signed(file, other), Signed(file) with { Signature = "" }, Signed(file) with { Signature = ConfigurationSignature.Sign(_key, ConfigurationSignature.OfConfiguration(file.Sha256)) } })
        {
            host.Api.Release = release;
            (await host.RunAsync(Work(file))).Error!.Code.ShouldBe("signature-invalid");
        }

        host.Api.Release = Signed(file);
        var changed = await host.RunAsync(Work(file with { Sha256 = new string('0', 64) }));
        changed.Error!.Code.ShouldBe("release-changed");
        changed.Error.Retryable.ShouldBeFalse();
        host.Api.Seen.All.ShouldNotContain(seen => seen.Path.EndsWith("/phoenix-agent", StringComparison.Ordinal));
        Directory.Exists(Folder(host, "download")).ShouldBeFalse();
    }

    [Fact]
    public async Task programs_from_a_control_plane_that_does_not_sign_are_not_run()
    {
        await using var host = await Host.StartAsync();
        host.Api.Program = Broken;
        host.Api.Release = Signed(File(Broken));
        (await host.RunAsync(Work(File(Broken)))).Error!.Code.ShouldBe("signature-invalid");
    }

    [Fact]
    public async Task a_file_that_is_not_what_was_signed_never_becomes_a_program()
    {
        await using var host = await StartAsync();
        var file = File(Broken);
        host.Api.Release = Signed(file);
        host.Api.Program = [.. Broken.Reverse()];
        var result = await host.RunAsync(Work(file));
        result.Error!.Code.ShouldBe("hash-mismatch");
        host.Api.Seen.All.Count(seen => seen.Path.EndsWith("/phoenix-agent", StringComparison.Ordinal)).ShouldBe(2, "it may have been changed meanwhile");
        Directory.EnumerateFiles(Folder(host, "versions"), "*", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    [Fact]
    public async Task a_program_that_does_not_say_its_version_is_refused_with_what_it_said()
    {
        await using var host = await StartAsync();
        await host.RunAsync(Host.Work([]));
        var pid = host.Agent.Id;
        var file = File(Broken);
        (host.Api.Release, host.Api.Program) = (Signed(file), Broken);
        var result = await host.RunAsync(Work(file));
        (result.Error!.Code, result.Error.Retryable).ShouldBe(("program-broken", false));
        result.Error.Detail.ShouldContain("exit code 7");
        result.Error.LogTail.ShouldContain("it cannot");
        Directory.EnumerateDirectories(Folder(host, "versions")).ShouldBeEmpty();
        (host.Agent.HasExited, host.Agent.Id).ShouldBe((false, pid));
    }

    [Theory]
    [InlineData("../../x", "upgrade-invalid")]
    [InlineData("9.0.0", "runtime-not-in-release")]
    public async Task an_order_that_cannot_be_met_is_refused(string version, string code)
    {
        await using var host = await StartAsync();
        (await host.RunAsync(Work(File(Broken) with { Runtime = "linux-s390x" }, version))).Error!.Code.ShouldBe(code);
    }

    [Fact]
    public async Task what_is_so_already_is_a_success_that_changes_nothing()
    {
        await using var host = await StartAsync();
        var installed = (await host.RunAsync(Work(File(Broken), HeartbeatLoop.Version))).Upgrade!;
        (installed.Version, installed.FromVersion, installed.Attempts).ShouldBe((HeartbeatLoop.Version, HeartbeatLoop.Version, 0));
        (await host.RunAsync(Work(File(Broken), Version, UpgradeAction.Return))).Upgrade!.Version.ShouldBe(HeartbeatLoop.Version, "it does not run that one");
        (await host.RunAsync(Work(File(Broken), HeartbeatLoop.Version, UpgradeAction.Return))).Error!.Code.ShouldBe("no-way-back");
        Directory.Exists(Folder(host, "")).ShouldBeFalse();
    }

    [Fact]
    public async Task a_download_that_the_control_plane_takes_back_ends()
    {
        await using var host = await StartAsync();
        var file = File(Broken) with { Bytes = Broken.Length + 1 };
        // Serves a byte less than the file has: the agent comes back for it until it is told to stop.
        (host.Api.Release, host.Api.Program) = (Signed(file), Broken);
        var task = Work(file);
        host.Api.Deliver(task);
        await Until.TrueAsync(() => host.Api.Seen.All.Any(seen => seen.Path.EndsWith("/phoenix-agent", StringComparison.Ordinal)), "the download to begin", () => host.AgentLog);
        host.Api.Cancelled = task.Id;
        await Until.TrueAsync(() => host.Api.Outcomes.All.Any(outcome => outcome.Task == task.Id), "it ends", () => host.AgentLog, seconds: 60);
        host.Api.Outcomes.All.Single(outcome => outcome.Task == task.Id).Result.Error!.Code.ShouldBe("not-wanted");
    }
}
