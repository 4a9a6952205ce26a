using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Phoenix.Collector.Tests;

/// <summary>An authority of its own for one test, and what it signs, as PEM files.</summary>
internal sealed class Certificates : IDisposable
{
    private readonly Workspace _place;
    private readonly string _name;

    public Certificates(Workspace place, string name = "ca")
    {
        (_place, _name) = (place, name);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        Authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        File.WriteAllText(AuthorityFile, Authority.ExportCertificatePem());
    }

    public X509Certificate2 Authority { get; }

    public string AuthorityFile => _place.File(_name + ".pem");

    public string CertificateFile(string name) => _place.File(name + ".crt");

    public string KeyFile(string name) => _place.File(name + ".key");

    /// <summary>Signs a certificate for a host and writes it and its key beside the authority.</summary>
    public X509Certificate2 Sign(string name, string? host = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (host is null)
        {
            names.AddIpAddress(IPAddress.Loopback);
        }
        else
        {
            names.AddDnsName(host);
        }

        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(Authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(CertificateFile(name), signed.ExportCertificatePem());
        File.WriteAllText(KeyFile(name), key.ExportPkcs8PrivateKeyPem());
        return signed.CopyWithPrivateKey(key);
    }

    public void Dispose() => Authority.Dispose();
}

internal static class Listening
{
    public static void UseCertificates(this ListenOptions listen, X509Certificate2? server, X509Certificate2? clientAuthority)
    {
        if (server is null)
        {
            return;
        }

        listen.UseHttps(https =>
        {
            https.ServerCertificate = server;
            if (clientAuthority is not null)
            {
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.ClientCertificateValidation = (certificate, _, _) =>
                {
                    using var chain = new X509Chain();
                    chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                    chain.ChainPolicy.CustomTrustStore.Add(clientAuthority);
                    chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
                    return chain.Build(certificate);
                };
            }
        });
    }
}
