using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Phoenix.Domain;
using Phoenix.Domain.Backends;

namespace Phoenix.Api.Backends;

/// <summary>Whom Phoenix trusts to be a backend, and what it shows for itself. There is no way to trust everybody.</summary>
static class BackendTls
{
    public const int MaxPemLength = 65_536;

    public static SslClientAuthenticationOptions Options(BackendSettings settings, BackendCredential? credential)
    {
        var options = new SslClientAuthenticationOptions();
        if (settings.CertificateAuthority is { } authority)
        {
            // Revocation is not asked for: authorities of an organisation seldom publish it, and a list that cannot be fetched would refuse everything.
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.ImportFromPem(authority);
        }
        if (settings.ClientCertificate is { } certificate && credential?.ClientKey is { } key)
            options.ClientCertificateContext = SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(certificate, key), null, offline: true);
        return options;
    }

    /// <summary>Why the PEM texts are none; null where they are. A key that is not given is not looked at.</summary>
    public static Rejection? Check(string? authority, string? certificate, string? key)
    {
        try
        {
            if (authority is not null)
            {
                X509Certificate2Collection found = [];
                found.ImportFromPem(authority);
                if (found.Count == 0) return Rejection.Invalid("certificate-invalid", "certificateAuthority", "There is no certificate in it. It takes PEM blocks 'CERTIFICATE'.");
                foreach (var one in found) one.Dispose();
            }
        }
        catch (CryptographicException)
        {
            return Rejection.Invalid("certificate-invalid", "certificateAuthority", "It holds a block that is no certificate. It takes PEM blocks 'CERTIFICATE'.");
        }
        try
        {
            if (certificate is null) return null;
            using var client = key is null ? X509Certificate2.CreateFromPem(certificate) : X509Certificate2.CreateFromPem(certificate, key);
            return null;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // What the key is like must not be in an answer.
            return Rejection.Invalid("certificate-invalid", "clientCertificate", "Certificate and key are not one pair. They take PEM blocks 'CERTIFICATE' and 'PRIVATE KEY', which is not encrypted.");
        }
    }
}
