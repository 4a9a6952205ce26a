using System.Collections.Concurrent;
using System.Security.Cryptography;
using Phoenix.Contracts;

namespace Phoenix.Api.Signing;

/// <summary>
/// Private keys, newest first: the first signs, each of the others endorses the one before it, so that hosts that trust an
/// older key can follow to the newest. The one before the newest is still good, since a node or a host may not have heard of
/// the change; those before that are only links.
/// </summary>
public sealed class SigningKeyRing
{
    const int KeptSignatures = 10_000;

    readonly ECDsa _current;
    readonly Lock _signing = new();
    readonly ConcurrentDictionary<string, string> _signatures = new();

    SigningKeyRing(ECDsa current, IReadOnlyList<SigningKey> publicKeys) => (_current, PublicKeys) = (current, publicKeys);

    public IReadOnlyList<SigningKey> PublicKeys { get; }

    /// <param name="newestFirst">At least one; the ring owns them from here on.</param>
    public static SigningKeyRing Of(IReadOnlyList<ECDsa> newestFirst)
    {
        var keys = newestFirst.Select(key => Convert.ToBase64String(key.ExportSubjectPublicKeyInfo())).ToList();
        var published = keys.Select((key, i) => new SigningKey(
            ConfigurationSignature.KeyId(key), key,
            i + 1 < keys.Count ? ConfigurationSignature.Sign(newestFirst[i + 1], ConfigurationSignature.OfKey(key)) : null,
            Retired: i > 1)).ToList();
        foreach (var older in newestFirst.Skip(1)) older.Dispose();
        return new SigningKeyRing(newestFirst[0], published);
    }

    /// <summary>One signature per configuration: the same bytes may go to ten thousand hosts.</summary>
    public string Sign(string configurationHash)
    {
        if (_signatures.TryGetValue(configurationHash, out var known)) return known;
        if (_signatures.Count > KeptSignatures) _signatures.Clear();
        return _signatures[configurationHash] = Sign(ConfigurationSignature.OfConfiguration(configurationHash));
    }

    public string Sign(byte[] message)
    {
        lock (_signing)
            return ConfigurationSignature.Sign(_current, message);
    }
}
