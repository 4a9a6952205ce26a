using System.Buffers;
using Phoenix.Telemetry;

namespace Phoenix.Fuzz;

internal static class OtlpLaws
{
    private static readonly OtlpJsonWriter Json = new();
    private static readonly OtlpJsonReader JsonReader = new();

    /// <summary>What is accepted once is read by every reader without a fault.</summary>
    public static void Run(byte[] input)
    {
        int points;
        try
        {
            points = OtlpReader.Validate(input);
        }
        catch (OtlpFormatException e)
        {
            LawBrokenException.Unless(e.Offset >= 0 && e.Offset <= input.Length, "a place outside of the input");
            return;
        }

        CheckReaders(input, points);
    }

    public static void CheckReaders(ReadOnlySpan<byte> batch, int points)
    {
        Json.Write(batch, new ArrayBufferWriter<byte>());
        new RemoteWriteEncoder(new RemoteWriteEncoderOptions { MaxRequestBytes = 1000 }).Encode(batch, new Nowhere());
        var exposition = new PrometheusExposition(new PrometheusExpositionOptions { Timestamps = true });
        exposition.Take(batch, 1);
        foreach (var openMetrics in new[] { false, true })
        {
            foreach (var piece in exposition.Write(openMetrics, 1))
                LawBrokenException.Unless(piece.Length > 0, "an empty piece");
        }

        var meter = new ArmMeter(new ArmMeterOptions());
        meter.ObserveInput(new BatchDecoder().Decode(batch), 1);
        _ = meter.Cut();
        LawBrokenException.Unless(exposition.Streams <= points, "more streams than points");
    }

    /// <summary>JSON gives back what was written, where no text had to be replaced.</summary>
    public static void CheckJson(ReadOnlySpan<byte> batch, int points)
    {
        var text = new ArrayBufferWriter<byte>();
        Json.Write(batch, text);
        LawBrokenException.Unless(JsonReader.Read(text.WrittenSpan) == points, "points that JSON loses");
        var again = new ArrayBufferWriter<byte>();
        Json.Write(JsonReader.Batch, again);
        LawBrokenException.Unless(again.WrittenSpan.SequenceEqual(text.WrittenSpan), "JSON that is written otherwise the second time");
    }

    private sealed class Nowhere : IRemoteWriteSink
    {
        public void Write(ReadOnlySpan<byte> snappyBody, RemoteWriteRequest request) =>
            LawBrokenException.Unless(request.UncompressedBytes <= 1000, "a request above its bound");
    }
}
