using System.Text;
using Marten;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Backends;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Backends;

/// <param name="Url">With the prefix before <c>/api/v1</c>, such as <c>https://mimir.example.com/prometheus</c>.</param>
/// <param name="Tenant">Sent as <c>X-Scope-OrgID</c>.</param>
/// <param name="Authentication"><c>none</c> where left out, <c>basic</c> or <c>bearer</c>.</param>
/// <param name="Secret">The password or the token; written, never read. Left out, the one that is there stays, for the same server alone.</param>
/// <param name="CertificateAuthority">PEM of the authorities that alone are trusted to have signed the server's certificate; those of the system where left out.</param>
/// <param name="ClientCertificate">PEM of a certificate to show to the server.</param>
/// <param name="ClientKey">PEM of its private key; written, never read.</param>
/// <param name="TimeoutSeconds">For one request; 10 where left out.</param>
/// <param name="HostLabel">The label whose value is Phoenix's id of the host; <c>host_id</c> where left out.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record DefineBackend(
    string? Url, string? Tenant, BackendAuthentication? Authentication, string? UserName, string? Secret, string? CertificateAuthority, string? ClientCertificate,
    string? ClientKey, double? TimeoutSeconds, string? HostLabel, string? Reason);

public sealed record BackendView(
    string Name, string Url, string? Tenant, BackendAuthentication Authentication, string? UserName, string? CertificateAuthority, string? ClientCertificate,
    double TimeoutSeconds, string HostLabel)
{
    public static BackendView Of(string name, BackendSettings s) =>
        new(name, s.Url, s.Tenant, s.Authentication, s.UserName, s.CertificateAuthority, s.ClientCertificate, s.Timeout.TotalSeconds, s.HostLabel);
}

public static class BackendEndpoints
{
    const int MaxSecretLength = 16_384;

    /// <summary>Lets Phoenix ask a metrics backend, or changes how. Password, token and key are written here and never told again.</summary>
    [WolverinePut("/api/v2/backends/{name}"), RequireRole(Roles.Admin), Tags("Backends"), ProducesResponseType<BackendView>(200)]
    public static async Task<IResult> Put(string name, DefineBackend command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        var (certificateAuthority, clientCertificate) = (Given(command.CertificateAuthority), Given(command.ClientCertificate));
        var (secret, key) = (Given(command.Secret), Given(command.ClientKey));
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength), ("secret", secret, MaxSecretLength), ("clientKey", key, MaxSecretLength),
            ("certificateAuthority", certificateAuthority, BackendTls.MaxPemLength), ("clientCertificate", clientCertificate, BackendTls.MaxPemLength)) is { } tooLong) return tooLong;
        var (address, wrong) = OutboundAddress.Parse(command.Url, "url");
        if (wrong is not null) return wrong.ToProblem();
        if (address!.Query.Length > 0) return Problems.Of(422, "address-invalid", "'url' is the address before /api/v1, without a query.", "url");
        // In a header, where a line break would begin another one.
        if (secret is not null && secret.Any(char.IsControl)) return Problems.Of(422, "secret-invalid", "A password or token has no control characters, such as a line break at its end.", "secret");
        if (secret is not null && command.Authentication == BackendAuthentication.Bearer && !Ascii.IsValid(secret)) return Problems.Of(422, "secret-invalid", "A bearer token consists of ASCII characters (RFC 6750).", "secret");
        if (command.TimeoutSeconds is { } seconds && !(seconds >= 0 && seconds < 1e6)) return Problems.Of(422, "timeout-invalid", $"A request waits for {BackendDecisions.MinTimeout.TotalSeconds} to {BackendDecisions.MaxTimeout.TotalSeconds} seconds.", "timeoutSeconds");
        if (BackendTls.Check(certificateAuthority, clientCertificate, key) is { } noCertificate) return noCertificate.ToProblem();
        var settings = new BackendSettings(address.AbsoluteUri.TrimEnd('/'), Given(command.Tenant), command.Authentication ?? BackendAuthentication.None, Given(command.UserName),
            certificateAuthority, clientCertificate, command.TimeoutSeconds is { } given ? TimeSpan.FromSeconds(given) : BackendDecisions.DefaultTimeout, Given(command.HostLabel) ?? BackendDecisions.DefaultHostLabel);
        var id = StreamIds.Backend(name);
        // In turn with others, or a credential that one of them gave would be overwritten with the one that was read before.
        var stream = await session.Events.FetchForExclusiveWriting<Backend>(id, cancellation);
        var decision = BackendDecisions.Define(stream.Aggregate, name, settings, new(secret is not null, key is not null));
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        var before = stream.Aggregate is null ? null : await session.LoadAsync<BackendCredential>(id, cancellation);
        var credential = new BackendCredential
        {
            Id = id,
            // What is no longer sent is no longer kept.
            Secret = settings.Authentication == BackendAuthentication.None ? null : secret ?? before?.Secret,
            ClientKey = clientCertificate is null ? null : key ?? before?.ClientKey,
        };
        if (credential != before) session.Store(credential);
        session.Stamp(http, command.Reason);
        stream.AppendMany(decision.Events);
        return TypedResults.Ok(BackendView.Of(name, settings));
    }

    /// <summary>Backends by name.</summary>
    [WolverineGet("/api/v2/backends"), Tags("Backends")]
    public static async Task<IReadOnlyList<BackendView>> List(IQuerySession session, CancellationToken cancellation) =>
        [.. (await session.Query<Backend>().OrderBy(b => b.Name).ToListAsync(cancellation)).Select(b => BackendView.Of(b.Name, b.Settings))];

    [WolverineGet("/api/v2/backends/{name}"), Tags("Backends"), ProducesResponseType<BackendView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(string name, IQuerySession session, CancellationToken cancellation) =>
        await session.LoadAsync<Backend>(StreamIds.Backend(name), cancellation) is { } backend ? TypedResults.Ok(BackendView.Of(backend.Name, backend.Settings)) : Problems.NotFound("backend", name);

    /// <summary>Phoenix asks it no more; its credential is deleted.</summary>
    [WolverineDelete("/api/v2/backends/{name}"), RequireRole(Roles.Admin), Tags("Backends"), ProducesResponseType(204)]
    public static async Task<IResult> Remove(string name, [FromQuery] string? reason, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var stream = await session.Events.FetchForExclusiveWriting<Backend>(StreamIds.Backend(name), cancellation);
        session.Stamp(http, reason);
        stream.AppendMany(BackendDecisions.Remove(stream.Aggregate).Events);
        session.Delete<BackendCredential>(StreamIds.Backend(name));
        return TypedResults.NoContent();
    }

    /// <summary>Null for nothing or white space.</summary>
    static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
