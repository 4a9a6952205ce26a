using System.Text;
using System.Text.Encodings.Web;

namespace Phoenix.Collector.Receivers.Otlp;

/// <summary>Codes of <c>google.rpc.Code</c>, which gRPC's status codes are too.</summary>
internal enum RpcCode
{
    Ok = 0,
    InvalidArgument = 3,
    NotFound = 5,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Unavailable = 14,
}

/// <summary>
/// A <c>google.rpc.Status</c>: the body of every OTLP/HTTP error (OTLP specification, §Failures) and the detail of a gRPC
/// one. A wait is told as <c>google.rpc.RetryInfo</c>, without which an OTLP sender gives up on RESOURCE_EXHAUSTED.
/// </summary>
internal static class RpcStatus
{
    private const string RetryInfoType = "type.googleapis.com/google.rpc.RetryInfo";

    /// <param name="retryAfter">Whole seconds, 1 to 127; 0 where trying again is of no use.</param>
    public static byte[] Encode(RpcCode code, string message, int retryAfter = 0)
    {
        var status = new MemoryStream();
        status.Write([0x08, (byte)code]);
        Field(status, 2, Encoding.UTF8.GetBytes(message));
        if (retryAfter > 0)
        {
            // Any { type_url, value: RetryInfo { retry_delay: Duration { seconds } } }
            var any = new MemoryStream();
            Field(any, 1, Encoding.UTF8.GetBytes(RetryInfoType));
            Field(any, 2, [0x0a, 2, 0x08, (byte)retryAfter]);
            Field(status, 3, any.ToArray());
        }

        return status.ToArray();
    }

    /// <summary>The same as ProtoJSON has it: an <c>Any</c> names its type in <c>@type</c>, a <c>Duration</c> is text.</summary>
    public static byte[] EncodeJson(RpcCode code, string message, int retryAfter = 0)
    {
        var details = retryAfter > 0 ? $$""","details":[{"@type":"{{RetryInfoType}}","retryDelay":"{{retryAfter}}s"}]""" : "";
        return Encoding.UTF8.GetBytes($$"""{"code":{{(int)code}},"message":"{{JavaScriptEncoder.Default.Encode(message)}}"{{details}}}""");
    }

    private static void Field(MemoryStream target, int number, byte[] content)
    {
        target.WriteByte((byte)(number << 3 | 2));
        var length = (uint)content.Length;
        for (; length >= 0x80; length >>= 7)
        {
            target.WriteByte((byte)(length | 0x80));
        }

        target.WriteByte((byte)length);
        target.Write(content);
    }
}
