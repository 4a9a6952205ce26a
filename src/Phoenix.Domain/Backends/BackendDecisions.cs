using System.Text.RegularExpressions;
using Phoenix.Domain.Agents;

namespace Phoenix.Domain.Backends;

/// <summary>Which secrets came with a command; what they are is not decided on.</summary>
public sealed record GivenCredential(bool Secret, bool ClientKey)
{
    public static readonly GivenCredential None = new(false, false);
}

public static partial class BackendDecisions
{
    public const string DefaultHostLabel = "host_id";

    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10), MinTimeout = TimeSpan.FromSeconds(1), MaxTimeout = TimeSpan.FromSeconds(60);

    /// <summary>
    /// A backend that exists is changed; the same again is no change. A credential that was given for one server is never sent to another:
    /// who changes the address, or how it is authenticated, gives the credential again.
    /// </summary>
    /// <param name="backend">Null where there is none of the name.</param>
    public static Decision Define(Backend? backend, string name, BackendSettings settings, GivenCredential given)
    {
        if (name.Contains('/', StringComparison.Ordinal) || !HostLabels.IsKey(name))
            return Rejection.Invalid("backend-name-invalid", "name",
                $"A backend's name has 1 to {HostLabels.MaxNameLength} letters, digits, '-', '_', '.', and begins and ends with a letter or digit.");
        if (!LabelName().IsMatch(settings.HostLabel))
            return Rejection.Invalid("host-label-invalid", "hostLabel", "A label's name has letters, digits and '_', and begins with no digit, such as host_id.");
        if (settings.Tenant is not null && !TenantName().IsMatch(settings.Tenant))
            return Rejection.Invalid("tenant-invalid", "tenant", "A tenant has 1 to 150 characters of letters, digits and !-_.*'()|, as Mimir takes them.");
        if (settings.Timeout < MinTimeout || settings.Timeout > MaxTimeout)
            return Rejection.Invalid("timeout-invalid", "timeoutSeconds", $"A request waits for {MinTimeout.TotalSeconds} to {MaxTimeout.TotalSeconds} seconds.");
        if (settings.Authentication == BackendAuthentication.Basic && string.IsNullOrEmpty(settings.UserName))
            return Rejection.Invalid("user-name-missing", "userName", "Basic authentication needs a user name.");
        if (settings.UserName is not null && (settings.UserName.Length > 200 || settings.UserName.Contains(':', StringComparison.Ordinal)))
            return Rejection.Invalid("user-name-invalid", "userName", "A user name of basic authentication has at most 200 characters and no colon.");
        if (settings.Authentication != BackendAuthentication.Basic && settings.UserName is not null)
            return Rejection.Invalid("user-name-unused", "userName", "Only basic authentication has a user name. Leave it out, or say authentication 'basic'.");
        var sameServer = backend is not null && Origin(backend.Settings) == Origin(settings);
        var keepsSecret = sameServer && backend!.Settings.Authentication == settings.Authentication && backend.Settings.UserName == settings.UserName;
        if (settings.Authentication != BackendAuthentication.None && !given.Secret && !keepsSecret)
            return Rejection.Invalid("credential-missing", "secret", "Give the password or token: there is none for this server and way of authentication. It is written nowhere but in the store of credentials.");
        if (settings.Authentication == BackendAuthentication.None && given.Secret)
            return Rejection.Invalid("credential-unused", "secret", "There is a secret, but no authentication that sends it. Say authentication 'basic' or 'bearer'.");
        if (settings.ClientCertificate is not null && !given.ClientKey && !(sameServer && backend!.Settings.ClientCertificate == settings.ClientCertificate))
            return Rejection.Invalid("client-key-missing", "clientKey", "Give the private key of the client certificate, as PEM.");
        if (settings.ClientCertificate is null && given.ClientKey)
            return Rejection.Invalid("client-certificate-missing", "clientCertificate", "There is a private key without its certificate.");
        if (backend is null) return Decision.Of(new BackendDefined(name, settings));
        List<object> events = [];
        if (backend.Settings != settings) events.Add(new BackendChanged(settings));
        if (given != GivenCredential.None) events.Add(new BackendCredentialReplaced());
        return new Decision(events, null);
    }

    public static Decision Remove(Backend? backend) => backend is null ? Decision.Nothing : Decision.Of(new BackendRemoved(backend.Name));

    static string Origin(BackendSettings settings) => new Uri(settings.Url).Origin();

    [GeneratedRegex("^[a-zA-Z_][a-zA-Z0-9_]{0,127}$", RegexOptions.CultureInvariant)]
    private static partial Regex LabelName();

    [GeneratedRegex(@"^[a-zA-Z0-9!\-_.*'()|]{1,150}$", RegexOptions.CultureInvariant)]
    private static partial Regex TenantName();
}
