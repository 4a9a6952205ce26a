namespace Phoenix.Pipelines.Components;

/// <summary>
/// TLS of a listener (<c>tls</c>), with the OpenTelemetry Collector's keys. Files are PEM. They are read again when they
/// change, without a restart and without closing the listener; a file that cannot be read leaves the last good one in force.
/// </summary>
/// <param name="ClientCaFile">Authorities of client certificates; where set, a client without a valid one is refused.</param>
/// <param name="ReloadInterval">How often the files are looked at, at most; it happens when a client connects.</param>
/// <param name="Tls13Only">Whether TLS 1.2 is refused.</param>
public sealed record ServerTlsSettings(string CertFile, string KeyFile, string? ClientCaFile, TimeSpan ReloadInterval, bool Tls13Only)
{
    internal static ServerTlsSettings? Read(SectionReader? section)
    {
        if (section is null)
        {
            return null;
        }

        // The certificate, and the intermediate ones behind it. Required.
        var certificate = section.RequiredText("cert_file", "name a PEM file with the server's certificate");
        // Its private key, unencrypted. Required.
        var key = section.RequiredText("key_file", "name a PEM file with the certificate's private key");
        // Authorities that client certificates must come from (mutual TLS). Default: no client certificate is asked for.
        var clients = section.Text("client_ca_file");
        // How often the files are looked at for a change. Default 1m.
        var reload = section.Duration("reload_interval", TimeSpan.FromMinutes(1), TimeSpan.Zero, TimeSpan.FromDays(1));
        // 1.2 or 1.3. Default 1.2.
        var tls13 = section.Choice("min_version", false, ("1.2", false), ("1.3", true));
        section.RejectUnknown();
        return new(certificate, key, clients, reload, tls13);
    }
}
