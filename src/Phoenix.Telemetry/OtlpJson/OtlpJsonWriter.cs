using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Phoenix.Telemetry;

/// <summary>
/// Turns OTLP bytes into OTLP/JSON: one object on one line. Not thread-safe. Fields that opentelemetry-proto 1.x does not know,
/// or knows in another wire type, are left out; text that is no UTF-8 gets the replacement character.
/// </summary>
public sealed class OtlpJsonWriter : IDisposable
{
    private const int DeepestValue = 32;

    private readonly Utf8JsonWriter json = new(
        new ArrayBufferWriter<byte>(), new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true, MaxDepth = 1000 });

    /// <exception cref="OtlpFormatException">
    /// The batch was not checked by <see cref="OtlpReader.Validate"/> and is malformed; what stood before the fault may be in
    /// the target.
    /// </exception>
    public void Write(ReadOnlySpan<byte> batch, IBufferWriter<byte> target)
    {
        json.Reset(target);
        Message(batch, OtlpSchema.Request, 0, DeepestValue);
        json.Flush();
    }

    public void Dispose() => json.Dispose();

    private void Message(ReadOnlySpan<byte> content, OtlpMessage message, int origin, int depth)
    {
        if (message.IsValue && depth-- == 0)
            throw new OtlpFormatException($"an attribute value nested more than {DeepestValue} deep", origin);
        json.WriteStartObject();
        var present = Present(content, message, origin);
        for (var i = 0; i < message.Fields.Length; i++)
        {
            if ((present & (1u << i)) != 0)
                Field(content, message.Fields[i], origin, depth);
        }

        json.WriteEndObject();
    }

    private void Field(ReadOnlySpan<byte> content, OtlpField field, int origin, int depth)
    {
        json.WritePropertyName(field.Name);
        if (field.Repeated)
            json.WriteStartArray();
        var cursor = new ProtoCursor(content, origin);
        var last = cursor;
        while (cursor.Next())
        {
            if (cursor.Field != field.Number || !field.MayHold(cursor.Wire))
                continue;
            last = cursor;
            if (field.Repeated)
                Element(last, field, depth);
        }

        if (field.Repeated)
            json.WriteEndArray();
        else
            // Of a field that stands more than once the last one counts, as for every other reader: only that is checked.
            Element(last, field, depth);
    }

    private void Element(scoped in ProtoCursor cursor, OtlpField field, int depth)
    {
        if (field.Packed && cursor.Wire == WireType.Bytes)
            Run(cursor, field);
        else if (field.Message is { } message)
            Message(cursor.Content, message, cursor.ContentOrigin, depth);
        else
            Scalar(cursor, field);
    }

    private static uint Present(ReadOnlySpan<byte> content, OtlpMessage message, int origin)
    {
        uint present = 0;
        var cursor = new ProtoCursor(content, origin);
        while (cursor.Next())
        {
            for (var i = 0; i < message.Fields.Length; i++)
            {
                if (message.Fields[i].Number == cursor.Field && message.Fields[i].MayHold(cursor.Wire))
                    present |= 1u << i;
            }
        }

        return present;
    }

    private void Run(scoped in ProtoCursor cursor, OtlpField field)
    {
        if (field.Kind == FieldKind.UInt64)
        {
            var varints = new PackedVarints(cursor.Content, cursor.ContentOrigin);
            while (varints.Next(out var value))
                Value(field.Kind, value);
            return;
        }

        if (cursor.Content.Length % 8 != 0)
            throw new OtlpFormatException($"{field.Name} that is cut off", cursor.ContentOrigin);
        for (var at = 0; at < cursor.Content.Length; at += 8)
            Value(field.Kind, BinaryPrimitives.ReadUInt64LittleEndian(cursor.Content[at..]));
    }

    private void Scalar(scoped in ProtoCursor cursor, OtlpField field)
    {
        switch (field.Kind)
        {
            case FieldKind.Text:
                if (Utf8.IsValid(cursor.Content))
                    json.WriteStringValue(cursor.Content);
                else
                    json.WriteStringValue(Encoding.UTF8.GetString(cursor.Content));
                break;
            case FieldKind.Binary:
                json.WriteBase64StringValue(cursor.Content);
                break;
            case FieldKind.Id:
                json.WriteStringValue(Convert.ToHexStringLower(cursor.Content));
                break;
            default:
                Value(field.Kind, cursor.Scalar);
                break;
        }
    }

    private void Value(FieldKind kind, ulong bits)
    {
        Span<byte> digits = stackalloc byte[24];
        var written = 0;
        switch (kind)
        {
            case FieldKind.Double:
                Double(BitConverter.UInt64BitsToDouble(bits));
                break;
            case FieldKind.Boolean:
                json.WriteBooleanValue(bits != 0);
                break;
            case FieldKind.Fixed64 or FieldKind.UInt64:
                Utf8Formatter.TryFormat(bits, digits, out written);
                json.WriteStringValue(digits[..written]);
                break;
            case FieldKind.SignedFixed64 or FieldKind.Int64:
                Utf8Formatter.TryFormat((long)bits, digits, out written);
                json.WriteStringValue(digits[..written]);
                break;
            case FieldKind.SignedInt32:
                json.WriteNumberValue((int)ExponentialSide.ZigZag(bits));
                break;
            default:
                json.WriteNumberValue((uint)bits);
                break;
        }
    }

    private void Double(double value)
    {
        if (double.IsFinite(value))
            json.WriteNumberValue(value);
        else
            json.WriteStringValue(double.IsNaN(value) ? "NaN"u8 : value > 0 ? "Infinity"u8 : "-Infinity"u8);
    }
}
