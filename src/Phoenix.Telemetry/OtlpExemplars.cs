namespace Phoenix.Telemetry;

/// <summary>Walks the exemplars of a data point.</summary>
internal ref struct OtlpExemplars(ReadOnlySpan<byte> point, MetricType type)
{
    public const int FilteredAttributes = 7;

    private readonly int field = FieldOf(type);
    private ProtoCursor cursor = new(point, 0);

    /// <summary>Content of the current exemplar.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    public ulong UnixNanos { get; private set; }

    public double Value { get; private set; }

    public ReadOnlySpan<byte> TraceId { get; private set; }

    public ReadOnlySpan<byte> SpanId { get; private set; }

    /// <summary>Field of the exemplars in a point of this type; 0 where it has none.</summary>
    public static int FieldOf(MetricType type) => type switch
    {
        MetricType.Gauge or MetricType.Sum => 5,
        MetricType.Histogram => 8,
        MetricType.ExponentialHistogram => 11,
        _ => 0,
    };

    public bool Next()
    {
        while (cursor.Next())
        {
            if (cursor.Field != field || cursor.Wire != WireType.Bytes)
                continue;
            Current = cursor.Content;
            (UnixNanos, Value) = (0, 0);
            TraceId = default;
            SpanId = default;
            var inner = new ProtoCursor(cursor.Content, cursor.ContentOrigin);
            while (inner.Next())
            {
                switch (inner.Field)
                {
                    case 2 when inner.Wire == WireType.Fixed64:
                        UnixNanos = inner.Scalar;
                        break;
                    case 3 when inner.Wire == WireType.Fixed64:
                        Value = BitConverter.UInt64BitsToDouble(inner.Scalar);
                        break;
                    case 6 when inner.Wire == WireType.Fixed64:
                        Value = (long)inner.Scalar;
                        break;
                    case 4 when inner.Wire == WireType.Bytes:
                        SpanId = inner.Content;
                        break;
                    case 5 when inner.Wire == WireType.Bytes:
                        TraceId = inner.Content;
                        break;
                }
            }

            return true;
        }

        return false;
    }
}
