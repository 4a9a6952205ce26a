using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Phoenix.Collector.Exporters;

namespace Phoenix.Collector.Tests;

public class GrpcStatusTests
{
    // google.rpc.Status: code 1, message 2, details 3; google.rpc.RetryInfo: retry_delay 1.
    private static readonly byte[] RetryInfo = Status("type.googleapis.com/google.rpc.RetryInfo", new Duration { Seconds = 2, Nanos = 500_000_000 });

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(10)]
    [InlineData(11)]
    [InlineData(14)]
    [InlineData(15)]
    public void what_the_specification_calls_retryable_is_tried_again(int code) =>
        GrpcStatus.Outcome(code, "m", default).Result.ShouldBe(SendResult.TryAgain);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(16)]
    [InlineData(99)]
    public void everything_else_is_final(int code) => GrpcStatus.Outcome(code, "m", default).Result.ShouldBe(SendResult.Refused);

    [Fact]
    public void an_exhausted_backend_that_names_a_delay_is_asked_again_after_it()
    {
        var outcome = GrpcStatus.Outcome(8, "", RetryInfo);

        outcome.Result.ShouldBe(SendResult.TryAgain);
        outcome.RetryAfter.ShouldBe(TimeSpan.FromSeconds(2.5));
    }

    [Fact]
    public void other_details_and_other_bytes_name_no_delay()
    {
        GrpcStatus.Outcome(8, "", Status("type.googleapis.com/google.rpc.Help", new Duration { Seconds = 2 })).Result.ShouldBe(SendResult.Refused);
        GrpcStatus.Outcome(8, "", [0xff, 0xff, 0x01]).Result.ShouldBe(SendResult.Refused);
        GrpcStatus.Outcome(8, "", RetryInfo.AsSpan(0, RetryInfo.Length - 1)).Result.ShouldBe(SendResult.Refused);
    }

    private static byte[] Status(string type, Duration delay)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            var retryInfo = new byte[2 + delay.CalculateSize()];
            (retryInfo[0], retryInfo[1]) = (0x0a, (byte)delay.CalculateSize());
            delay.ToByteArray().CopyTo(retryInfo, 2);
            output.WriteTag(1, WireFormat.WireType.Varint);
            output.WriteInt32(8);
            output.WriteTag(3, WireFormat.WireType.LengthDelimited);
            output.WriteMessage(new Any { TypeUrl = type, Value = ByteString.CopyFrom(retryInfo) });
        }

        return stream.ToArray();
    }
}
