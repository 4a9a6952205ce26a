using System.Text.Json;
using System.Text.Json.Serialization;

namespace Phoenix.Api.Infrastructure;

/// <summary>
/// PostgreSQL's jsonb cannot hold U+0000. A log line or a label may: it is read as U+FFFD, so that one such character does
/// not keep a whole report out.
/// </summary>
public sealed class StorableText : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString() is { } text && text.Contains('\0') ? text.Replace('\0', '\uFFFD') : reader.GetString();

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
