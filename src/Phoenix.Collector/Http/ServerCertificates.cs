using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Http;

/// <summary>
/// The certificate of a listener and the authorities of its clients. Files that were replaced are taken over when the next
/// client connects; where they cannot be read the last good ones stay, and a warning says why.
/// </summary>
internal sealed class ServerCertificates
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly ServerTlsSettings _settings;
    private readonly SslApplicationProtocol _protocol;
    private readonly Lock _gate = new();
    private SslServerAuthenticationOptions _options;
    private (DateTime Certificate, DateTime Key, DateTime Clients) _written;
    private long _lookedAt = Environment.TickCount64;

    /// <exception cref="IOException">A file cannot be read, or does not hold what it should.</exception>
    public ServerCertificates(ServerTlsSettings settings, SslApplicationProtocol protocol)
    {
        (_settings, _protocol) = (settings, protocol);
        _written = Written();
        _options = Load();
    }

    /// <summary>What the next handshake uses.</summary>
    public SslServerAuthenticationOptions Current()
    {
        lock (_gate)
        {
            if (Environment.TickCount64 - _lookedAt >= _settings.ReloadInterval.TotalMilliseconds)
            {
                _lookedAt = Environment.TickCount64;
                TakeOverChanges();
            }

            return _options;
        }
    }

    private void TakeOverChanges()
    {
        var written = Written();
        if (written == _written)
        {
            return;
        }

        try
        {
            _options = Load();
            _written = written;
            Log.Info("certificate read again", ("file", _settings.CertFile));
        }
        catch (IOException e)
        {
            // Between the writing of the certificate and that of its key the two do not fit: the next look will see both.
            Log.Warn("the changed certificate cannot be used; the one before stays", ("file", _settings.CertFile), ("reason", e.Message));
        }
    }

    private (DateTime Certificate, DateTime Key, DateTime Clients) Written() =>
        (File.GetLastWriteTimeUtc(_settings.CertFile), File.GetLastWriteTimeUtc(_settings.KeyFile), _settings.ClientCaFile is { } clients ? File.GetLastWriteTimeUtc(clients) : default);

    private SslServerAuthenticationOptions Load()
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(_settings.CertFile, _settings.KeyFile);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(_settings.CertFile);
            return new SslServerAuthenticationOptions
            {
                ApplicationProtocols = [_protocol],
                EnabledSslProtocols = _settings.Tls13Only ? SslProtocols.Tls13 : SslProtocols.Tls12 | SslProtocols.Tls13,
                ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
                ClientCertificateRequired = _settings.ClientCaFile is not null,
                CertificateChainPolicy = _settings.ClientCaFile is { } file ? ClientsOf(file) : null,
            };
        }
        catch (Exception e) when (e is CryptographicException or UnauthorizedAccessException)
        {
            throw new IOException($"the certificate {_settings.CertFile} with the key {_settings.KeyFile} cannot be used: {e.Message}", e);
        }
    }

    private static X509ChainPolicy ClientsOf(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        if (authorities.Count == 0)
        {
            throw new IOException($"client_ca_file {file} holds no certificate");
        }

        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            ApplicationPolicy = { new Oid(ClientAuthentication) },
        };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
