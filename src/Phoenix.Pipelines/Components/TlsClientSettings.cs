namespace Phoenix.Pipelines.Components;

/// <summary>
/// <c>tls</c> of an exporter, with the OpenTelemetry Collector's keys (configtls client settings).
/// </summary>
/// <param name="Insecure">Plain text instead of TLS. Where an URL has a scheme, the scheme decides.</param>
/// <param name="SkipVerify">TLS with any certificate: encrypted, but to whomever answers.</param>
/// <param name="CaFile">PEM certificates that sign the backend's; null trusts the system's.</param>
/// <param name="CertFile">PEM certificate (chain) that this client shows, for mutual TLS.</param>
/// <param name="KeyFile">PEM private key of <paramref name="CertFile"/>.</param>
/// <param name="ServerName">The name that the backend's certificate must have, also sent as the request's host; null takes the endpoint's.</param>
public sealed record TlsClientSettings(
    bool Insecure, bool SkipVerify, FileReference? CaFile, FileReference? CertFile, FileReference? KeyFile, string? ServerName)
{
    internal static TlsClientSettings Read(SectionReader? section)
    {
        if (section is null)
        {
            return new(false, false, null, null, null, null);
        }

        var settings = new TlsClientSettings(
            // Plain text. Default false.
            section.Flag("insecure", false),
            // Accept any certificate. Default false.
            section.Flag("insecure_skip_verify", false),
            // PEM file of the certificates that sign the backend's. Default: the system's.
            FileReference.Read(section, "ca_file"),
            // PEM file of the client certificate, leaf first.
            FileReference.Read(section, "cert_file"),
            // PEM file of its private key, not encrypted.
            FileReference.Read(section, "key_file"),
            // Name expected in the backend's certificate. Default: the endpoint's host.
            section.Text("server_name_override"));
        if (section.Has("cert_file") != section.Has("key_file"))
        {
            var (has, lacks) = section.Has("cert_file") ? ("cert_file", "key_file") : ("key_file", "cert_file");
            section.Error(has, $"needs {lacks} beside it", $"add {lacks}: a client certificate is used with its private key");
        }

        if (settings.SkipVerify && settings.CaFile is not null)
        {
            section.Error("ca_file", "has no effect beside insecure_skip_verify", "remove one of the two");
        }

        section.RejectUnknown();
        return settings;
    }
}
