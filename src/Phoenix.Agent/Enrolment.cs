using System.Net;
using System.Runtime.InteropServices;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>Makes the host known to the control plane, once; repeated with the same credential it is harmless.</summary>
internal sealed class Enrolment(AgentSettings settings, ApiClient api, IdentityFile identity, TrustedKeys keys)
{
    private static readonly TimeSpan Refused = TimeSpan.FromSeconds(30);

    /// <summary>Returns when the host is enrolled. Retries until then, since collectors run without it.</summary>
    public async Task EnsureAsync(CancellationToken cancellation)
    {
        for (var failures = 1; !identity.Current.Enrolled; failures++)
        {
            var answer = await TryAsync(cancellation);
            if (!answer.IsSuccess)
                await Task.Delay(Wait(answer, failures), cancellation);
        }
    }

    /// <summary>After a 401: where a token is at hand the host enrols again; else an operator has to act.</summary>
    public async Task RecoverAsync(CancellationToken cancellation)
    {
        if (settings.EnrolmentToken is not null && (await TryAsync(cancellation)).IsSuccess)
            return;
        Log.Error("The control plane does not accept this host's credential; collectors go on, new work does not arrive.",
            ("remedy", $"issue an enrolment token, set {AgentSettings.EnrolmentTokenVariable} and restart the agent"), ("nextAttemptSeconds", Refused));
        await Task.Delay(Refused, cancellation);
    }

    private async Task<ApiAnswer> TryAsync(CancellationToken cancellation)
    {
        var request = new EnrolmentRequest(
            settings.HostId, settings.EnrolmentToken!, identity.Current.Credential, HeartbeatLoop.Version,
            RuntimeInformation.OSDescription, RuntimeInformation.OSArchitecture.ToString(), settings.Labels);
        var (answer, content) = await api.PostAsync("api/v2/agents/enrol", request, WireJson.Default.EnrolmentRequest, WireJson.Default.EnrolmentResponse, cancellation);
        if (answer.IsSuccess)
        {
            keys.Offer(content?.SigningKeys);
            identity.Change(known => known with { Enrolled = true });
            Log.Info("The host is enrolled.", ("host", settings.HostId));
        }
        else
        {
            Log.Error("The host could not be enrolled.",
                ("host", settings.HostId), ("status", (int?)answer.Status), ("code", answer.Code), ("detail", answer.Detail), ("remedy", Remedy(answer.Status)));
        }
        return answer;
    }

    private static TimeSpan Wait(ApiAnswer answer, int failures) =>
        answer.IsTransient && answer.Status is not HttpStatusCode.Unauthorized
            ? RetryDelay.After(failures, answer.RetryAfter, Random.Shared.NextDouble()) : Refused;

    private static string Remedy(HttpStatusCode? status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => $"issue a new enrolment token and set {AgentSettings.EnrolmentTokenVariable}",
        HttpStatusCode.Conflict => "this host id is enrolled with another credential: decommission it first, or choose another " + AgentSettings.HostIdVariable,
        null => $"see whether {AgentSettings.ApiUrlVariable} is right and can be reached from here; it is tried again",
        _ => "it is tried again",
    };
}
