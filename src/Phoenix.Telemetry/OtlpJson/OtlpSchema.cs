using System.Text;
using System.Text.Json;

namespace Phoenix.Telemetry;

/// <summary>How a field's value stands in protobuf and in JSON.</summary>
internal enum FieldKind
{
    /// <summary>UTF-8.</summary>
    Text,

    /// <summary>Base64 in JSON.</summary>
    Binary,

    /// <summary>A trace or span id: hexadecimal in JSON, where protobuf's own mapping has base64.</summary>
    Id,
    Boolean,
    Double,

    /// <summary>Eight bytes in protobuf, a decimal string in JSON.</summary>
    Fixed64,

    /// <summary>As <see cref="Fixed64"/>, signed.</summary>
    SignedFixed64,

    /// <summary>A varint in protobuf, a decimal string in JSON.</summary>
    Int64,
    UInt64,

    /// <summary>A varint in protobuf, a number in JSON.</summary>
    UInt32,

    /// <summary>A zigzag varint in protobuf, a number in JSON.</summary>
    SignedInt32,

    /// <summary>A number in both.</summary>
    Temporality,
    Message,
}

/// <summary>A field of an OTLP message.</summary>
internal sealed class OtlpField(int number, string name, FieldKind kind, OtlpMessage? message = null, bool repeated = false, bool oneOf = false, int bytes = 0)
{
    public int Number { get; } = number;

    /// <summary>Name in JSON, lowerCamelCase.</summary>
    public JsonEncodedText Name { get; } = JsonEncodedText.Encode(name);

    /// <summary>Name in the .proto file, which JSON may use too.</summary>
    public byte[] ProtoName { get; } = Encoding.UTF8.GetBytes(string.Concat(name.Select(c => char.IsAsciiLetterUpper(c) ? $"_{char.ToLowerInvariant(c)}" : $"{c}")));

    public FieldKind Kind { get; } = kind;

    public OtlpMessage? Message { get; } = message;

    public bool Repeated { get; } = repeated;

    /// <summary>Of the message's one choice: two of them exclude each other.</summary>
    public bool OneOf { get; } = oneOf;

    /// <summary>Bytes of an id.</summary>
    public int Bytes { get; } = bytes;

    /// <summary>Whether repeated values stand in one run.</summary>
    public bool Packed => Repeated && Kind is not (FieldKind.Text or FieldKind.Binary or FieldKind.Id or FieldKind.Message);

    /// <summary>Whether the field may come in this wire type; protobuf takes it for an unknown one otherwise.</summary>
    public bool MayHold(int wire) => Kind switch
    {
        FieldKind.Text or FieldKind.Binary or FieldKind.Id or FieldKind.Message => wire == WireType.Bytes,
        FieldKind.Double or FieldKind.Fixed64 or FieldKind.SignedFixed64 => wire == WireType.Fixed64 || (Packed && wire == WireType.Bytes),
        _ => wire == WireType.Varint || (Packed && wire == WireType.Bytes),
    };
}

/// <summary>An OTLP message: its fields, in the order JSON is written in.</summary>
internal sealed class OtlpMessage(string name)
{
    public string Name { get; } = name;

    public OtlpField[] Fields { get; set; } = [];

    /// <summary>Whether it is a data point.</summary>
    public bool IsPoint { get; init; }

    /// <summary>Whether it nests itself.</summary>
    public bool IsValue { get; init; }
}

/// <summary>The messages that OTLP metrics travel in (opentelemetry-proto 1.x), as tables that drive both JSON codecs.</summary>
internal static class OtlpSchema
{
    public static readonly OtlpMessage Request = Build();

    private static OtlpMessage Build()
    {
        var anyValue = new OtlpMessage("AnyValue") { IsValue = true };
        var keyValue = Of("KeyValue", Text(1, "key"), One(2, "value", anyValue));
        var array = Of("ArrayValue", Many(1, "values", anyValue));
        var map = Of("KeyValueList", Many(1, "values", keyValue));
        anyValue.Fields =
        [
            Choice(1, "stringValue", FieldKind.Text), Choice(2, "boolValue", FieldKind.Boolean), Choice(3, "intValue", FieldKind.Int64),
            Choice(4, "doubleValue", FieldKind.Double), Choice(5, "arrayValue", array), Choice(6, "kvlistValue", map), Choice(7, "bytesValue", FieldKind.Binary),
        ];

        var exemplar = Of("Exemplar",
            Many(7, "filteredAttributes", keyValue), Value(2, "timeUnixNano", FieldKind.Fixed64), Choice(3, "asDouble", FieldKind.Double), Choice(6, "asInt", FieldKind.SignedFixed64),
            new OtlpField(4, "spanId", FieldKind.Id, bytes: 8), new OtlpField(5, "traceId", FieldKind.Id, bytes: 16));
        var number = Point("NumberDataPoint",
            Many(7, "attributes", keyValue), Start, Time, Choice(4, "asDouble", FieldKind.Double), Choice(6, "asInt", FieldKind.SignedFixed64), Many(5, "exemplars", exemplar), Flags(8));
        var histogram = Point("HistogramDataPoint",
            Many(9, "attributes", keyValue), Start, Time, Count, Value(5, "sum", FieldKind.Double), Run(6, "bucketCounts", FieldKind.Fixed64),
            Run(7, "explicitBounds", FieldKind.Double), Many(8, "exemplars", exemplar), Flags(10), Value(11, "min", FieldKind.Double), Value(12, "max", FieldKind.Double));
        var buckets = Of("Buckets", Value(1, "offset", FieldKind.SignedInt32), Run(2, "bucketCounts", FieldKind.UInt64));
        var exponential = Point("ExponentialHistogramDataPoint",
            Many(1, "attributes", keyValue), Start, Time, Count, Value(5, "sum", FieldKind.Double), Value(6, "scale", FieldKind.SignedInt32), Value(7, "zeroCount", FieldKind.Fixed64),
            One(8, "positive", buckets), One(9, "negative", buckets), Flags(10), Many(11, "exemplars", exemplar), Value(12, "min", FieldKind.Double),
            Value(13, "max", FieldKind.Double), Value(14, "zeroThreshold", FieldKind.Double));
        var quantile = Of("ValueAtQuantile", Value(1, "quantile", FieldKind.Double), Value(2, "value", FieldKind.Double));
        var summary = Point("SummaryDataPoint",
            Many(7, "attributes", keyValue), Start, Time, Count, Value(5, "sum", FieldKind.Double), Many(6, "quantileValues", quantile), Flags(8));

        var metric = Of("Metric",
            Text(1, "name"), Text(2, "description"), Text(3, "unit"),
            Choice(5, "gauge", Of("Gauge", Many(1, "dataPoints", number))),
            Choice(7, "sum", Of("Sum", Many(1, "dataPoints", number), Temporality, Value(3, "isMonotonic", FieldKind.Boolean))),
            Choice(9, "histogram", Of("Histogram", Many(1, "dataPoints", histogram), Temporality)),
            Choice(10, "exponentialHistogram", Of("ExponentialHistogram", Many(1, "dataPoints", exponential), Temporality)),
            Choice(11, "summary", Of("Summary", Many(1, "dataPoints", summary))),
            Many(12, "metadata", keyValue));
        var scope = Of("InstrumentationScope", Text(1, "name"), Text(2, "version"), Many(3, "attributes", keyValue), Value(4, "droppedAttributesCount", FieldKind.UInt32));
        var entity = Of("EntityRef",
            Text(1, "schemaUrl"), Text(2, "type"), Value(3, "idKeys", FieldKind.Text, repeated: true), Value(4, "descriptionKeys", FieldKind.Text, repeated: true));
        var resource = Of("Resource", Many(1, "attributes", keyValue), Value(2, "droppedAttributesCount", FieldKind.UInt32), Many(3, "entityRefs", entity));
        var scopeMetrics = Of("ScopeMetrics", One(1, "scope", scope), Many(2, "metrics", metric), Text(3, "schemaUrl"));
        return Of("ExportMetricsServiceRequest",
            Many(1, "resourceMetrics", Of("ResourceMetrics", One(1, "resource", resource), Many(2, "scopeMetrics", scopeMetrics), Text(3, "schemaUrl"))));
    }

    private static OtlpField Start => Value(2, "startTimeUnixNano", FieldKind.Fixed64);

    private static OtlpField Time => Value(3, "timeUnixNano", FieldKind.Fixed64);

    private static OtlpField Count => Value(4, "count", FieldKind.Fixed64);

    private static OtlpField Temporality => Value(2, "aggregationTemporality", FieldKind.Temporality);

    private static OtlpField Flags(int number) => Value(number, "flags", FieldKind.UInt32);

    private static OtlpMessage Of(string name, params OtlpField[] fields) => new(name) { Fields = fields };

    private static OtlpMessage Point(string name, params OtlpField[] fields) => new(name) { Fields = fields, IsPoint = true };

    private static OtlpField Text(int number, string name) => new(number, name, FieldKind.Text);

    private static OtlpField Value(int number, string name, FieldKind kind, bool repeated = false) => new(number, name, kind, repeated: repeated);

    private static OtlpField Run(int number, string name, FieldKind kind) => new(number, name, kind, repeated: true);

    private static OtlpField One(int number, string name, OtlpMessage message) => new(number, name, FieldKind.Message, message);

    private static OtlpField Many(int number, string name, OtlpMessage message) => new(number, name, FieldKind.Message, message, repeated: true);

    private static OtlpField Choice(int number, string name, FieldKind kind) => new(number, name, kind, oneOf: true);

    private static OtlpField Choice(int number, string name, OtlpMessage message) => new(number, name, FieldKind.Message, message, oneOf: true);
}
