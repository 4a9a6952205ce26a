namespace Phoenix.Telemetry;

/// <summary>Walks a packed run of varints.</summary>
internal ref struct PackedVarints(ReadOnlySpan<byte> run, int origin)
{
    private readonly ReadOnlySpan<byte> run = run;
    private int position;

    /// <summary>Reads a run whole.</summary>
    /// <exception cref="OtlpFormatException">The run is cut off, or a number has more than ten bytes.</exception>
    public static void Check(ReadOnlySpan<byte> run, int origin)
    {
        // Counts are mostly small: a run of single bytes has no fault.
        if (!run.ContainsAnyInRange((byte)0x80, byte.MaxValue))
            return;
        var varints = new PackedVarints(run, origin);
        while (varints.Next(out _))
            continue;
    }

    /// <exception cref="OtlpFormatException">The run is cut off, or a number has more than ten bytes.</exception>
    public bool Next(out ulong value)
    {
        value = 0;
        if (position >= run.Length)
            return false;
        var start = position;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (position >= run.Length)
                throw new OtlpFormatException("a number that is cut off", origin + start);
            var b = run[position++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return true;
        }

        throw new OtlpFormatException("a number of more than ten bytes", origin + start);
    }
}
