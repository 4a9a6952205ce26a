using System.Security.Cryptography;
using Phoenix.Contracts;

namespace Phoenix.Api.Signing;

/// <summary>A private key that the control plane made for itself, where no file gives one. All nodes share it through the database.</summary>
public sealed record StoredSigningKey
{
    /// <summary>1, 2, 3, … in the order they were made, in ten digits: two nodes that make the same one collide, and the second takes the first's.</summary>
    public string Id { get; init; } = "";

    /// <summary>PKCS#8, base64.</summary>
    public string PrivateKey { get; init; } = "";

    public DateTimeOffset MadeAt { get; init; }

    public static StoredSigningKey After(StoredSigningKey? previous, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var number = previous is null ? 1 : int.Parse(previous.Id) + 1;
        return new StoredSigningKey { Id = number.ToString("D10"), PrivateKey = Convert.ToBase64String(key.ExportPkcs8PrivateKey()), MadeAt = now };
    }

    public ECDsa Open()
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(Convert.FromBase64String(PrivateKey), out _);
        return key;
    }

    public string PublicId()
    {
        using var key = Open();
        return ConfigurationSignature.KeyId(Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()));
    }
}
