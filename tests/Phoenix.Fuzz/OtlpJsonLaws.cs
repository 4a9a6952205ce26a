using Phoenix.Telemetry;

namespace Phoenix.Fuzz;

internal static class OtlpJsonLaws
{
    private static readonly OtlpJsonReader Reader = new();

    public static void Run(byte[] input)
    {
        int points;
        try
        {
            points = Reader.Read(input);
        }
        catch (OtlpJsonFormatException e)
        {
            LawBrokenException.Unless(e.Line >= 1 && e.Column >= 1, "a place outside of the input");
            return;
        }

        var batch = Reader.Batch.ToArray();
        LawBrokenException.Unless(OtlpReader.Validate(batch) == points, "points that the batch does not have");
        OtlpLaws.CheckReaders(batch, points);
        OtlpLaws.CheckJson(batch, points);
    }
}
