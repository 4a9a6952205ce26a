using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Phoenix.Telemetry;

/// <summary>Reads one JSON value and writes it as a protobuf scalar.</summary>
internal sealed class OtlpJsonScalars
{
    private byte[] text = new byte[256];

    /// <exception cref="OtlpJsonValueException">The value does not fit the field.</exception>
    public void Write(ref Utf8JsonReader reader, OtlpField field, ProtoBuffer target, bool tagged)
    {
        switch (field.Kind)
        {
            case FieldKind.Text:
                target.Bytes(field.Number, Text(ref reader));
                break;
            case FieldKind.Binary:
                target.Bytes(field.Number, Base64(ref reader));
                break;
            case FieldKind.Id:
                target.Bytes(field.Number, Id(ref reader, field.Bytes));
                break;
            case FieldKind.Double:
                Eight(target, field, tagged, BitConverter.DoubleToUInt64Bits(Double(ref reader)));
                break;
            case FieldKind.Fixed64:
                Eight(target, field, tagged, (ulong)Whole(ref reader, 0, ulong.MaxValue));
                break;
            case FieldKind.SignedFixed64:
                Eight(target, field, tagged, (ulong)(long)Whole(ref reader, long.MinValue, long.MaxValue));
                break;
            case FieldKind.Int64:
                Varint(target, field, tagged, (ulong)(long)Whole(ref reader, long.MinValue, long.MaxValue));
                break;
            case FieldKind.UInt64:
                Varint(target, field, tagged, (ulong)Whole(ref reader, 0, ulong.MaxValue));
                break;
            case FieldKind.UInt32:
                Varint(target, field, tagged, (ulong)Whole(ref reader, 0, uint.MaxValue));
                break;
            case FieldKind.SignedInt32:
                var signed = (long)Whole(ref reader, int.MinValue, int.MaxValue);
                Varint(target, field, tagged, (ulong)((signed << 1) ^ (signed >> 63)));
                break;
            case FieldKind.Temporality:
                Varint(target, field, tagged, TemporalityNumber(ref reader));
                break;
            case FieldKind.Boolean:
                if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False))
                    throw new OtlpJsonValueException("true or false is expected");
                Varint(target, field, tagged, reader.GetBoolean() ? 1ul : 0);
                break;
            default:
                throw new InvalidOperationException($"{field.Kind} is no scalar.");
        }
    }

    private static void Eight(ProtoBuffer target, OtlpField field, bool tagged, ulong value)
    {
        if (tagged)
        {
            target.Fixed64(field.Number, value);
            return;
        }

        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(eight, value);
        target.Append(eight);
    }

    private static void Varint(ProtoBuffer target, OtlpField field, bool tagged, ulong value)
    {
        if (tagged)
            target.Tag(field.Number, WireType.Varint);
        target.Varint(value);
    }

    private ReadOnlySpan<byte> Text(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new OtlpJsonValueException("a string is expected");
        if (text.Length < reader.ValueSpan.Length)
            text = new byte[Math.Max(reader.ValueSpan.Length, text.Length * 2)];
        try
        {
            return text.AsSpan(0, reader.CopyString(text));
        }
        catch (InvalidOperationException)
        {
            throw new OtlpJsonValueException("the string is no valid Unicode");
        }
    }

    private Span<byte> Base64(ref Utf8JsonReader reader)
    {
        var length = Text(ref reader).Length;
        var encoded = text.AsSpan(0, length);
        encoded.Replace((byte)'-', (byte)'+');
        encoded.Replace((byte)'_', (byte)'/');
        length = encoded.TrimEnd((byte)'=').Length;
        var padded = (length + 3) / 4 * 4;
        if (padded > text.Length)
            Array.Resize(ref text, padded);
        text.AsSpan(length, padded - length).Fill((byte)'=');
        if (System.Buffers.Text.Base64.DecodeFromUtf8InPlace(text.AsSpan(0, padded), out var written) != OperationStatus.Done)
            throw new OtlpJsonValueException("base64 is expected");
        return text.AsSpan(0, written);
    }

    private byte[] Id(ref Utf8JsonReader reader, int bytes)
    {
        var hex = Text(ref reader);
        if (hex.Length == 0)
            return [];
        var id = new byte[bytes];
        if (hex.Length != 2 * bytes || Convert.FromHexString(hex, id, out _, out _) != OperationStatus.Done)
            throw new OtlpJsonValueException($"an id of {2 * bytes} hexadecimal digits is expected");
        return id;
    }

    private double Double(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number)
            return reader.TryGetDouble(out var number) ? number : throw new OtlpJsonValueException("the number is out of range");
        if (reader.TokenType != JsonTokenType.String)
            throw new OtlpJsonValueException("a number is expected");
        var word = Text(ref reader);
        if (word.SequenceEqual("NaN"u8))
            return double.NaN;
        if (word.SequenceEqual("Infinity"u8))
            return double.PositiveInfinity;
        if (word.SequenceEqual("-Infinity"u8))
            return double.NegativeInfinity;
        if (Utf8Parser.TryParse(word, out double parsed, out var used) && used == word.Length && double.IsFinite(parsed))
            return parsed;
        throw new OtlpJsonValueException("a number, or \"NaN\", \"Infinity\" or \"-Infinity\", is expected");
    }

    private Int128 Whole(ref Utf8JsonReader reader, Int128 lowest, Int128 highest)
    {
        if (reader.TokenType is not (JsonTokenType.Number or JsonTokenType.String))
            throw new OtlpJsonValueException("a whole number is expected");
        var word = reader.TokenType == JsonTokenType.String ? Text(ref reader) : reader.ValueSpan;
        if (!Int128.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && !TryDecimal(word, out number))
            throw new OtlpJsonValueException($"a whole number is expected, not {Encoding.UTF8.GetString(word[..Math.Min(word.Length, 40)])}");
        if (number < lowest || number > highest)
            throw new OtlpJsonValueException($"{number} is outside of {lowest} to {highest}");
        return number;
    }

    // JavaScript writes large whole numbers with a point or an exponent at times.
    private static bool TryDecimal(ReadOnlySpan<byte> word, out Int128 number)
    {
        number = 0;
        if (word.Length > 40 || !decimal.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || value != decimal.Truncate(value))
            return false;
        number = (Int128)value;
        return true;
    }

    private ulong TemporalityNumber(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            if (reader.ValueTextEquals("AGGREGATION_TEMPORALITY_UNSPECIFIED"u8))
                return (ulong)Telemetry.Temporality.Unspecified;
            if (reader.ValueTextEquals("AGGREGATION_TEMPORALITY_DELTA"u8))
                return (ulong)Telemetry.Temporality.Delta;
            if (reader.ValueTextEquals("AGGREGATION_TEMPORALITY_CUMULATIVE"u8))
                return (ulong)Telemetry.Temporality.Cumulative;
        }

        return (ulong)Whole(ref reader, 0, int.MaxValue);
    }
}
