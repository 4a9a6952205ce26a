using Marten;
using Microsoft.AspNetCore.Authorization;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Signing;
using Phoenix.Contracts;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Wolverine.Http;

namespace Phoenix.Api.Agents;

public static class EnrolAgentEndpoint
{
    /// <summary>Enrols a host, or confirms an enrolment whose answer was lost. The agent made the credential; only its hash is kept.</summary>
    [WolverinePost("/api/v2/agents/enrol"), AllowAnonymous, Tags("Agent protocol"), ProducesResponseType<EnrolmentResponse>(200)]
    [Admit(Admission.Enrolment), RequestSizeLimit(64 << 10)]
    public static async Task<IResult> Post(
        EnrolmentRequest command, IDocumentSession session, HttpContext http, AgentAuthenticationSettings settings, TimeProvider clock,
        ConfigurationSigner signer, CancellationToken cancellation)
    {
        var unverified = settings.Mode == AgentAuthenticationMode.HeaderOnly && string.IsNullOrEmpty(command.EnrolmentToken);
        if (!unverified && !await Allows(command.EnrolmentToken, session, clock, cancellation))
            return Problems.Of(401, "enrolment-token-invalid", "The enrolment token is unknown or has expired. An operator issues one: POST /api/v2/enrolment-tokens.");
        if (command.Credential is not { Length: >= 43 and <= 128 })
            return Problems.Of(422, "credential-invalid", "The credential is 256 random bits as base64url (43 characters).", "credential");

        var verification = unverified ? "unverified" : "verified";
        var known = command.HostId is null ? null : await session.LoadAsync<AgentCredential>(command.HostId, cancellation);
        if (Problems.TooLong(("agentVersion", command.AgentVersion, 100), ("operatingSystem", command.OperatingSystem, 200), ("architecture", command.Architecture, 100)) is { } tooLong)
            return tooLong;
        var stream = AgentDecisions.IsHostId(command.HostId) ? await session.Events.FetchForWriting<Agent>(StreamIds.Agent(command.HostId!), cancellation) : null;
        var agent = stream?.Aggregate;
        var decision = AgentDecisions.Enrol(agent,
            new AgentEnrolled(command.HostId ?? "", command.AgentVersion ?? "", command.OperatingSystem ?? "", command.Architecture ?? "", verification),
            known is not null && Secrets.Matches(command.Credential, known.Hash), command.Labels);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        if (decision.Events.Count > 0)
        {
            session.Stamp(http);
            session.LastModifiedBy = AgentAuthentication.ActorPrefix + command.HostId;
            var id = StreamIds.Agent(command.HostId!);
            if (agent is null) session.Events.StartStream<Agent>(id, decision.Events);
            else stream!.AppendMany(decision.Events);
            session.Store(new AgentCredential { Id = command.HostId!, Hash = Secrets.Hash(command.Credential) });
            // A host that is never heard of after its enrolment is lost too, counted from here.
            session.QueueSqlCommand(
                $"insert into {AgentPresence.TableName}(host_id, superseded, last_seen_at) values (?, '{{}}', now()) on conflict (host_id) do update set last_seen_at = now(), stopped = false", command.HostId!);
        }
        Figures.Enrolments.Add(1);
        return TypedResults.Ok(new EnrolmentResponse(command.HostId!, verification, await signer.PublicKeys(cancellation)));
    }

    static async Task<bool> Allows(string? token, IDocumentSession session, TimeProvider clock, CancellationToken cancellation) =>
        !string.IsNullOrEmpty(token) &&
        await session.LoadAsync<EnrolmentToken>(Secrets.Hash(token), cancellation) is { } known && known.ExpiresAt > clock.GetUtcNow();
}
