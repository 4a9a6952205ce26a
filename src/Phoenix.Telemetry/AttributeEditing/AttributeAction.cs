using System.Globalization;
using System.Text.RegularExpressions;

namespace Phoenix.Telemetry;

/// <summary>What is done to an attribute, in the words of the OpenTelemetry Collector's attributes processor.</summary>
public enum AttributeActionKind
{
    /// <summary>Added where the key is absent.</summary>
    Insert,

    /// <summary>Replaced where the key is there.</summary>
    Update,

    /// <summary>Added or replaced.</summary>
    Upsert,
    Delete,

    /// <summary>Replaced by the SHA-256 of its value, in lower-case hex.</summary>
    Hash,

    /// <summary>The named groups of a pattern that matches its text become attributes, added or replaced.</summary>
    Extract,

    /// <summary>Turned into another type; a text that is no such number stays as it is.</summary>
    Convert,
}

/// <summary>The types that an attribute can be converted to.</summary>
public enum AttributeType
{
    Text,
    WholeNumber,
    RealNumber,
}

/// <summary>One change to the attributes of a resource or a data point.</summary>
/// <param name="Key">The attribute.</param>
public sealed record AttributeAction(AttributeActionKind Kind, string Key)
{
    /// <summary>Insert, update, upsert: the value, encoded by <see cref="Text"/>, <see cref="Number(long)"/> and the like; null where another attribute gives it.</summary>
    public ReadOnlyMemory<byte>? Value { get; init; }

    /// <summary>Insert, update, upsert: the attribute whose value is taken; nothing happens where it is absent.</summary>
    public string? FromAttribute { get; init; }

    /// <summary>Extract: its named groups name the attributes.</summary>
    public Regex? Pattern { get; init; }

    /// <summary>Convert.</summary>
    public AttributeType Type { get; init; }

    /// <summary>The attributes that this may add, change or remove.</summary>
    public IEnumerable<string> Touched => Kind == AttributeActionKind.Extract ? Groups : [Key];

    /// <summary>Named groups of the pattern.</summary>
    public IEnumerable<string> Groups => (Pattern?.GetGroupNames() ?? []).Where(name => !char.IsAsciiDigit(name[0]));

    public static ReadOnlyMemory<byte> Text(string value) => Encode(buffer => buffer.TextAlways(1, value));

    public static ReadOnlyMemory<byte> Number(long value) => Encode(buffer => ScalarValue.Integer(buffer, value));

    public static ReadOnlyMemory<byte> Number(double value) => Encode(buffer => buffer.Double(4, value));

    public static ReadOnlyMemory<byte> Flag(bool value) => Encode(buffer =>
    {
        buffer.Tag(2, WireType.Varint);
        buffer.Varint(value ? 1ul : 0);
    });

    private static ReadOnlyMemory<byte> Encode(Action<ProtoBuffer> write)
    {
        var buffer = new ProtoBuffer();
        write(buffer);
        return buffer.Span.ToArray();
    }
}

/// <summary>Reads and writes the scalar forms of an OTLP <c>AnyValue</c>.</summary>
internal readonly ref struct ScalarValue
{
    private readonly int form;
    private readonly ulong scalar;

    /// <param name="content">The content of the message.</param>
    public ScalarValue(ReadOnlySpan<byte> content)
    {
        var cursor = new ProtoCursor(content, 0);
        while (cursor.Next())
        {
            var known = (cursor.Field, cursor.Wire) is (1, WireType.Bytes) or (2 or 3, WireType.Varint) or (4, WireType.Fixed64);
            if (!known)
                continue;
            (form, scalar) = (cursor.Field, cursor.Scalar);
            Bytes = cursor.Field == 1 ? cursor.Content : default;
        }
    }

    public bool IsText => form == 1;

    /// <summary>The UTF-8 of a text.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Bytes as the collector hashes them: of a text its UTF-8, of a flag one byte, of numbers eight in little-endian order.</summary>
    /// <returns>Bytes written; 0 where the value is none of these.</returns>
    public int ForHash(Span<byte> target)
    {
        switch (form)
        {
            case 2:
                target[0] = scalar == 0 ? (byte)0 : (byte)1;
                return 1;
            case 3 or 4:
                BitConverter.TryWriteBytes(target, scalar);
                return sizeof(ulong);
            default:
                return 0;
        }
    }

    /// <summary>Writes the value in another type.</summary>
    /// <returns>False where it is that already or cannot be.</returns>
    public bool TryConvert(AttributeType type, ProtoBuffer target)
    {
        switch (type)
        {
            case AttributeType.WholeNumber when form == 2:
                Integer(target, (long)scalar);
                return true;
            case AttributeType.WholeNumber when form == 4 && double.IsFinite(Double):
                Integer(target, (long)Double);
                return true;
            case AttributeType.WholeNumber when form == 1 && long.TryParse(Bytes, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer):
                Integer(target, integer);
                return true;
            case AttributeType.RealNumber when form is 2 or 3:
                target.Double(4, (long)scalar);
                return true;
            case AttributeType.RealNumber when form == 1 && double.TryParse(Bytes, NumberStyles.Float, CultureInfo.InvariantCulture, out var number):
                target.Double(4, number);
                return true;
            case AttributeType.Text when form is 2 or 3 or 4:
                target.TextAlways(1, form switch
                {
                    2 => scalar == 0 ? "false" : "true",
                    3 => ((long)scalar).ToString(CultureInfo.InvariantCulture),
                    _ => Double.ToString("R", CultureInfo.InvariantCulture),
                });
                return true;
            default:
                return false;
        }
    }

    public static void Integer(ProtoBuffer target, long value)
    {
        target.Tag(3, WireType.Varint);
        target.Varint((ulong)value);
    }

    private double Double => BitConverter.UInt64BitsToDouble(scalar);
}
