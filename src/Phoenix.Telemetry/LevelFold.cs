namespace Phoenix.Telemetry;

/// <summary>Folds current values: UpDownCounters by their sum, gauges by the function that is named for them.</summary>
internal static class LevelFold
{
    public static void Add(ref FoldOutput output, in TrackedStream stream)
    {
        var value = stream.Number;
        if (output.Fresh++ == 0)
            (output.Least, output.Greatest) = (value, value);
        output.Least = Math.Min(output.Least, value);
        output.Greatest = Math.Max(output.Greatest, value);
        if (stream.IsInteger)
            output.Level.Add((long)stream.ValueBits);
        else
            output.Level.Add(value);
    }
}
