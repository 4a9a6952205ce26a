using System.Globalization;
using System.Text;

namespace Phoenix.Telemetry;

/// <summary>A series as a person writes it.</summary>
internal static class SeriesText
{
    private const int LongEnough = 200;

    /// <summary>Metric name and point attributes of the reader's current point, cut where they get too long.</summary>
    public static string Of(scoped in BatchReader reader)
    {
        var text = new StringBuilder(Encoding.UTF8.GetString(reader.MetricName)).Append('{');
        var attributes = new Attributes(reader.Point, Attributes.FieldOf(reader.Type));
        for (var first = true; attributes.Next(); first = false)
        {
            if (text.Length > LongEnough)
                return text.Append("…}").ToString();
            text.Append(first ? "" : ",").Append(Encoding.UTF8.GetString(attributes.Current.Key)).Append("=\"").Append(Value(attributes.Current.Value)).Append('"');
        }

        return text.Append('}').ToString();
    }

    /// <summary>A value, cut where it gets too long; not what is inside of arrays and maps.</summary>
    public static string Value(ReadOnlySpan<byte> anyValue)
    {
        var cursor = new ProtoCursor(anyValue, 0);
        if (!cursor.Next())
            return "";
        return (cursor.Field, cursor.Wire) switch
        {
            (1, WireType.Bytes) => Encoding.UTF8.GetString(cursor.Content[..Math.Min(cursor.Content.Length, LongEnough)]),
            (2, WireType.Varint) => cursor.Scalar != 0 ? "true" : "false",
            (3, WireType.Varint) => ((long)cursor.Scalar).ToString(CultureInfo.InvariantCulture),
            (4, WireType.Fixed64) => BitConverter.UInt64BitsToDouble(cursor.Scalar).ToString(CultureInfo.InvariantCulture),
            _ => "…",
        };
    }
}
