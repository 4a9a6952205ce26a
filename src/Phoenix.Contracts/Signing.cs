using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Phoenix.Contracts;

/// <summary><c>GET /api/v2/signing-keys</c>: the key that signs configurations now, and those before it, newest first.</summary>
public sealed record SigningKeys(IReadOnlyList<SigningKey> Keys);

/// <summary>A public key whose configurations hosts run.</summary>
/// <param name="Id">The first 16 hex digits of the SHA-256 of <paramref name="PublicKey"/>.</param>
/// <param name="PublicKey">An ECDSA key on P-256, as base64 of its SubjectPublicKeyInfo (RFC 5280).</param>
/// <param name="Endorsement">The word of the key before it, in the form of <see cref="ConfigurationSignature"/>: who trusts that one may trust this one. Null for the first.</param>
/// <param name="Retired">Nothing is signed by it any more; it is here for its endorsement of the next one.</param>
public sealed record SigningKey(string Id, string PublicKey, string? Endorsement = null, bool Retired = false);

/// <summary>
/// Signatures of the control plane: <c>KEYID.SIGNATURE</c>, where SIGNATURE is base64url of the 64 bytes of ECDSA on P-256 with
/// SHA-256 (IEEE P1363 form). What is signed begins with its purpose, so that a signature for one means nothing for another.
/// </summary>
public static class ConfigurationSignature
{
    private const string ConfigurationPurpose = "phoenix-configuration-v1\n";
    private const int SignatureLength = 16 + 1 + 86;
    private const string KeyPurpose = "phoenix-signing-key-v1\n";

    /// <summary>What is signed for a configuration.</summary>
    /// <param name="configurationHash">Lower-case hex SHA-256 of the configuration's UTF-8 bytes.</param>
    public static byte[] OfConfiguration(string configurationHash) => Encoding.UTF8.GetBytes(ConfigurationPurpose + configurationHash);

    /// <summary>What the key before it signs for a new one.</summary>
    public static byte[] OfKey(string publicKey) => Encoding.UTF8.GetBytes(KeyPurpose + publicKey);

    public static string KeyId(string publicKey) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(publicKey)))[..16];

    /// <summary>Signs a message in the name of a key.</summary>
    public static string Sign(ECDsa key, byte[] message)
    {
        var publicKey = Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());
        return $"{KeyId(publicKey)}.{Base64Url.EncodeToString(key.SignData(message, HashAlgorithmName.SHA256))}";
    }

    /// <summary>The id of the key that is said to have signed; null where the text is no signature.</summary>
    public static string? SignerOf(string? signature) => signature is { Length: SignatureLength } && signature[16] is '.' ? signature[..16] : null;

    /// <summary>Whether the key signed the message.</summary>
    /// <param name="publicKey">As <see cref="SigningKey.PublicKey"/>; one that is no key of P-256 signed nothing.</param>
    public static bool IsBy(string publicKey, string? signature, byte[] message)
    {
        if (SignerOf(signature) != KeyId(publicKey) || !Base64Url.IsValid(signature.AsSpan(17)))
            return false;
        using var key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(publicKey), out _);
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return false;
        }
        return key.KeySize is 256 && key.VerifyData(message, Base64Url.DecodeFromChars(signature.AsSpan(17)), HashAlgorithmName.SHA256);
    }
}
