using System.Buffers;
using Phoenix.Telemetry;

namespace Phoenix.Fuzz;

internal static class ExpositionLaws
{
    public static void RunText(byte[] input) => Run(input, ExpositionFormat.Text);

    public static void RunOpenMetrics(byte[] input) => Run(input, ExpositionFormat.OpenMetrics);

    private static void Run(byte[] input, ExpositionFormat format)
    {
        var writer = new OtlpWriter();
        var points = Parse(input, format, writer, out var result);
        LawBrokenException.Unless((result.Malformed > 0) == (result.FirstError is not null), "a malformed line without a reason, or a reason without a line");
        OtlpLaws.CheckReaders(writer.WrittenSpan, points);
        OtlpLaws.CheckJson(writer.WrittenSpan, points);

        var exposition = new PrometheusExposition(new PrometheusExpositionOptions());
        exposition.Take(writer.WrittenSpan, 1);
        foreach (var shown in new[] { ExpositionFormat.Text, ExpositionFormat.OpenMetrics })
        {
            var text = new ArrayBufferWriter<byte>();
            foreach (var piece in exposition.Write(shown == ExpositionFormat.OpenMetrics, 1))
                text.Write(piece.Span);
            Parse(text.WrittenSpan, shown, new OtlpWriter(), out var second);
            LawBrokenException.Unless(second.FirstError is null, $"what is shown cannot be read: {second.FirstError}");
        }
    }

    private static int Parse(ReadOnlySpan<byte> text, ExpositionFormat format, OtlpWriter writer, out ScrapeResult result)
    {
        writer.BeginResource();
        result = PrometheusText.Parse(text, format, 1_700_000_000_000_000_000, writer);
        writer.EndResource();
        var points = OtlpReader.Validate(writer.WrittenSpan);
        LawBrokenException.Unless(points == writer.Points, "points that the batch does not have");
        return points;
    }
}
