using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Phoenix.Collector.Tests;

/// <summary>TLS for the peers of tests.</summary>
internal static class Listening
{
    /// <param name="server">Null for plain text.</param>
    /// <param name="clientAuthority">PEM of the authority whose certificates clients must show; null asks for none.</param>
    public static void UseCertificates(this ListenOptions listen, X509Certificate2? server, string? clientAuthority)
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
                    using var authority = X509Certificate2.CreateFromPem(clientAuthority);
                    using var chain = new X509Chain();
                    chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
                    chain.ChainPolicy.CustomTrustStore.Add(authority);
                    chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
                    return chain.Build(certificate);
                };
            }
        });
    }
}
