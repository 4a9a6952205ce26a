using System.Net;
using System.Security.Cryptography;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// Whose configurations this host runs. The keys of <see cref="AgentSettings.TrustedKeysVariable"/> where the host owner gave
/// some, and then no others; else the control plane's, pinned at the first contact, and from then on only what a pinned one
/// endorses. A host that never heard of a key (its control plane does not sign) takes configurations as they come, and says so.
/// </summary>
internal sealed class TrustedKeys(AgentSettings settings, ApiClient api, IdentityFile identity)
{
    private bool _saidUnsigned;

    private IReadOnlyList<string> Trusted => settings.TrustedKeys ?? identity.Current.SigningKeys ?? [];

    /// <summary>Pins the keys of the first contact, where the enrolment did not: a host that was enrolled by an earlier agent.</summary>
    public async Task EnsureAsync(CancellationToken cancellation)
    {
        for (var failures = 1; Trusted.Count is 0; failures++)
        {
            var answer = await RefreshAsync(cancellation);
            if (answer.IsSuccess || answer.Status is HttpStatusCode.NotFound)
                return;
            await Task.Delay(RetryDelay.After(failures, answer.RetryAfter, Random.Shared.NextDouble()), cancellation);
        }
    }

    /// <summary>Takes what the control plane offers, as far as it may be trusted.</summary>
    public void Offer(IReadOnlyList<SigningKey>? offered)
    {
        if (settings.TrustedKeys is not null || offered is not { Count: > 0 })
            return;
        var pinned = identity.Current.SigningKeys ?? [];
        var next = Follow(pinned, offered);
        if (next.Count is 0)
        {
            Log.Error("The control plane offers signing keys that none of the pinned ones endorses; they are not taken.",
                ("offered", string.Join(' ', offered.Select(key => key.Id))), ("pinned", string.Join(' ', pinned.Select(ConfigurationSignature.KeyId))),
                ("remedy", $"if the control plane was set up anew, put its keys into the file that {AgentSettings.TrustedKeysVariable} names"));
            return;
        }
        if (next.SequenceEqual(pinned))
            return;
        identity.Change(known => known with { SigningKeys = next });
        Log.Info(pinned.Count is 0 ? "The control plane's signing keys are pinned." : "The control plane's signing keys have changed, endorsed by a pinned one.",
            ("keys", string.Join(' ', next.Select(ConfigurationSignature.KeyId))));
    }

    /// <summary>Why a configuration is not to be run; null where it may.</summary>
    /// <param name="what">Names the configuration for a person.</param>
    public Task<TaskError?> CheckAsync(string what, string configurationHash, string? signature, CancellationToken cancellation) =>
        CheckAsync(what, ConfigurationSignature.OfConfiguration(configurationHash), signature, mayBeUnsigned: true, cancellation);

    /// <summary>Why something that is signed for another purpose is not to be run; null where it may.</summary>
    /// <param name="message">What is signed, with its purpose.</param>
    /// <param name="mayBeUnsigned">Whether it is taken as it comes from a control plane that does not sign.</param>
    public async Task<TaskError?> CheckAsync(string what, byte[] message, string? signature, bool mayBeUnsigned, CancellationToken cancellation)
    {
        var signer = ConfigurationSignature.SignerOf(signature);
        ApiAnswer? asked = null;
        if (settings.TrustedKeys is null && !Trusted.Any(key => ConfigurationSignature.KeyId(key) == signer))
            asked = await RefreshAsync(cancellation);
        if (Trusted.Count is 0)
        {
            if (!mayBeUnsigned || asked?.Status is not HttpStatusCode.NotFound)
                return Invalid(what, "this host could not yet learn whose signature counts", retryable: true);
            if (!_saidUnsigned)
                Log.Warn("The control plane does not sign configurations, so they are run as they come.", ("remedy", "upgrade the control plane"));
            _saidUnsigned = true;
            return null;
        }
        if (signer is null)
            return Invalid(what, signature is null ? "it is not signed" : "what it carries is no signature", retryable: false);
        if (Trusted.FirstOrDefault(key => ConfigurationSignature.KeyId(key) == signer) is not { } publicKey)
            return Invalid(what, $"key '{signer}' is not trusted on this host", retryable: asked is { IsTransient: true });
        return ConfigurationSignature.IsBy(publicKey, signature, message)
            ? null : Invalid(what, $"the signature is not key '{signer}' over it", retryable: false);
    }

    /// <summary>
    /// The offered keys that may be pinned: at the first contact all that still sign; later those that a pinned one endorses,
    /// over as many steps as it takes.
    /// </summary>
    internal static IReadOnlyList<string> Follow(IReadOnlyList<string> pinned, IReadOnlyList<SigningKey> offered)
    {
        if (pinned.Count is 0)
            return [.. offered.Where(key => !key.Retired).Select(key => key.PublicKey)];
        var trusted = pinned.ToHashSet(StringComparer.Ordinal);
        var reached = offered.Where(key => trusted.Contains(key.PublicKey)).ToHashSet();
        while (offered.FirstOrDefault(key => !reached.Contains(key) && reached.Any(older =>
            ConfigurationSignature.IsBy(older.PublicKey, key.Endorsement, ConfigurationSignature.OfKey(key.PublicKey)))) is { } endorsed)
            reached.Add(endorsed);
        return [.. offered.Where(key => reached.Contains(key) && !key.Retired).Select(key => key.PublicKey)];
    }

    /// <summary>Reads the public keys of a PEM file (<c>BEGIN PUBLIC KEY</c>).</summary>
    /// <exception cref="SettingsException">The file cannot be used.</exception>
    public static IReadOnlyList<string> ReadFile(string path)
    {
        SettingsException Wrong(string problem) => new(AgentSettings.TrustedKeysVariable, $"is {path}, which {problem}",
            "let it hold PEM blocks 'PUBLIC KEY' of P-256, as openssl pkey -pubout writes them");

        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Wrong($"cannot be read ({e.Message.TrimEnd('.')})");
        }
        List<string> keys = [];
        for (var rest = text.AsSpan(); PemEncoding.TryFind(rest, out var found); rest = rest[found.Location.End..])
        {
            if (rest[found.Label] is not "PUBLIC KEY")
                throw Wrong($"holds a block '{rest[found.Label]}'");
            using var key = ECDsa.Create();
            try
            {
                key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(rest[found.Base64Data].ToString()), out _);
            }
            catch (CryptographicException)
            {
                throw Wrong("holds a block that is no elliptic curve key");
            }
            if (key.KeySize is not 256)
                throw Wrong("holds a key of another curve");
            keys.Add(Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()));
        }
        return keys.Count > 0 ? keys : throw Wrong("holds no key");
    }

    private async Task<ApiAnswer> RefreshAsync(CancellationToken cancellation)
    {
        var (answer, keys) = await api.GetAsync("api/v2/signing-keys", WireJson.Default.SigningKeys, TimeSpan.Zero, cancellation);
        if (answer.IsSuccess)
            Offer(keys?.Keys);
        else if (answer.Status is not HttpStatusCode.NotFound)
            Log.Warn("The control plane's signing keys could not be fetched.", ("status", (int?)answer.Status), ("code", answer.Code), ("detail", answer.Detail));
        return answer;
    }

    private static TaskError Invalid(string what, string problem, bool retryable) => new("signature-invalid",
        $"{what} is not run: {problem}. Whose signatures count here is in identity.json of the agent's state directory, or in the file that {AgentSettings.TrustedKeysVariable} names.",
        retryable, []);
}
