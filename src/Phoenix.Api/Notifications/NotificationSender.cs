using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Notifications;
using Phoenix.Projections;

namespace Phoenix.Api.Notifications;

public enum AttemptOutcome
{
    Delivered,

    /// <summary>It may arrive later.</summary>
    Failed,

    /// <summary>The same again would be refused again.</summary>
    Refused,
}

/// <summary>What came of sending once.</summary>
/// <param name="Status">Of HTTP; null where there was no answer.</param>
/// <param name="RetryAfter">What the receiver asked for.</param>
public sealed record DeliveryAttempt(AttemptOutcome Outcome, int? Status, string? Error, TimeSpan? RetryAfter, double Milliseconds);

/// <summary>Sends a notification once.</summary>
/// <remarks>
/// Not by the client factory: it logs the address of every request, and that of Slack is a secret. What the receiver answers is not kept but for its status
/// and a word of Slack's: whoever may name an address would else read what is behind it.
/// </remarks>
public sealed partial class NotificationSender(OutboundConnections connections, TimeProvider clock) : IDisposable
{
    public const string IdHeader = "webhook-id", TimestampHeader = "webhook-timestamp", SignatureHeader = "webhook-signature";

    /// <summary>From the connection to the end of what is read of the answer. The client's own limit would end with the answer's head.</summary>
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    readonly HttpClient _http = new(connections.Handler()) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = 4096 };

    public async Task<DeliveryAttempt> Send(NotificationTarget target, NotificationSecret secret, string deliveryId, NotificationBody body, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Post, secret.Url);
        var content = JsonSerializer.SerializeToUtf8Bytes(target.Settings.Channel == NotificationChannel.Slack ? SlackMessage.Of(body) : body, EventStoreOptions.Json);
        request.Content = new ByteArrayContent(content) { Headers = { ContentType = new MediaTypeHeaderValue("application/json", "utf-8") } };
        request.Headers.UserAgent.Add(new("Phoenix", "2"));
        var now = clock.GetUtcNow();
        request.Headers.Add(IdHeader, deliveryId);
        request.Headers.Add(TimestampHeader, now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        if (secret.InForce(now).ToList() is { Count: > 0 } secrets)
            request.Headers.Add(SignatureHeader, WebhookSignature.Header(secrets, deliveryId, now.ToUnixTimeSeconds(), content));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        try
        {
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            var status = (int)answer.StatusCode;
            if (answer.IsSuccessStatusCode) return new(AttemptOutcome.Delivered, status, null, null, Elapsed());
            var outcome = DeliveryRetries.Passes(status) ? AttemptOutcome.Failed : AttemptOutcome.Refused;
            var error = status is >= 300 and < 400
                ? $"The receiver answered {status} and sends elsewhere, which is not followed. Put the address that it names into the target."
                : $"The receiver answered {status}{await Word(target, answer, limit.Token, cancellation)}.";
            return new(outcome, status, error, RetryAfter(answer, now), Elapsed());
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new(AttemptOutcome.Failed, null, $"The receiver did not answer within {Limit.TotalSeconds:0} s.", null, Elapsed());
        }
        catch (HttpRequestException e) when (e.InnerException is AddressNotAllowedException refused)
        {
            return new(AttemptOutcome.Refused, null, refused.Message, null, Elapsed());
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new(AttemptOutcome.Failed, null, e is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } known ? $"The receiver cannot be reached ({known.HttpRequestError})." : "The connection to the receiver broke.", null, Elapsed());
        }

        double Elapsed() => Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    /// <summary>Slack says in one word what it did not like, such as <c>no_service</c>. One that does not come in time, or not whole, is no word; the status is what counts.</summary>
    static async Task<string> Word(NotificationTarget target, HttpResponseMessage answer, CancellationToken limit, CancellationToken cancellation)
    {
        if (target.Settings.Channel != NotificationChannel.Slack || answer.StatusCode >= HttpStatusCode.InternalServerError) return "";
        try
        {
            var buffer = new byte[64];
            var read = await (await answer.Content.ReadAsStreamAsync(limit)).ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, limit);
            var text = Encoding.ASCII.GetString(buffer, 0, read).Trim();
            return SlackWord().IsMatch(text) ? $" ({text})" : "";
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return "";
        }
    }

    static TimeSpan? RetryAfter(HttpResponseMessage answer, DateTimeOffset now) => answer.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - now,
        _ => null,
    };

    public void Dispose() => _http.Dispose();

    [GeneratedRegex("^[a-z_]{1,40}$", RegexOptions.CultureInvariant)]
    private static partial Regex SlackWord();
}
