using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Exporters;

/// <summary>HTTP clients to backends, with the certificates that the configuration names.</summary>
internal static class BackendClient
{
    /// <exception cref="UnusableFileException">A certificate or key cannot be read.</exception>
    public static HttpClient Create(TlsClientSettings tls, TimeSpan timeout)
    {
        var client = new HttpClient(new SocketsHttpHandler
        {
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            SslOptions = Options(tls),
        })
        {
            Timeout = timeout,
        };
        if (tls.ServerName is { Length: > 0 } name)
        {
            // The handler takes the name to look for in the certificate from here, whatever its TLS options say.
            client.DefaultRequestHeaders.Host = name;
        }

        return client;
    }

    private static SslClientAuthenticationOptions Options(TlsClientSettings tls)
    {
        var options = new SslClientAuthenticationOptions();
        if (tls.CaFile is { } caFile)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(Read(caFile, "PEM certificates", () =>
            {
                var certificates = new X509Certificate2Collection();
                certificates.ImportFromPemFile(caFile.Path);
                return certificates.Count > 0 ? certificates : throw new CryptographicException("it holds no certificate");
            }));
            options.CertificateChainPolicy = policy;
        }

        if (tls is { CertFile: { } certFile, KeyFile: { } keyFile })
        {
            // Each on its own first, so that the error names the file that is at fault.
            var certificates = Read(certFile, "PEM certificates", () =>
            {
                var chain = new X509Certificate2Collection();
                chain.ImportFromPemFile(certFile.Path);
                return chain.Count > 0 ? chain : throw new CryptographicException("it holds no certificate");
            });
            var leaf = Read(keyFile, $"the PEM private key of {certFile.Path}", () => X509Certificate2.CreateFromPemFile(certFile.Path, keyFile.Path));
            options.ClientCertificateContext = SslStreamCertificateContext.Create(leaf, [.. certificates.Skip(1)], offline: true);
        }

        if (tls.SkipVerify)
        {
#pragma warning disable CA5359 // The user asked for exactly this, by the name of insecure_skip_verify.
            options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        return options;
    }

    private static T Read<T>(FileReference file, string what, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new UnusableFileException(file, $"{file.Path} cannot be used: {e.Message}", $"name a file with {what}, readable by this user");
        }
    }
}

/// <summary>A file that the configuration names cannot be used.</summary>
internal sealed class UnusableFileException(FileReference file, string problem, string remedy)
    : Exception($"{file.Key}: {problem}; {remedy}")
{
    public FileReference File => file;

    public string Problem => problem;

    public string Remedy => remedy;
}
