using Phoenix.Telemetry;

namespace Phoenix.Fuzz;

internal static class RemoteWriteLaws
{
    private static readonly RemoteWriteDecoderOptions Options = new() { MaxRequestBytes = 1 << 20, MaxBatchBytes = 8 << 20 };

    public static void RunRequest(byte[] input) => Run(input, static (decoder, bytes) => decoder.DecodeRequest(bytes));

    public static void RunBody(byte[] input) => Run(input, static (decoder, bytes) => decoder.Decode(bytes));

    private static void Run(byte[] input, Func<RemoteWriteDecoder, byte[], RemoteWriteIntake> decode)
    {
        var decoder = new RemoteWriteDecoder(Options, new RemoteWriteTypes(Options));
        RemoteWriteIntake intake;
        try
        {
            intake = decode(decoder, input);
        }
        catch (Exception e) when (e is RemoteWriteFormatException or RemoteWriteSizeException)
        {
            LawBrokenException.Unless(decoder.Batch.Length == 0, "a refused request that left a batch");
            return;
        }

        LawBrokenException.Unless(OtlpReader.Validate(decoder.Batch) == intake.Points, "points that the batch does not have");
        OtlpLaws.CheckReaders(decoder.Batch, intake.Points);
        Returns(decoder.Batch, intake);
    }

    // What came by remote write leaves by remote write, and is taken once more without a refusal.
    private static void Returns(ReadOnlySpan<byte> batch, RemoteWriteIntake intake)
    {
        var sink = new Again();
        var encoder = new RemoteWriteEncoder(new RemoteWriteEncoderOptions { TargetInfoInterval = null, MaxRequestBytes = 1 << 20 });
        encoder.Encode(batch, sink);
        long refused = 0;
        foreach (var drop in encoder.Refused)
            refused += drop.Points;
        LawBrokenException.Unless(sink.Refused == 0, $"a request that is refused the second time: {sink.Problem}");
        LawBrokenException.Unless(sink.Points + refused >= intake.Points, "points that were lost on the way");
    }

    private sealed class Again : IRemoteWriteSink
    {
        private readonly RemoteWriteDecoder decoder = new(new RemoteWriteDecoderOptions(), new RemoteWriteTypes(new RemoteWriteDecoderOptions()));

        public int Points { get; private set; }

        public int Refused { get; private set; }

        public string? Problem { get; private set; }

        public void Write(ReadOnlySpan<byte> snappyBody, RemoteWriteRequest request)
        {
            var intake = decoder.Decode(snappyBody);
            Points += intake.Points;
            Refused += intake.Refused;
            Problem ??= intake.FirstProblem;
        }
    }
}
