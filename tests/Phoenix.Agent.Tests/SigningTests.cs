using System.Security.Cryptography;
using Phoenix.Contracts;

namespace Phoenix.Agent.Tests;

public sealed class SigningTests : IDisposable
{
    private const string Good = "note: first\n";
    private const string Better = "note: second\n";
    private readonly List<ECDsa> _keys = [];

    public void Dispose() => _keys.ForEach(key => key.Dispose());

    [Fact]
    public async Task only_what_the_pinned_key_signed_is_run()
    {
        var (key, other) = (Key(), Key());
        await using var host = await Host.StartAsync(before: host => host.Api.Keys = Published(key));

        foreach (var (forged, why) in new (DesiredCollector, string)[]
        {
            (Host.Production(Good), "not signed"),
            (Signed(Host.Production(Good), other), "not trusted"),
            (Host.Production(Good) with { Signature = Signed(Host.Production(Better), key).Signature }, "is not key"),
            (Host.Production(Good) with { Signature = "nonsense" }, "no signature"),
        })
        {
            var refused = (await host.RunAsync(forged)).Error!;
            (refused.Code, refused.Retryable).ShouldBe(("signature-invalid", false));
            refused.Detail.ShouldContain(why);
            host.State("production").ShouldBeNull();
        }

        (await host.RunAsync(Signed(Host.Production(Good), key))).Outcome.ShouldBe(TaskOutcome.Succeeded);
        (await host.RunAsync(Signed(Host.Production(Good), key), Host.Candidate(Better))).Error!.Code.ShouldBe("signature-invalid");
        host.State("candidate-1").ShouldBeNull();
    }

    [Fact]
    public async Task a_previewed_configuration_is_signed_too()
    {
        var key = Key();
        await using var host = await Host.StartAsync(before: host => host.Api.Keys = Published(key));
        await host.RunAsync(Signed(Host.Production(Good), key));
        var order = new PreviewOrder("production", Better, Host.Production(Better).ConfigurationHash, ["up"]);
        var task = new AssignedTask(Guid.NewGuid(), TaskKind.Preview, 1, DateTimeOffset.UtcNow.AddMinutes(1), 1, new DesiredState(null, [], [], null), Preview: order);

        (await host.RunAsync(task)).Error!.Code.ShouldBe("signature-invalid");
        var signed = task with { Id = Guid.NewGuid(), Preview = order with { Signature = Signed(Host.Production(Better), key).Signature } };
        (await host.RunAsync(signed)).Outcome.ShouldBe(TaskOutcome.Succeeded);
    }

    [Fact]
    public async Task a_host_enrolled_by_an_agent_that_knew_no_keys_pins_them_at_the_next_contact()
    {
        var key = Key();
        await using var host = await Host.StartAsync();
        (await host.RunAsync(Host.Production(Good))).Outcome.ShouldBe(TaskOutcome.Succeeded, "this control plane does not sign");
        await host.KillAgentAsync();
        var file = Path.Combine(host.StateDirectory, "identity.json");
        (await File.ReadAllTextAsync(file)).ShouldNotContain("signingKeys");

        host.Api.Keys = Published(key);
        host.StartAgent(token: null);

        (await host.RunAsync(Host.Production(Better))).Error!.Code.ShouldBe("signature-invalid");
        (await host.RunAsync(Signed(Host.Production(Better), key))).Outcome.ShouldBe(TaskOutcome.Succeeded);
        DurableFile.Read(file, AgentJson.Default.Identity)!.SigningKeys.ShouldBe([Published(key)[0].PublicKey]);
    }

    [Fact]
    public async Task a_control_plane_that_begins_to_sign_is_pinned_without_a_restart()
    {
        var key = Key();
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        host.Api.Keys = Published(key);
        (await host.RunAsync(Signed(Host.Production(Better), key))).Outcome.ShouldBe(TaskOutcome.Succeeded);
        (await host.RunAsync(Host.Production(Good))).Error!.Code.ShouldBe("signature-invalid");
    }

    [Fact]
    public async Task a_new_key_is_followed_where_the_old_one_endorses_it_and_else_refused()
    {
        var (old, next, stranger) = (Key(), Key(), Key());
        await using var host = await Host.StartAsync(before: host => host.Api.Keys = Published(old));
        host.Api.Keys = Published(stranger);
        (await host.RunAsync(Signed(Host.Production(Good), stranger))).Error!.Code.ShouldBe("signature-invalid");
        host.AgentLog.ShouldContain("none of the pinned ones endorses");

        host.Api.Keys = Published(next, old);
        (await host.RunAsync(Signed(Host.Production(Good), next))).Outcome.ShouldBe(TaskOutcome.Succeeded);
        (await host.RunAsync(Signed(Host.Production(Better), old))).Outcome.ShouldBe(TaskOutcome.Succeeded, "a node that has not heard of the change still signs with it");
    }

    [Fact]
    public async Task the_host_owners_keys_count_alone()
    {
        var (mine, theirs) = (Key(), Key());
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, mine.ExportSubjectPublicKeyInfoPem());
        try
        {
            await using var host = await Host.StartAsync(before: host =>
            {
                host.Api.Keys = Published(theirs);
                host.Settings[AgentSettings.TrustedKeysVariable] = file;
            });
            (await host.RunAsync(Signed(Host.Production(Good), theirs))).Error!.Code.ShouldBe("signature-invalid");
            (await host.RunAsync(Signed(Host.Production(Good), mine))).Outcome.ShouldBe(TaskOutcome.Succeeded);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void a_file_of_trusted_keys_that_cannot_be_used_is_named()
    {
        var file = Path.GetTempFileName();
        try
        {
            foreach (var content in new[] { "", Key().ExportPkcs8PrivateKeyPem(), "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n" })
            {
                File.WriteAllText(file, content);
                Should.Throw<SettingsException>(() => TrustedKeys.ReadFile(file)).Message.ShouldContain(file);
            }
            Should.Throw<SettingsException>(() => TrustedKeys.ReadFile(file + ".gone")).Message.ShouldContain("cannot be read");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void a_host_that_was_away_follows_over_several_rotations_and_keeps_no_retired_key()
    {
        var (first, second, third) = (Key(), Key(), Key());
        var offered = Published(third, second, first);
        TrustedKeys.Follow([offered[2].PublicKey], offered).ShouldBe([offered[0].PublicKey, offered[1].PublicKey]);
        TrustedKeys.Follow([], offered).ShouldBe([offered[0].PublicKey, offered[1].PublicKey], "at the first contact retired keys are not pinned either");
        TrustedKeys.Follow([Published(Key())[0].PublicKey], offered).ShouldBeEmpty();
        // The oldest key's word was for the second, not for this one.
        var forged = Published(Key())[0] with { Endorsement = offered[1].Endorsement };
        TrustedKeys.Follow([offered[2].PublicKey], [forged, offered[2]]).ShouldBeEmpty("a retired key alone is not pinned again");
    }

    [Fact]
    public void a_signature_counts_for_its_purpose_alone()
    {
        var key = Key();
        var published = Published(key)[0];
        var signature = ConfigurationSignature.Sign(key, ConfigurationSignature.OfConfiguration("abc"));
        ConfigurationSignature.IsBy(published.PublicKey, signature, ConfigurationSignature.OfConfiguration("abc")).ShouldBeTrue();
        ConfigurationSignature.IsBy(published.PublicKey, signature, ConfigurationSignature.OfKey("abc")).ShouldBeFalse();
        ConfigurationSignature.IsBy(published.PublicKey, signature + "=", ConfigurationSignature.OfConfiguration("abc")).ShouldBeFalse();
        ConfigurationSignature.IsBy("AAAA", signature, ConfigurationSignature.OfConfiguration("abc")).ShouldBeFalse();
    }

    private ECDsa Key()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _keys.Add(key);
        return key;
    }

    private static DesiredCollector Signed(DesiredCollector desired, ECDsa key) =>
        desired with { Signature = ConfigurationSignature.Sign(key, ConfigurationSignature.OfConfiguration(desired.ConfigurationHash)) };

    /// <summary>As the control plane publishes them: newest first, each endorsed by the one before it.</summary>
    private static List<SigningKey> Published(params ECDsa[] newestFirst) =>
    [
        .. newestFirst.Select((key, i) =>
        {
            var text = Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());
            return new SigningKey(ConfigurationSignature.KeyId(text), text,
                i + 1 < newestFirst.Length ? ConfigurationSignature.Sign(newestFirst[i + 1], ConfigurationSignature.OfKey(text)) : null, Retired: i > 1);
        }),
    ];
}
