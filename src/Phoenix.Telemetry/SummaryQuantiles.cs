namespace Phoenix.Telemetry;

/// <summary>Walks the quantiles of a summary point.</summary>
internal ref struct SummaryQuantiles(ReadOnlySpan<byte> point)
{
    private ProtoCursor cursor = new(point, 0);

    public double Quantile { get; private set; }

    public double Value { get; private set; }

    public bool Next()
    {
        while (cursor.Next())
        {
            if (cursor.Field != 6 || cursor.Wire != WireType.Bytes)
                continue;
            (Quantile, Value) = (0, 0);
            var pair = new ProtoCursor(cursor.Content, cursor.ContentOrigin);
            while (pair.Next())
            {
                if (pair.Field == 1 && pair.Wire == WireType.Fixed64)
                    Quantile = BitConverter.UInt64BitsToDouble(pair.Scalar);
                else if (pair.Field == 2 && pair.Wire == WireType.Fixed64)
                    Value = BitConverter.UInt64BitsToDouble(pair.Scalar);
            }

            return true;
        }

        return false;
    }
}
