using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace Phoenix.Telemetry;

/// <summary>
/// An OTLP <c>AnyValue</c> as text: strings as they are, numbers and booleans as JSON writes them, bytes in base64, arrays and
/// maps as JSON (OpenTelemetry, "AnyValue representation for non-OTLP protocols").
/// </summary>
internal static class AnyValueText
{
    private const int String = 1, Bool = 2, Int = 3, Double = 4, Array = 5, Map = 6, Binary = 7;

    /// <param name="anyValue">A value that <see cref="Attributes.Check"/> has found well-formed.</param>
    public static void Append(ProtoBuffer text, ReadOnlySpan<byte> anyValue)
    {
        var value = new ProtoCursor(anyValue, 0);
        if (!value.Next())
            return;
        switch (value.Field)
        {
            case String when value.Wire == WireType.Bytes:
                text.Append(value.Content);
                break;
            case Bool when value.Wire == WireType.Varint:
                text.Append(value.Scalar != 0 ? "true"u8 : "false"u8);
                break;
            case Int when value.Wire == WireType.Varint:
                Span<byte> digits = stackalloc byte[20];
                Utf8Formatter.TryFormat((long)value.Scalar, digits, out var written);
                text.Append(digits[..written]);
                break;
            case Double when value.Wire == WireType.Fixed64:
                PrometheusNumber.Append(text, BitConverter.UInt64BitsToDouble(value.Scalar));
                break;
            case Binary when value.Wire == WireType.Bytes:
                AppendBase64(text, value.Content);
                break;
            case Array or Map when value.Wire == WireType.Bytes:
                var json = new ArrayBufferWriter<byte>();
                using (var writer = new Utf8JsonWriter(json, new JsonWriterOptions { SkipValidation = true }))
                    Write(writer, anyValue);
                text.Append(json.WrittenSpan);
                break;
        }
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> anyValue)
    {
        var value = new ProtoCursor(anyValue, 0);
        if (!value.Next())
        {
            json.WriteNullValue();
            return;
        }

        switch (value.Field)
        {
            case Array when value.Wire == WireType.Bytes:
                json.WriteStartArray();
                var elements = new ProtoCursor(value.Content, 0);
                while (elements.Next())
                {
                    if (elements.Field == 1 && elements.Wire == WireType.Bytes)
                        Write(json, elements.Content);
                }

                json.WriteEndArray();
                break;
            case Map when value.Wire == WireType.Bytes:
                json.WriteStartObject();
                var pairs = new Attributes(value.Content, 1);
                while (pairs.Next())
                {
                    json.WritePropertyName(pairs.Current.Key);
                    Write(json, pairs.Current.Value);
                }

                json.WriteEndObject();
                break;
            case Bool when value.Wire == WireType.Varint:
                json.WriteBooleanValue(value.Scalar != 0);
                break;
            case Int when value.Wire == WireType.Varint:
                json.WriteNumberValue((long)value.Scalar);
                break;
            case Double when value.Wire == WireType.Fixed64 && double.IsFinite(BitConverter.UInt64BitsToDouble(value.Scalar)):
                json.WriteNumberValue(BitConverter.UInt64BitsToDouble(value.Scalar));
                break;
            default:
                var text = new ProtoBuffer();
                Append(text, anyValue);
                json.WriteStringValue(text.Span);
                break;
        }
    }

    private static void AppendBase64(ProtoBuffer text, ReadOnlySpan<byte> bytes)
    {
        Span<byte> four = stackalloc byte[4];
        for (var at = 0; at < bytes.Length; at += 3)
        {
            Base64.EncodeToUtf8(bytes[at..Math.Min(at + 3, bytes.Length)], four, out _, out var written);
            text.Append(four[..written]);
        }
    }
}
