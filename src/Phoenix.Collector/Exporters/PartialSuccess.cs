using System.Text;

namespace Phoenix.Collector.Exporters;

/// <summary>
/// What a backend says in an <c>ExportMetricsServiceResponse</c> about points that it did not take although it accepted the
/// request (OTLP specification, §Partial Success): field 1 <c>partial_success</c>, in it field 1 <c>rejected_data_points</c>
/// and field 2 <c>error_message</c>.
/// </summary>
internal static class PartialSuccess
{
    private const int LongestMessage = 200;

    /// <returns>Points rejected; 0 where the answer names none or is no protobuf message.</returns>
    public static long Rejected(ReadOnlySpan<byte> response) =>
        ProtoFields.TryFind(response, 1, out ReadOnlySpan<byte> partial) && ProtoFields.TryFind(partial, 1, out ulong rejected)
            ? (long)Math.Min(rejected, long.MaxValue)
            : 0;

    /// <returns>Why; empty where the answer does not say.</returns>
    public static string Message(ReadOnlySpan<byte> response) =>
        ProtoFields.TryFind(response, 1, out ReadOnlySpan<byte> partial) && ProtoFields.TryFind(partial, 2, out ReadOnlySpan<byte> message)
            ? Encoding.UTF8.GetString(message[..Math.Min(message.Length, LongestMessage)])
            : "";

    /// <summary>The outcome of a request that was accepted with this answer.</summary>
    public static SendOutcome Outcome(ReadOnlySpan<byte> response) =>
        Rejected(response) is > 0 and var rejected
            ? new SendOutcome(SendResult.Delivered, Message(response), Rejected: rejected)
            : new SendOutcome(SendResult.Delivered);
}
