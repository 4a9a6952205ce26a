using System.Text.Json;

namespace Phoenix.Telemetry;

/// <summary>
/// Turns OTLP/JSON into OTLP bytes. Not thread-safe; its buffers are reused.
/// </summary>
/// <remarks>
/// OTLP specification, §JSON Protobuf Encoding: field names in lowerCamelCase or as in the .proto file, 64-bit integers as
/// strings or numbers, enumerations as numbers, ids in hexadecimal, other bytes in base64, <c>NaN</c> and <c>Infinity</c> as
/// strings, <c>null</c> as absent, unknown fields ignored.
/// </remarks>
/// <param name="maxBytes">Most bytes that a batch may have as OTLP: a run of small numbers is up to four times as long as its text.</param>
public sealed class OtlpJsonReader(int maxBytes = int.MaxValue)
{
    // Every value within a value takes three levels of JSON.
    private const int DeepestJson = 160;
    private const int DeepestValue = 32;

    private readonly ProtoBuffer batch = new();
    private readonly OtlpJsonScalars scalars = new();
    private readonly List<OtlpField> path = [];

    /// <summary>OTLP made of the last text; valid until the next.</summary>
    public ReadOnlySpan<byte> Batch => batch.Span;

    /// <returns>Data points read.</returns>
    /// <exception cref="OtlpJsonFormatException">The text is malformed, or its values do not fit their fields.</exception>
    /// <exception cref="OtlpJsonSizeException">The batch would be larger than allowed.</exception>
    public int Read(ReadOnlySpan<byte> json)
    {
        batch.Clear();
        path.Clear();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = DeepestJson });
        var points = 0;
        try
        {
            reader.Read();
            Message(ref reader, OtlpSchema.Request, DeepestValue, ref points);
            // What follows the object would go unread.
            reader.Read();
            return points;
        }
        catch (OtlpJsonSizeException)
        {
            batch.Clear();
            throw;
        }
        catch (JsonException e)
        {
            batch.Clear();
            throw new OtlpJsonFormatException(Reason(e), Path(), (e.LineNumber ?? 0) + 1, (e.BytePositionInLine ?? 0) + 1);
        }
        catch (OtlpJsonValueException e)
        {
            batch.Clear();
            var (line, column) = Place(json, (int)reader.TokenStartIndex);
            throw new OtlpJsonFormatException(e.Message, Path(), line, column);
        }
    }

    private void Message(ref Utf8JsonReader reader, OtlpMessage message, int depth, ref int points)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new OtlpJsonValueException($"an object is expected, a {message.Name}");
        if (message.IsValue && depth-- == 0)
            throw new OtlpJsonValueException($"an attribute value nested more than {DeepestValue} deep");
        if (message.IsPoint)
            points++;
        uint seen = 0;
        var chosen = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var field = Find(ref reader, message, out var index);
            if (field is null)
            {
                reader.Skip();
                continue;
            }

            path.Add(field);
            if ((seen & (1u << index)) != 0)
                throw new OtlpJsonValueException("the field stands twice");
            seen |= 1u << index;
            reader.Read();
            if (reader.TokenType != JsonTokenType.Null)
            {
                if (field.OneOf && chosen)
                    throw new OtlpJsonValueException($"a second choice of value in one {message.Name}");
                chosen |= field.OneOf;
                Field(ref reader, field, depth, ref points);
            }

            path.RemoveAt(path.Count - 1);
        }
    }

    private void Field(ref Utf8JsonReader reader, OtlpField field, int depth, ref int points)
    {
        if (!field.Repeated)
        {
            Single(ref reader, field, depth, ref points);
            return;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
            throw new OtlpJsonValueException("an array is expected");
        var packed = field.Packed ? batch.Begin(field.Number) : 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (field.Packed)
                Element(ref reader, field);
            else
                Single(ref reader, field, depth, ref points);
        }

        if (field.Packed)
            batch.End(packed);
    }

    private void Single(ref Utf8JsonReader reader, OtlpField field, int depth, ref int points)
    {
        if (field.Message is null)
        {
            scalars.Write(ref reader, field, batch, tagged: true);
            Bound();
            return;
        }

        var mark = batch.Begin(field.Number);
        Message(ref reader, field.Message, depth, ref points);
        batch.End(mark);
    }

    private void Element(ref Utf8JsonReader reader, OtlpField field)
    {
        scalars.Write(ref reader, field, batch, tagged: false);
        Bound();
    }

    private void Bound()
    {
        if (batch.Length > maxBytes)
            throw new OtlpJsonSizeException(maxBytes);
    }

    private static OtlpField? Find(ref Utf8JsonReader reader, OtlpMessage message, out int index)
    {
        for (index = 0; index < message.Fields.Length; index++)
        {
            var field = message.Fields[index];
            if (reader.ValueTextEquals(field.Name.EncodedUtf8Bytes) || reader.ValueTextEquals(field.ProtoName))
                return field;
        }

        return null;
    }

    private string Path() => string.Join('.', path.Select(field => field.Name.ToString()));

    // System.Text.Json ends its messages with the place, which is given apart.
    private static string Reason(JsonException e)
    {
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (end < 0 ? e.Message : e.Message[..end]).TrimEnd('.');
    }

    private static (long Line, long Column) Place(ReadOnlySpan<byte> json, int at)
    {
        var before = json[..Math.Min(at, json.Length)];
        return (before.Count((byte)'\n') + 1, at - before.LastIndexOf((byte)'\n'));
    }
}

/// <summary>A value that does not fit its field; the place is added where the whole text is known.</summary>
internal sealed class OtlpJsonValueException(string message) : Exception(message);
