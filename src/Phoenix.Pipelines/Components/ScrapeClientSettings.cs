namespace Phoenix.Pipelines.Components;

/// <summary>How a job speaks to its targets. Secrets come from the configuration or, better, from files that are read at each scrape.</summary>
/// <param name="Authorization">The scheme behind which the credentials stand, such as <c>Bearer</c>; null where there are none.</param>
/// <param name="Credentials">The credentials, or null where they are in <paramref name="CredentialsFile"/>.</param>
/// <param name="BasicUser">User of HTTP basic authentication; its password is in the credentials.</param>
public sealed record ScrapeClientSettings(
    string? Authorization, string? BasicUser, string? Credentials, string? CredentialsFile, ScrapeTlsSettings Tls, bool FollowRedirects, bool Compressed, bool Http2)
{
    internal static ScrapeClientSettings Read(SectionReader section)
    {
        var (scheme, user, credentials, file) = Credentialed(section);
        return new(
            scheme, user, credentials, file,
            // TLS to targets of scheme https.
            ScrapeTlsSettings.Read(section.Section("tls_config")),
            // Whether redirects are followed. Default true.
            section.Flag("follow_redirects", true),
            // Whether targets may compress their answer. Default true.
            section.Flag("enable_compression", true),
            // Whether HTTP/2 is offered to targets of scheme https. Default true.
            section.Flag("enable_http2", true));
    }

    private static (string? Scheme, string? User, string? Credentials, string? File) Credentialed(SectionReader section)
    {
        // User and password; the password may be in a file.
        var basic = section.Section("basic_auth");
        // A scheme (default Bearer) with credentials, or with a file that holds them.
        var authorization = section.Section("authorization");
        // Older spellings of authorization with Bearer.
        var (bearer, bearerFile) = (section.Text("bearer_token"), section.Text("bearer_token_file"));
        if ((basic is null ? 0 : 1) + (authorization is null ? 0 : 1) + (bearer is null ? 0 : 1) + (bearerFile is null ? 0 : 1) > 1)
        {
            section.Error(basic is not null ? "basic_auth" : "authorization", "stands beside another way to authenticate", "keep one of basic_auth, authorization, bearer_token and bearer_token_file");
        }

        if (basic is not null)
        {
            var user = basic.RequiredText("username", "name the user");
            var password = One(basic, "password", "password_file");
            basic.RejectUnknown();
            return ("Basic", user, password.Text, password.File);
        }

        if (authorization is not null)
        {
            var scheme = authorization.Text("type") ?? "Bearer";
            var secret = One(authorization, "credentials", "credentials_file");
            authorization.RejectUnknown();
            if (scheme.Equals("basic", StringComparison.OrdinalIgnoreCase))
            {
                authorization.Error("type", "cannot be Basic", "use basic_auth");
            }

            return (scheme, null, secret.Text, secret.File);
        }

        return bearer is null && bearerFile is null ? default : ("Bearer", null, bearer, bearerFile);
    }

    private static (string? Text, string? File) One(SectionReader section, string text, string file)
    {
        if (section.Has(text) == section.Has(file))
        {
            section.Error($"needs either {text} or {file}", $"write one of the two; {file} is read again at each scrape");
        }

        return (section.Text(text), section.Text(file));
    }
}

/// <summary><c>tls_config</c> of a scrape job, with Prometheus' keys. Files are PEM and are read when the job begins.</summary>
/// <param name="CaFile">Authorities of the targets; the system's where null.</param>
public sealed record ScrapeTlsSettings(string? CaFile, string? CertFile, string? KeyFile, string? ServerName, bool InsecureSkipVerify)
{
    internal static ScrapeTlsSettings Read(SectionReader? section)
    {
        if (section is null)
        {
            return new(null, null, null, null, false);
        }

        var settings = new ScrapeTlsSettings(
            section.Text("ca_file"),
            // The client's certificate and key, for targets that ask for one.
            section.Text("cert_file"),
            section.Text("key_file"),
            // The name that the target's certificate must have, where it is not the address.
            section.Text("server_name"),
            // Takes any certificate. Default false.
            section.Flag("insecure_skip_verify", false));
        if (section.Has("cert_file") != section.Has("key_file"))
        {
            section.Error("needs cert_file and key_file together", "name both, or none");
        }

        section.RejectUnknown();
        return settings;
    }
}
