using System.Net.Http.Headers;
using System.Text;

namespace Phoenix.Collector.Exporters;

/// <summary>How a gRPC call ended, and whether OTLP may be sent again after it.</summary>
/// <remarks>
/// Statuses: gRPC core documentation, <c>statuscodes.md</c> and <c>http-grpc-status-mapping.md</c>. Retries: OTLP
/// specification, §OTLP/gRPC Response.
/// </remarks>
internal static class GrpcStatus
{
    private const int Ok = 0;
    private const int Cancelled = 1;
    private const int Unknown = 2;
    private const int DeadlineExceeded = 4;
    private const int PermissionDenied = 7;
    private const int ResourceExhausted = 8;
    private const int Aborted = 10;
    private const int OutOfRange = 11;
    private const int Unimplemented = 12;
    private const int Internal = 13;
    private const int Unavailable = 14;
    private const int DataLoss = 15;
    private const int Unauthenticated = 16;

    private static readonly string[] Names =
    [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ];

    /// <summary>Reads the status from the trailers, or from the headers of a response without body.</summary>
    /// <returns>Null where the call succeeded.</returns>
    public static SendOutcome? Failure(HttpResponseMessage response)
    {
        var fields = response.TrailingHeaders.Contains("grpc-status") ? response.TrailingHeaders : (HttpHeaders)response.Headers;
        if (!fields.TryGetValues("grpc-status", out var values) || !int.TryParse(values.First(), out var code))
        {
            // A proxy answered, or the server broke off.
            code = FromHttp((int)response.StatusCode);
            return Outcome(code, $"HTTP {(int)response.StatusCode} without a gRPC status", default);
        }

        return code == Ok ? null : Outcome(code, Message(fields), Details(fields));
    }

    /// <param name="details">A <c>google.rpc.Status</c>; empty where the server sent none.</param>
    public static SendOutcome Outcome(int code, string message, ReadOnlySpan<byte> details)
    {
        var name = code >= 0 && code < Names.Length ? Names[code] : $"status {code}";
        var reason = message.Length == 0 ? $"the backend answered {name}" : $"the backend answered {name}: {message}";
        var delay = RetryDelay(details);
        var retryable = code is Cancelled or DeadlineExceeded or Aborted or OutOfRange or Unavailable or DataLoss
            // Only a server that names a delay says that its exhaustion passes.
            || (code == ResourceExhausted && delay is not null);
        return retryable ? SendOutcome.TryAgain(reason, delay) : SendOutcome.Refused(reason);
    }

    private static int FromHttp(int status) => status switch
    {
        400 => Internal,
        401 => Unauthenticated,
        403 => PermissionDenied,
        404 => Unimplemented,
        429 or 502 or 503 or 504 => Unavailable,
        _ => Unknown,
    };

    private static string Message(HttpHeaders fields) =>
        fields.TryGetValues("grpc-message", out var values) ? Uri.UnescapeDataString(values.First()) : "";

    private static byte[] Details(HttpHeaders fields)
    {
        if (!fields.TryGetValues("grpc-status-details-bin", out var values))
        {
            return [];
        }

        // gRPC leaves the padding out.
        var text = values.First();
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='), bytes, out var length) ? bytes[..length] : [];
    }

    /// <summary><c>google.rpc.RetryInfo</c> among the details: field 3 of the status, an <c>Any</c>.</summary>
    private static TimeSpan? RetryDelay(ReadOnlySpan<byte> status)
    {
        if (!ProtoFields.TryFind(status, 3, out ReadOnlySpan<byte> any)
            || !ProtoFields.TryFind(any, 1, out ReadOnlySpan<byte> type)
            || !Encoding.UTF8.GetString(type).EndsWith("/google.rpc.RetryInfo", StringComparison.Ordinal)
            || !ProtoFields.TryFind(any, 2, out ReadOnlySpan<byte> retryInfo)
            || !ProtoFields.TryFind(retryInfo, 1, out ReadOnlySpan<byte> duration))
        {
            return null;
        }

        ProtoFields.TryFind(duration, 1, out ulong seconds);
        ProtoFields.TryFind(duration, 2, out ulong nanos);
        return TimeSpan.FromSeconds(Math.Min(seconds, 3600)) + TimeSpan.FromTicks((long)Math.Min(nanos, 999_999_999) / 100);
    }
}
