using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Phoenix.Api.Signing;
using Phoenix.Contracts;

namespace Phoenix.Api.Tests;

/// <summary>What a host is told to run carries the control plane's word.</summary>
[Collection(nameof(ControlPlane))]
public sealed class SigningTests(ControlPlane plane)
{
    [Fact]
    public async Task a_previewed_configuration_is_signed_by_the_key_that_the_enrolment_told()
    {
        var agent = await TestAgent.Enrol(plane);
        var key = (await Keys())[0];
        var asked = await plane.User.PostAsJsonAsync("/api/v2/pipelines/preview", new { configuration = Scenario.Yaml, hosts = new[] { agent.HostId } });
        asked.StatusCode.ShouldBe(HttpStatusCode.Accepted, await asked.Content.ReadAsStringAsync());

        var order = (await agent.Poll()).ShouldHaveSingleItem().Preview!;

        ConfigurationSignature.IsBy(key.PublicKey, order.Signature, ConfigurationSignature.OfConfiguration(order.ConfigurationHash)).ShouldBeTrue();
    }

    [Fact]
    public async Task an_enrolment_tells_the_keys()
    {
        var credential = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).Replace('+', '-').Replace('/', '_').TrimEnd('=');
        var answer = await plane.Anonymous().PostAsJsonAsync("/api/v2/agents/enrol",
            new EnrolmentRequest($"host-{Guid.NewGuid():N}", plane.EnrolmentToken, credential, "1.0", "linux", "x64"));
        var told = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), WireJson.Default.EnrolmentResponse)!;
        told.SigningKeys!.Select(key => key.Id).ShouldBe((await Keys()).Select(key => key.Id));
    }

    [Fact]
    public async Task a_rotated_key_is_endorsed_by_the_one_before_and_signs_from_then_on_on_every_node()
    {
        var before = (await Keys())[0];
        var rotated = await plane.User.PostAsync("/api/v2/signing-keys", null);
        rotated.StatusCode.ShouldBe(HttpStatusCode.Created, await rotated.Content.ReadAsStringAsync());

        var keys = await Keys();
        keys[0].Id.ShouldNotBe(before.Id);
        keys[1].PublicKey.ShouldBe(before.PublicKey);
        ConfigurationSignature.IsBy(before.PublicKey, keys[0].Endorsement, ConfigurationSignature.OfKey(keys[0].PublicKey)).ShouldBeTrue();
        var signer = plane.Host.Services.GetRequiredService<ConfigurationSigner>();
        ConfigurationSignature.SignerOf(signer.Sign("abc")).ShouldBe(keys[0].Id);

        var secretFile = Path.GetTempFileName();
        await using var other = await ControlPlane.Start(plane.ConnectionString, secretFile);
        ConfigurationSignature.SignerOf(other.Services.GetRequiredService<ConfigurationSigner>().Sign("abc")).ShouldBe(keys[0].Id);
        File.Delete(secretFile);
    }

    [Fact]
    public async Task a_key_in_a_file_signs_and_is_endorsed_by_the_databases()
    {
        var stored = (await Keys())[0];
        using var mine = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, mine.ExportPkcs8PrivateKeyPem());
        var secretFile = Path.GetTempFileName();
        await using var host = await ControlPlane.Start(plane.ConnectionString, secretFile, (SigningKeyFile.Variable, file));

        var keys = JsonSerializer.Deserialize(await host.Server.CreateClient().GetStringAsync("/api/v2/signing-keys"), WireJson.Default.SigningKeys)!.Keys;
        keys[0].PublicKey.ShouldBe(Convert.ToBase64String(mine.ExportSubjectPublicKeyInfo()));
        ConfigurationSignature.IsBy(stored.PublicKey, keys[0].Endorsement, ConfigurationSignature.OfKey(keys[0].PublicKey)).ShouldBeTrue();
        var client = host.Server.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", plane.Token);
        await (await client.PostAsync("/api/v2/signing-keys", null)).ShouldBeProblem(HttpStatusCode.Conflict, "signing-key-in-file");
        File.Delete(file);
        File.Delete(secretFile);
    }

    [Fact]
    public void a_file_without_a_usable_key_says_how_a_good_one_is_made()
    {
        var file = Path.GetTempFileName();
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        foreach (var content in new[] { "", other.ExportPkcs8PrivateKeyPem(), rsa.ExportPkcs8PrivateKeyPem(), other.ExportSubjectPublicKeyInfoPem() })
        {
            File.WriteAllText(file, content);
            Should.Throw<FormatException>(() => SigningKeyFile.Read(file)).Message.ShouldContain("openssl genpkey");
        }
        File.Delete(file);
        Should.Throw<FormatException>(() => SigningKeyFile.Read(file)).Message.ShouldContain("cannot be read");
    }

    async Task<IReadOnlyList<SigningKey>> Keys() =>
        JsonSerializer.Deserialize(await plane.Anonymous().GetStringAsync("/api/v2/signing-keys"), WireJson.Default.SigningKeys)!.Keys;
}
