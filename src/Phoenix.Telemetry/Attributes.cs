namespace Phoenix.Telemetry;

/// <summary>One attribute; the value is the content of its <c>AnyValue</c>.</summary>
internal readonly ref struct AttributeField(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ReadOnlySpan<byte> raw)
{
    public ReadOnlySpan<byte> Key { get; } = key;

    public ReadOnlySpan<byte> Value { get; } = value;

    /// <summary>The field of the owner with its tag.</summary>
    public ReadOnlySpan<byte> Raw { get; } = raw;
}

/// <summary>Walks the attributes of a resource, scope or data point.</summary>
internal ref struct Attributes(ReadOnlySpan<byte> owner, int field, int origin = 0)
{
    public const int OfResource = 1;
    public const int OfScope = 3;

    /// <summary>Field of a resource's entity references, which are messages beside its attributes.</summary>
    public const int EntitiesOfResource = 3;

    // Each level is two protobuf messages; decoders commonly stop at 100.
    private const int DeepestValue = 32;

    private ProtoCursor cursor = new(owner, origin);
    private int valueOrigin;

    public AttributeField Current { get; private set; }

    /// <summary>Field of the attributes in a point of this type.</summary>
    public static int FieldOf(MetricType type) => type switch
    {
        MetricType.Histogram => 9,
        MetricType.ExponentialHistogram => 1,
        _ => 7,
    };

    /// <summary>Reads every attribute whole, values inside values too, so that no later reader meets a fault.</summary>
    /// <param name="messages">Field of other messages that are read whole; 0 for none.</param>
    /// <exception cref="OtlpFormatException">An attribute is malformed or nested too deeply.</exception>
    public static void Check(ReadOnlySpan<byte> owner, int field, int origin = 0, int messages = 0)
    {
        var cursor = new ProtoCursor(owner, origin);
        while (cursor.Next())
        {
            if (cursor.Field == field)
            {
                cursor.Expect(WireType.Bytes, "attribute");
                CheckPair(cursor.Content, cursor.ContentOrigin, out _, out _);
            }
            else if (cursor.Field == messages && cursor.Wire == WireType.Bytes)
            {
                ProtoCursor.ReadWhole(cursor.Content, cursor.ContentOrigin);
            }
        }
    }

    /// <summary>Reads one encoded <c>KeyValue</c> whole, and refuses what <see cref="Check"/> refuses.</summary>
    /// <exception cref="OtlpFormatException">It is malformed or nested too deeply.</exception>
    public static void CheckPair(ReadOnlySpan<byte> pair, int origin, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        ReadPair(pair, origin, out key, out value, out var valueOrigin);
        CheckValue(value, valueOrigin, DeepestValue);
    }

    public static bool TryFind(ReadOnlySpan<byte> owner, int field, ReadOnlySpan<byte> key, out AttributeField found)
    {
        var attributes = new Attributes(owner, field);
        while (attributes.Next())
        {
            if (attributes.Current.Key.SequenceEqual(key))
            {
                found = attributes.Current;
                return true;
            }
        }

        found = default;
        return false;
    }

    public bool Next()
    {
        while (cursor.Next())
        {
            if (cursor.Field != field)
                continue;
            cursor.Expect(WireType.Bytes, "attribute");
            ReadPair(cursor.Content, cursor.ContentOrigin, out var key, out var value, out valueOrigin);
            Current = new AttributeField(key, value, cursor.Raw);
            return true;
        }

        return false;
    }

    private static void ReadPair(ReadOnlySpan<byte> content, int origin, out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value, out int valueOrigin)
    {
        key = default;
        value = default;
        valueOrigin = origin;
        var pair = new ProtoCursor(content, origin);
        while (pair.Next())
        {
            if (pair.Field == 1)
            {
                pair.Expect(WireType.Bytes, "attribute key");
                key = pair.Content;
            }
            else if (pair.Field == 2)
            {
                pair.Expect(WireType.Bytes, "attribute value");
                value = pair.Content;
                valueOrigin = pair.ContentOrigin;
            }
        }
    }

    private static void CheckValue(ReadOnlySpan<byte> anyValue, int origin, int depth)
    {
        const int Array = 5, KeyValueList = 6;
        if (depth == 0)
            throw new OtlpFormatException($"an attribute value nested more than {DeepestValue} deep", origin);
        var value = new ProtoCursor(anyValue, origin);
        while (value.Next())
        {
            if (value.Wire != WireType.Bytes || value.Field is not (Array or KeyValueList))
                continue;
            if (value.Field == KeyValueList)
            {
                var pairs = new Attributes(value.Content, 1, value.ContentOrigin);
                while (pairs.Next())
                    CheckValue(pairs.Current.Value, pairs.valueOrigin, depth - 1);
                continue;
            }

            var elements = new ProtoCursor(value.Content, value.ContentOrigin);
            while (elements.Next())
            {
                if (elements.Field == 1 && elements.Wire == WireType.Bytes)
                    CheckValue(elements.Content, elements.ContentOrigin, depth - 1);
            }
        }
    }
}
