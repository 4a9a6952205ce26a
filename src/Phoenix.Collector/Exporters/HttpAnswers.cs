using System.Text;

namespace Phoenix.Collector.Exporters;

/// <summary>What backends answer over HTTP, read within bounds.</summary>
internal static class HttpAnswers
{
    private const int LongestAnswer = 16 << 10;
    private const int LongestReason = 200;

    public static TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter is not { } header ? null
        : header.Delta ?? (header.Date is { } date && date > DateTimeOffset.UtcNow ? date - DateTimeOffset.UtcNow : null);

    /// <returns>The body up to a bound; null where it broke off.</returns>
    public static async Task<byte[]?> BodyAsync(HttpResponseMessage response, TimeSpan timeout, CancellationToken stop)
    {
        if (response.Content.Headers.ContentLength == 0)
        {
            return [];
        }

        // One more than there may be, so that the end is read too: trailers stand behind it.
        var answer = new byte[(int)Math.Min(response.Content.Headers.ContentLength ?? LongestAnswer, LongestAnswer) + 1];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(timeout);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(limit.Token);
            var length = await body.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, limit.Token);
            return answer[..length];
        }
        catch (Exception e) when (e is IOException or HttpRequestException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>Status and what the backend said about it: the message of a <c>google.rpc.Status</c>, or the text.</summary>
    public static async Task<string> ReasonAsync(HttpResponseMessage response, TimeSpan timeout, CancellationToken stop)
    {
        var said = $"the backend answered {(int)response.StatusCode}";
        if (await BodyAsync(response, timeout, stop) is not { Length: > 0 } body)
        {
            return said;
        }

        var message = response.Content.Headers.ContentType?.MediaType == "application/x-protobuf"
            ? ProtoFields.TryFind(body, 2, out ReadOnlySpan<byte> text) ? Text(text) : ""
            : Text(body);
        return message.Length == 0 ? said : $"{said}: {message}";
    }

    public static string Reason(HttpRequestException e) => e.InnerException is { } inner && !e.Message.Contains(inner.Message, StringComparison.Ordinal) ? $"{e.Message} ({inner.Message})" : e.Message;

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, LongestReason)]).ReplaceLineEndings(" ").Trim();
}
