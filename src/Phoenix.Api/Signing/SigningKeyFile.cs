using System.Security.Cryptography;

namespace Phoenix.Api.Signing;

/// <summary>Private keys of a PEM file (PKCS#8, <c>BEGIN PRIVATE KEY</c>), ECDSA on P-256, newest first.</summary>
public static class SigningKeyFile
{
    public const string Variable = "PHOENIX_SIGNING_KEY_FILE";

    /// <exception cref="FormatException">Says what is wrong with the file and how a good one is made.</exception>
    public static IReadOnlyList<ECDsa> Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Wrong(path, $"cannot be read ({e.Message.TrimEnd('.')})", e);
        }
        List<ECDsa> keys = [];
        for (var rest = text.AsSpan(); PemEncoding.TryFind(rest, out var found); rest = rest[found.Location.End..])
        {
            if (rest[found.Label] is not "PRIVATE KEY") throw Wrong(path, $"holds a block '{rest[found.Label]}'", null);
            var key = ECDsa.Create();
            keys.Add(key);
            try
            {
                key.ImportPkcs8PrivateKey(Convert.FromBase64String(rest[found.Base64Data].ToString()), out _);
            }
            catch (CryptographicException e)
            {
                throw Wrong(path, $"holds a block that is no elliptic curve key ({e.Message.TrimEnd('.')})", e);
            }
            if (key.ExportParameters(false).Curve.Oid.Value is not "1.2.840.10045.3.1.7") throw Wrong(path, "holds a key of another curve", null);
        }
        return keys.Count > 0 ? keys : throw Wrong(path, "holds no key", null);
    }

    static FormatException Wrong(string path, string problem, Exception? inner) => new(
        $"{Variable} is {path}, which {problem}. It takes PEM blocks 'PRIVATE KEY' (PKCS#8) of P-256, the newest first: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256.", inner);
}
